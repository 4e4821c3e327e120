"""What was sent to a protected person and whether it arrived, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext

from notifications.models import Alert, AlertState, FollowUpNote, SafeContact


def sent_lines(alerts: Iterable[Alert], contact: SafeContact | None) -> list[tuple[datetime, str]]:
    """Return when each message to the protected person was written and what became of it, newest first.

    The last test message to the contact is among them.
    """
    lines = [(one.created_at, _sent_words(one)) for one in alerts]
    if contact is not None and contact.tested_at is not None:
        lines.append((contact.tested_at, f"{gettext('A test message.')} {_arrival(contact.tested_as)}"))
    return sorted(lines, key=lambda line: line[0], reverse=True)


def _sent_words(alert: Alert) -> str:
    """Return whether a message to the protected person arrived, and by which way if not by the first."""
    words = _arrival(alert.state)
    return f"{gettext('By the second way:')} {words}" if alert.note == FollowUpNote.SECOND else words


def _arrival(state: int | None) -> str:
    match state:
        case AlertState.DELIVERED:
            return gettext("It arrived.")
        case AlertState.ACCEPTED:
            return gettext("It went out. Nothing shows yet that it arrived.")
        case AlertState.IN_DOUBT:
            return gettext("It is not clear if it went out. Ask the person.")
        case AlertState.FAILED:
            return gettext("It did not arrive. Reach the person in another safe way.")
        case AlertState.WITHDRAWN:
            return gettext("It was not sent, because it was no longer news.")
    return gettext("It waits for its time.")
