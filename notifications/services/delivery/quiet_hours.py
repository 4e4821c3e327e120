"""Decide what may be sent now: quiet hours, digests, and a limit on messages for one person.

An alert is never lost here: one that is held back becomes ready again at its time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from notifications.models import Channel, Priority, Via
from notifications.services.delivery.bundles import Bundle
from notifications.services.delivery.outbox import CAN_WAIT, LeasedAlert
from notifications.services.priority import is_pressing
from notifications.services.recipients.sql import RUNGS
from notifications.services.sql import rows_of
from orders.rules.court_time import at_wall, local_date
from orders.rules.vocabulary import Purpose
from orders.services.planning.rulebooks import hearing_news, news_at_once

#: Seconds that a message above the limit waits; the second is for urgent messages.
HOLD = 3600.0
HOLD_URGENT = 300.0
#: The shortest time between two messages to one person about what can wait: twelve a day at most.
GAP = timedelta(hours=2)

#: After so many messages to one person in 24 hours, news leaves in digests, one every eight hours at most, or
#: with a message of urgent news that leaves before: with the digests, seven. No news waits longer than that.
BEFORE_DIGESTS = 4
DIGEST_EVERY = timedelta(hours=8)
#: From then on, and above the hourly limit, news of hearings that is written within this time is one message.
#: The news must arrive within a minute.
JOINED_WITHIN = timedelta(seconds=30)
#: News of a hearing waits for no digest if its day begins within this time.
NEAR = timedelta(hours=48)

# The index `alert_sent_to` serves both.
_SENT = """
SELECT recipient_id, channel,
       count(DISTINCT message_key) FILTER (WHERE first_sent_at > statement_timestamp() - interval '1 hour'),
       count(DISTINCT message_key)
FROM notifications_alert
WHERE recipient_id = ANY (%(recipients)s) AND first_sent_at > statement_timestamp() - interval '24 hours'
GROUP BY recipient_id, channel
"""
_LAST = """
SELECT a.recipient_id, a.channel, max(a.first_sent_at) FILTER (WHERE a.priority <> %(urgent)s),
       max(a.first_sent_at)
FROM notifications_alert a JOIN orders_checkpoint c ON c.id = a.checkpoint_id
WHERE a.recipient_id = ANY (%(recipients)s) AND a.first_sent_at > statement_timestamp() - %(longest)s
  AND c.purpose = ANY (%(can_wait)s)
