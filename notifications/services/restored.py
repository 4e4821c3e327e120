"""Hold all messages after a restore, until a person confirms that the restored database is the one to use.

PostgreSQL gives a copy another identity: a dump that was loaded has another database id or another cluster,
and a recovered base backup begins a new timeline. Alerts that were sent after the backup was taken are unsent
in the copy, so they may reach people twice. On confirmation they are marked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.database import IDENTITY
from accounts.models import AuditAction, EntryPoint, User
from accounts.services.access.access_log import record
from notifications.models import Alert, AlertState, Channel, ConfirmedDatabase, Via
from notifications.services.sql import rows_of
from orders.errors import InvalidFact

#: True while messages may leave. Without a confirmed database they may: `prepare` confirms the first one.
MAY_SEND = f"""NOT EXISTS (
  SELECT FROM notifications_confirmeddatabase confirmed WHERE confirmed.identity <> {IDENTITY})"""

#: Waiting alerts. One that was being sent when the backup was taken is marked when its doubt is decided.
_WAITING = (AlertState.READY, AlertState.TEMPORARY_FAILURE, AlertState.LEASED)
#: What may be an address in a log: of email, or a telephone number.
_ADDRESS = re.compile(r"(?<![^\s<>\"',;:=])[^\s<>\"',;:=]+@[^\s<>\"',;:]+|\d{8,15}")


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What a confirmation did. `marked` of the `waiting` alerts may reach their recipient twice."""

    waiting: int
    marked: int


def current_identity() -> str:
    """Return the identity of the database of this connection."""
    return str(rows_of(f"SELECT {IDENTITY}", {})[0][0])


def is_held() -> bool:
    """True if the database is a copy that no person has confirmed, so that nothing is sent."""
    return not rows_of(f"SELECT {MAY_SEND}", {})[0][0]


def confirm_first(now: datetime, *, again: bool = False) -> None:
    """Confirm a new database. Changes nothing if one was ever confirmed, unless `again`."""
    confirmed = {"identity": current_identity(), "confirmed_at": now}
    if again:
        ConfirmedDatabase.objects.update_or_create(pk=1, defaults=confirmed)
    else:
        ConfirmedDatabase.objects.get_or_create(pk=1, defaults=confirmed)


def confirm(*, by: User, now: datetime, log: Iterable[str] | None = None) -> Confirmation:
    """Let messages leave again, and mark those that may reach their recipient twice.

    `log`: the lines of the mail server's or provider's log since the backup. With it, alerts to an address
    that it does not name are not marked. Raises `InvalidFact` if nothing is held.
    """
    with transaction.atomic():
        if not is_held():
            raise InvalidFact("database", "not_held", "This database is confirmed. Messages are not held.")
        found = mark(log)
        ConfirmedDatabase.objects.filter(pk=1).update(
            identity=current_identity(), confirmed_at=now, confirmed_by=by
        )
    record(
        AuditAction.DONE,
        EntryPoint.COMMAND,
        actor=by,
        what="confirm_restore",
        detail={"waiting": found.waiting, "marked": found.marked},
    )
    return found


def mark(log: Iterable[str] | None) -> Confirmation:
    """Mark the waiting alerts that may have been sent already; all of them without a log."""
    waiting = Alert.objects.filter(state__in=_WAITING)
    doubtful = waiting if log is None else waiting.filter(pk__in=_named_in(log))
    return Confirmation(waiting=waiting.count(), marked=doubtful.update(possible_duplicate=True))


def _named_in(log: Iterable[str]) -> Collection[int]:
    """Return the ids of the waiting alerts whose address is encrypted or named by the log."""
    named = {one.lower() for line in log for one in _ADDRESS.findall(line)}
    waiting = Alert.objects.filter(state__in=_WAITING).values_list(
        "pk", "channel", "via", "recipient__email", "recipient__preference__phone", "agency__email"
    )
    return [
        pk
        for pk, channel, via, email, phone, desk in waiting.iterator()
        if via == Via.PROTECTED
        or channel not in (Channel.EMAIL, Channel.SMS)
        or (_digits(phone) if channel == Channel.SMS else (email or desk or "").lower()) in named
    ]


def _digits(phone: str | None) -> str:
    return (phone or "").removeprefix("+")
