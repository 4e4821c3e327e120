"""Remind the person of a temporary account, and who manages it, that it ends soon.

The mail is sent at once, and not as an alert: no one has to acknowledge it. A row of `AccountReminder` is
written with it, or neither is, so that each hour tries again what no provider took.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.dates import COURT_TIME, format_instant
from accounts.isolation import each_alone
from accounts.models import Membership, Role, User
from accounts.predicates import can_act
from accounts.services.managers import people_managed_by
from notifications.channels.protocol import Message, SendStatus
from notifications.models import AccountReminder, Channel
from notifications.services.delivery import providers
from notifications.services.restored import is_held

#: Days before the end of an account at which the mails go out, the last first.
DAYS = (3, 14)

#: The kind of an account or recipient that cannot be reminded.
KIND = "reminder of an end"

_SUBJECT = "A temporary account ends soon"
_TO_PERSON = """\
Your account at {site} ends on {end}. From then on you cannot sign in, and your alerts go to others.

If you need it longer, ask your administrator for a later end.
"""
_TO_MANAGER = """\
The temporary account of {name} at {site} ends on {end}. From then on this person cannot sign in, and
their alerts go to others.

If it is needed longer, set a later end under Users.
"""

#: Outcomes after which another attempt has no use, or could be a second mail.
_DONE = (SendStatus.ACCEPTED, SendStatus.IN_DOUBT, SendStatus.REFUSED)


class _NotSentError(Exception):
    """No provider took the mail."""


def send_reminders(now: datetime) -> int:
    """Mail the reminders that are due; return how many. Safe to stop and to run in parallel."""
    if is_held():
        return 0
    soon = User.objects.filter(is_active=True, ends_at__gt=now, ends_at__lte=now + timedelta(days=max(DAYS)))
    return sum(each_alone(KIND, soon.order_by("ends_at", "pk"), lambda one: _remind(one, now)))


def managers_of(user: User) -> list[User]:
    """Return the administrators of the person's agencies who manage the account; else those of the site."""
    agencies = Membership.objects.filter(user=user).values("agency")
    near = _able(role=Role.AGENCY_ADMINISTRATOR, agency__in=agencies)
    found = [one for one in near if people_managed_by(one).filter(pk=user.pk).exists()]
    return [one for one in found or list(_able(role=Role.ADMINISTRATOR)) if one.pk != user.pk]


def _able(**held: object) -> QuerySet[User]:
    members = Membership.objects.filter(**held).values("user")
    return User.objects.filter(can_act(), pk__in=members).prefetch_related("memberships").order_by("pk")


def _remind(user: User, now: datetime) -> int:
    """Mail the reminder of the stage that `now` is in, to each who did not get it yet."""
    if user.ends_at is None:
        return 0
    days = min(one for one in DAYS if user.ends_at - now <= timedelta(days=one))
    if user.joined_at > user.ends_at - timedelta(days=days):
        # It was made for so short a time.
        return 0
    end = user.ends_at
    sent = AccountReminder.objects.filter(account=user, ends_at=end, days=days)
    known = set(sent.values_list("recipient", flat=True))
    waiting = {one: text for one, text in _recipients(user) if one.pk not in known}
    return sum(each_alone(KIND, waiting, lambda one: _mail(user, one, end, days, waiting[one])))


def _recipients(user: User) -> Iterator[tuple[User, str]]:
    if not user.is_system:
        yield user, _TO_PERSON
    for one in managers_of(user):
        yield one, _TO_MANAGER


def _mail(user: User, recipient: User, end: datetime, days: int, text: str) -> int:
    """Send one mail and note it; return 1 if that is done."""
    message = Message(
        key=f"account-end-{uuid.uuid4()}",
        address=recipient.email,
        subject=_SUBJECT,
        body=text.format(site=settings.BASE_URL, end=format_instant(end, COURT_TIME), name=user.name),
    )
    try:
        with transaction.atomic():
            # Another process that sends the same one waits here, and then finds that it exists.
            _, is_new = AccountReminder.objects.get_or_create(
                account=user, recipient=recipient, ends_at=end, days=days
            )
            if not is_new:
                return 0
            results = providers.send(Channel.EMAIL, [message], begin=lambda _provider, waiting: waiting)
            if not any(result.status in _DONE for _, result in results):
                raise _NotSentError
    except _NotSentError:
        return 0
    return 1
