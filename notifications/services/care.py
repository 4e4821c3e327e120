"""What may be sent now, and what waits: quiet hours, digests, and a limit on how much one person is sent.

Nothing here loses an alert: what is held back is ready again when its time comes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from notifications.models import Channel, Via
from notifications.services.bundles import Bundle
from notifications.services.outbox import Leased
from notifications.services.statements import rows_of
from orders.rules.court_time import at_wall, local_date
from orders.rules.rulebook import Purpose
from orders.services.calendar import bundled

#: Seconds that a message beyond the limit waits; what is urgent waits so long and no longer.
HOLD = 3600.0
HOLD_URGENT = 300.0

_SENT = """
SELECT recipient_id, channel, count(DISTINCT message_key)
FROM notifications_alert
WHERE recipient_id = ANY (%(recipients)s) AND first_sent_at > statement_timestamp() - interval '1 hour'
GROUP BY recipient_id, channel
"""


def held_for(alert: Leased) -> float:
    """For how many seconds the alert waits for a better hour; 0: not at all.

    Never an alert that was begun, and never one that tells of firearms not surrendered in time. A protected
    person's hours hold whatever was tried before: somebody else may be looking on outside them.
    """
    is_begun = alert.first_sent_at is not None and alert.via != Via.PROTECTED
    if is_begun or alert.channel == Channel.CANARY or is_urgent(alert):
        return 0.0
    until = max(_quiet_until(alert), _digest_at(alert))
    return (until - alert.now).total_seconds()


def is_urgent(alert: Leased) -> bool:
    """True where time ran out for a surrender by somebody believed armed, and somebody must act on it; and of
    word that the system itself is not well.

    The protected person's hours are the person's own choice, and hold whatever happened.
    """
    return alert.via == Via.OPERATOR or (
        alert.via != Via.PROTECTED
        and alert.rule in _rules_of_the_armed()
        and alert.purpose in (Purpose.CHECK.value, Purpose.ESCALATE.value)
    )


def beyond_limit(bundles: Sequence[Bundle]) -> dict[int, float]:
    """Of these messages, by their place, those that somebody would be sent too many with, and for how many
    seconds each waits.

    What waits longest goes first; by the time the rest goes it is one message.
    """
    recipients = {one.first.recipient for one in bundles if one.first.recipient is not None}
    sent: Counter[tuple[int | None, str]] = Counter()
    if recipients:
        for recipient, channel, messages in rows_of(_SENT, {"recipients": list(recipients)}):
            sent[recipient, channel] = messages
    waits = {}
    for place, bundle in enumerate(bundles):
        first = bundle.first
        whom = (first.recipient, first.channel)
        if first.recipient is None or first.first_sent_at is not None:
            continue
        sent[whom] += 1
        if sent[whom] > settings.MOST_MESSAGES_AN_HOUR:
            waits[place] = HOLD_URGENT if any(map(is_urgent, bundle.alerts)) else HOLD
    return waits


def _quiet_until(alert: Leased) -> datetime:
    """When the recipient's quiet hours are over; now, where it is none of them."""
    if alert.quiet_from is None or alert.quiet_until is None or alert.quiet_from == alert.quiet_until:
        return alert.now
    begins = _next(alert.quiet_from, alert.now, alert.zone)
    ends = _next(alert.quiet_until, alert.now, alert.zone)
    # It is quiet where the end comes before the next beginning.
    return ends if ends < begins else alert.now


def _digest_at(alert: Leased) -> datetime:
    """When what the recipient gathers is sent next: the first such time since the alert was written."""
    if alert.digest_at is None or alert.purpose != Purpose.REMIND.value:
        return alert.now
    return max(_next(alert.digest_at, alert.created_at, alert.zone), alert.now)


def _next(clock: time, after: datetime, named: str) -> datetime:
    """The first instant after `after` at which it is that time in the zone of that name."""
    zone = ZoneInfo(named)
    today = local_date(after, zone)
    found = at_wall(today, clock, zone)
    return found if found > after else at_wall(today + timedelta(days=1), clock, zone)


@cache
def _rules_of_the_armed() -> frozenset[str]:
    return frozenset(rule.id for rule in bundled().rules if rule.alarms_when_armed)