GROUP BY a.recipient_id, a.channel
"""


@dataclass(kw_only=True)
class SentBefore:
    """What a person got by a channel: the messages of the last hour and of 24 hours, when the last one left
    that the gap counts from, and when the last one with news or a reminder."""

    hour: int = 0
    day: int = 0
    last: datetime | None = None
    last_news: datetime | None = None


def seconds_to_wait(alert: LeasedAlert) -> float:
    """Return the seconds until the recipient's hours allow the alert; 0 to send it now.

    An alert that was attempted before does not wait, nor does an urgent one. A protected person's hours
    always apply, because outside them somebody else may see the message.
    """
    was_attempted = alert.first_sent_at is not None and alert.via != Via.PROTECTED
    if was_attempted or alert.channel == Channel.CANARY or is_urgent(alert):
        return 0.0
    until = max(_quiet_until(alert), _digest_at(alert))
    return (until - alert.now).total_seconds()


def is_urgent(alert: LeasedAlert) -> bool:
    """Return True for an overdue surrender by a person believed armed, for news of a hearing that someone
    would travel to, and for findings about the system.

    Alerts to a protected person are never urgent: the hours are that person's choice and always apply.
    """
    return alert.via == Via.OPERATOR or (
        alert.via != Via.PROTECTED and is_pressing(alert.rule, alert.purpose)
    )


def over_limit(bundles: Sequence[Bundle]) -> dict[int, float]:
    """Return the indexes of messages above a person's hourly limit or too soon after the last one, and the
    seconds that each waits.

    The longest waiting messages go first; the rest is bundled into one message by the time it is sent.
    """
    recipients = {one.first.recipient for one in bundles if one.first.recipient is not None}
    before = _sent_before(recipients)
    waits = {}
    for place, bundle in enumerate(bundles):
        first = bundle.first
        if first.recipient is None or first.first_sent_at is not None:
            continue
        sent = before[first.recipient, first.channel]
        if (wait := seconds_to_leave(bundle, sent)) > 0:
            waits[place] = wait
            continue
        sent.hour += 1
        if sent.hour > settings.MOST_MESSAGES_AN_HOUR and not is_of_hearing(bundle):
            waits[place] = HOLD_URGENT if any(map(is_urgent, bundle.alerts)) else HOLD
    return waits


def _sent_before(recipients: Collection[int]) -> defaultdict[tuple[int, str], SentBefore]:
    found: defaultdict[tuple[int, str], SentBefore] = defaultdict(SentBefore)
    if not recipients:
        return found
    for recipient, channel, hour, day in rows_of(_SENT, {"recipients": list(recipients)}):
        found[recipient, channel].hour, found[recipient, channel].day = hour, day
    parameters = {
        "recipients": list(recipients),
        "longest": max(GAP, DIGEST_EVERY),
        "urgent": Priority.URGENT.value,
        "can_wait": list(CAN_WAIT),
    }
    for recipient, channel, last, last_news in rows_of(_LAST, parameters):
        found[recipient, channel].last, found[recipient, channel].last_news = last, last_news
    return found


def seconds_to_leave(bundle: Bundle, sent: SentBefore) -> float:
    """Return the seconds until a message may follow what its recipient got before; 0 for now."""
    if is_of_hearing(bundle):
        is_busy = sent.day >= BEFORE_DIGESTS or sent.hour >= settings.MOST_MESSAGES_AN_HOUR
        return seconds_to_join(bundle) if is_busy else 0.0
    return max(seconds_to_gap(bundle, sent.last), seconds_to_digest(bundle, sent.day, sent.last_news))


def takes_along(bundle: Bundle) -> bool:
    """Return True if news and reminders that wait for the same recipient leave in this message.

    Not with what was not done in time or a correction: its words and its answer stay its own. A message that
    was attempted keeps its alerts.
    """
    first = bundle.first
    return (
        first.recipient is not None
        and first.message_key is None
        and first.via in RUNGS
        and not first.is_rehearsal
        and all(one.purpose in CAN_WAIT and not one.is_correction for one in bundle.alerts)
    )


def is_of_hearing(bundle: Bundle) -> bool:
    """True for a message with news that a hearing was set, moved or canceled: who travels gets it at once."""
    return any(one.rule in hearing_news() and is_urgent(one) for one in bundle.alerts)


def seconds_to_join(bundle: Bundle) -> float:
    """Return the seconds until the time is over in which other news may join this message; 0 for now."""
    written = min(one.created_at for one in bundle.alerts)
    return max((written + JOINED_WITHIN - bundle.first.now).total_seconds(), 0.0)


def seconds_to_gap(bundle: Bundle, last: datetime | None) -> float:
    """Return the seconds until a message of reminders and information may follow the last one; 0 for now.

    What was not done in time waits for no gap, nor does urgent news or a correction.
    """
    if last is None or not all(map(_can_wait, bundle.alerts)):
        return 0.0
    return max((last + GAP - bundle.first.now).total_seconds(), 0.0)


def seconds_to_digest(bundle: Bundle, sent: int, last: datetime | None) -> float:
    """Return the seconds until the next digest, for news after many messages in 24 hours; 0 for now.

    `sent` is the number of messages, `last` when news left last. A digest leaves `DIGEST_EVERY` after that,
    or after its oldest news was written, whichever is first.
    """
    if sent < BEFORE_DIGESTS or last is None or not all(map(_waits_for_digest, bundle.alerts)):
        return 0.0
    begins = min(last, *(one.created_at for one in bundle.alerts))
    return max((begins + DIGEST_EVERY - bundle.first.now).total_seconds(), 0.0)


def _can_wait(alert: LeasedAlert) -> bool:
    return alert.purpose in CAN_WAIT and not alert.is_correction and not is_urgent(alert)


def _waits_for_digest(alert: LeasedAlert) -> bool:
    """Return True for news and reminders, but not for urgent ones: service, or news of a hearing.

    Nor does a reminder of a hearing soon, of danger or of a return of firearms wait.
    """
    if alert.about_day is not None and alert.about_day <= alert.now + NEAR + timedelta(days=1):
        return False
    return _can_wait(alert) and alert.rule not in news_at_once()


def _quiet_until(alert: LeasedAlert) -> datetime:
    """Return the end of the recipient's quiet hours; now, outside quiet hours."""
    if alert.quiet_from is None or alert.quiet_until is None or alert.quiet_from == alert.quiet_until:
        return alert.now
    begins = _next(alert.quiet_from, alert.now, alert.zone)
    ends = _next(alert.quiet_until, alert.now, alert.zone)
    # Quiet hours are on if their end comes before their next beginning.
    return ends if ends < begins else alert.now


def _digest_at(alert: LeasedAlert) -> datetime:
    """Return the recipient's next digest time after the alert was created; now, without a digest."""
    if alert.digest_at is None or alert.purpose != Purpose.REMIND.value:
        return alert.now
    return max(_next(alert.digest_at, alert.created_at, alert.zone), alert.now)


def _next(clock: time, after: datetime, named: str) -> datetime:
    """Return the first instant after `after` at which the wall clock shows that time in the named zone."""
    zone = ZoneInfo(named)
    today = local_date(after, zone)
    found = at_wall(today, clock, zone)
    return found if found > after else at_wall(today + timedelta(days=1), clock, zone)
