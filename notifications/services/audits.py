"""Audits: what must never be, asked again and again, so that a defect of ours is found by us.

Each asks through an index and counts no further than it must, however many orders there are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.db import OperationalError, transaction

from notifications.models import Finding, Tally
from notifications.services import health
from notifications.services.findings import Found, settle
from notifications.services.statements import rows_of
from notifications.services.tallies import OVERDUE_UNOWNED, WITHOUT_DEADLINES
from orders.services.calendar import clock_rules
from orders.services.upkeep import is_any_stale

logger = logging.getLogger(__name__)

#: No further is anything counted.
MOST = 1000
#: How far apart the clock of the database and this machine's may be.
APART = timedelta(seconds=30)
#: Without a canary that arrived for so long, a person is told.
NO_CANARY = timedelta(minutes=3)
#: Seconds that one question may take.
PATIENCE = 10

#: Held by whoever audits, until it is over.
_LOCK = 0x0A0D18
#: The tally that keeps which rules of local time all orders were planned by.
_CLOCK_RULES = "clock_rules"

_LATE = """
SELECT count(*) FROM (
  SELECT greatest(fires_at, planned_at) AS since FROM orders_checkpoint
  WHERE state = 0 AND fires_at <= statement_timestamp() - make_interval(secs => %(patience)s)
  ORDER BY fires_at, id LIMIT %(most)s
) due WHERE since <= statement_timestamp() - make_interval(secs => %(patience)s)
"""

# A canary's checkpoint is armed again each minute and so has the alerts of many firings; what went up the
# ladder and what was put on paper came later.
_INCOMPLETE = """
SELECT count(*) FROM (
  SELECT FROM orders_checkpoint c
  WHERE c.state = 1 AND c.fired_at > statement_timestamp() - interval '26 hours'
    AND NOT 'canary' = ANY (c.audience)
    AND c.expected IS DISTINCT FROM (
      SELECT count(*) FROM notifications_alert a
      WHERE a.checkpoint_id = c.id AND a.awaited_id IS NULL AND a.channel <> 'print')
  LIMIT %(most)s
) incomplete
"""

_STUCK = """
SELECT what, most FROM (
  SELECT 'alerts to send' AS what, (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state IN (0, 8) AND next_attempt_at < statement_timestamp() - interval '10 minutes'
      AND channel <> 'print'
    ORDER BY next_attempt_at, id LIMIT %(most)s) one) AS most
  UNION ALL
  SELECT 'alerts being sent', (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state IN (1, 2) AND lease_until < statement_timestamp() - interval '2 minutes'
    ORDER BY lease_until LIMIT %(most)s) one)
  UNION ALL
  SELECT 'alerts in doubt', (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state = 5 AND next_attempt_at < statement_timestamp() - interval '10 minutes'
    ORDER BY id LIMIT %(most)s) one)
  UNION ALL
  SELECT 'webhooks to send', (SELECT count(*) FROM notifications_webhooksubscription s
    WHERE s.state = 'active' AND (
      SELECT d.next_attempt_at FROM notifications_webhookdelivery d
      WHERE d.subscription_id = s.id AND d.state = 0 ORDER BY d.next_attempt_at, d.id LIMIT 1
    ) < statement_timestamp() - interval '10 minutes')
  UNION ALL
  SELECT 'webhooks being sent', (SELECT count(*) FROM (
    SELECT FROM notifications_webhookdelivery
    WHERE state = 1 AND lease_until < statement_timestamp() - interval '2 minutes'
    ORDER BY lease_until LIMIT %(most)s) one)
) found WHERE most > 0
"""

_DOUBLED = """
SELECT count(*) FROM (
  SELECT FROM notifications_alert
  WHERE possible_duplicate AND created_at > statement_timestamp() - interval '26 hours' LIMIT %(most)s
) doubled
"""

_CANARY = """
SELECT extract(epoch FROM statement_timestamp() - COALESCE(max(accepted_at), min(created_at)))
FROM notifications_alert WHERE via = 'canary'
"""


def audit(*, host_clock: Callable[[], float] = time.time) -> list[Finding] | None:
    """Asks everything; answers what is newly found, and told. None where somebody else is at it.

    `host_clock` is this machine's clock, in seconds since 1970. A question that cannot be answered in time is
    a finding, too.
    """
    with transaction.atomic():
        (is_mine,) = rows_of("SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})[0]
        if not is_mine:
            return None
        found, asked = [], {_UNANSWERED}
        for code, ask in _questions(host_clock).items():
            try:
                with transaction.atomic():
                    rows_of(
                        "SELECT set_config('statement_timeout', %(limit)s, true)", {"limit": f"{PATIENCE}s"}
                    )
                    found += [one for one in ask() if one.count]
                asked.add(code)
            except OperationalError as error:
                logger.error("the audit could not ask for %s: %s", code, type(error).__name__)
                found.append(Found(code=_UNANSWERED, subject=code, detail="The audit could not ask in time."))
        return settle(found, asked=asked)


_UNANSWERED = "unanswered"


def _questions(host_clock: Callable[[], float]) -> dict[str, Callable[[], Iterable[Found]]]:
    """What is asked, by the code of what may be found."""
    return {
        "late": _late,
        "incomplete": _incomplete,
        "stuck": _stuck,
        "uncovered": _uncovered,
        "doubled": _doubled,
        _CLOCK_RULES: _clock_rules,
        "clock": lambda: _clocks(host_clock),
        "canary": _canary,
    }


def _count(statement: str, **parameters: object) -> int:
    return int(rows_of(statement, {"most": MOST, **parameters})[0][0])


def _late() -> Iterator[Found]:
    """I1: nothing is due and pending for long."""
    count = _count(_LATE, patience=health.NOT_FIRED)
    yield Found(code="late", count=count, detail=f"{count} checkpoints are due and have not fired.")


def _incomplete() -> Iterator[Found]:
    """I2: what fired has every alert that firing wrote for it."""
    count = _count(_INCOMPLETE)
    detail = f"{count} checkpoints that fired have not as many alerts as were written."
    yield Found(code="incomplete", count=count, detail=detail)


def _stuck() -> Iterator[Found]:
    """I3: nothing stays on its way."""
    for what, count in rows_of(_STUCK, {"most": MOST}):
        detail = f"{count} wait for longer than they may: {what}."
        yield Found(code="stuck", subject=what, count=count, detail=detail)


def _uncovered() -> Iterator[Found]:
    """I4: every order has its deadlines, every overdue deadline its follow-up, as last counted."""
    counts = dict(Tally.objects.values_list("name", "value"))
    missing = counts.get(WITHOUT_DEADLINES, 0)
    yield Found(
        code="uncovered",
        subject="orders",
        count=missing,
        detail=f"{missing} orders had no deadlines where the rules give some; they are planned anew.",
    )
    unowned = counts.get(OVERDUE_UNOWNED, 0)
    yield Found(
        code="uncovered",
        subject="follow-ups",
        count=unowned,
        detail=f"{unowned} overdue deadlines have no open follow-up.",
    )


def _doubled() -> Iterator[Found]:
    """I5: nothing is sent twice. The database refuses two alerts with one key, yet not two sendings."""
    count = _count(_DOUBLED)
    detail = f"{count} alerts of the last 26 hours were sent again after a doubt, and may have come twice."
    yield Found(code="doubled", count=count, detail=detail)


def _clock_rules() -> Iterator[Found]:
    """I6: every order is planned by the rules of local time that this machine has.

    A change makes every plan stale, for the rulebook's version is made of them too. It is a finding until the
    last order is planned anew.
    """
    rules = int(clock_rules(), 16)
    known, _ = Tally.objects.get_or_create(name=_CLOCK_RULES, defaults={"value": rules})
    if known.value == rules:
        return
    if is_any_stale():
        yield Found(
            code=_CLOCK_RULES,
            detail="The rules of local time changed; not every order is planned by them yet.",
        )
    else:
        Tally.objects.filter(name=_CLOCK_RULES).update(value=rules)


def _clocks(host_clock: Callable[[], float]) -> Iterator[Found]:
    """I7: the database's clock, which decides, and this machine's agree."""
    ((at,),) = rows_of("SELECT clock_timestamp()", {})
    apart = abs(at.timestamp() - host_clock())
    if apart > APART.total_seconds():
        yield Found(
            code="clock",
            count=int(apart),
            detail=f"The clocks of the database and of a worker are {apart:.0f} seconds apart.",
        )


def _canary() -> Iterator[Found]:
    """The last canary arrived lately. Where none was ever planted, it is the outside monitor that says so."""
    (age,) = rows_of(_CANARY, {})[0]
    if age is not None and age > NO_CANARY.total_seconds():
        yield Found(
            code="canary", detail="No canary reached the outside monitor for more than three minutes."
        )
