"""What an advocate hears of one client by message, and what waits on the page. Each sets only their own.

It is in no history and no log, because it shows whose client a person is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from notifications.models import ClientChoice
from notifications.services.contacts.contacts import releases_of
from notifications.services.recipients.news import optional_kinds
from orders.errors import InvalidFact
from orders.models import ConfidentialityRelease


def choice_of(release: ConfidentialityRelease, user: User) -> ClientChoice:
    """Return the advocate's choice for the client. The default: a message of everything, by each way."""
    found = ClientChoice.objects.filter(release=release, user=user).first()
    return found or ClientChoice(release=release, user=user)


#: Why there is nothing to choose under a release that leaves out one of the four answers.
NOT_COVERED = gettext_noop(
    "News of this order does not come to you by message. For that, the release must cover all four answers."
)


def messages_of(choice: ClientChoice) -> list[str]:
    """Return the optional news that comes by message: what is not left to the page."""
    return [one.value for one in optional_kinds() if one not in choice.on_page]


def choose(
    release: ConfidentialityRelease,
    *,
    messages: Sequence[str],
    by_email_only: bool,
    by: User,
    now: datetime,
) -> ClientChoice:
    """Store which optional news goes out as a message; the rest of it waits on the page.

    Raises `InvalidFact` for news that is not optional, and without a release in force that covers everything:
    under another one an advocate gets no message.
    """
    if not release.covers_all:
        raise InvalidFact("release", "not_covered", gettext(NOT_COVERED))
    optional = optional_kinds()
    if unknown := [one for one in messages if one not in optional]:
        raise InvalidFact("messages", "not_known", f"Use {', '.join(optional)}, not {unknown[0][:20]}.")
    on_page = [one.value for one in optional if one not in messages]
    with transaction.atomic():
        if not releases_of(by).select_for_update(no_key=True).filter(pk=release.pk).exists():
            raise InvalidFact(
                "release", "no_release", gettext("Your organization has no release in force for this order.")
            )
        row, _is_new = ClientChoice.objects.update_or_create(
            release=release,
            user=by,
            defaults={"on_page": on_page, "by_email_only": by_email_only, "set_at": now},
        )
    return row
