"""Audits: repeated checks of conditions that must always hold, so that we find our own defects.

Each audit uses an index and counts only up to a limit, however many orders there are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta

from django.db import InterfaceError, transaction

from accounts.isolation import reason_of
from notifications.models import Counter, Finding
from notifications.services.sql import rows_of
from notifications.services.watch import access_log, delivery, health
from notifications.services.watch.counters import OVERDUE_UNOWNED, SHARED_NUMBERS, WITHOUT_DEADLINES
from notifications.services.watch.findings import Violation, reconcile
from notifications.services.watch.locked import locked_accounts
from orders.services.attachments.sweep import count_missing
from orders.services.planning.replan_stale import is_any_stale
from orders.services.planning.rulebooks import clock_rules

logger = logging.getLogger(__name__)

#: The most rows that an audit counts.
MAX_COUNTED = 1000
#: The largest allowed difference between the clocks of the database and of this machine.
MAX_CLOCK_DIFFERENCE = timedelta(seconds=30)
#: After this time without an arrived canary, the administrators are notified.
NO_CANARY = timedelta(minutes=3)
#: Seconds that one audit may take.
AUDIT_TIMEOUT = 10

#: The advisory locks of running audits: of all, and of those that run every few seconds.
_LOCK, _LOCK_OF_SOME = 0x0A0D18, 0x0A0D19
#: The counter that stores the time zone rules by which all orders were planned.
_CLOCK_RULES = "clock_rules"
#: The code of missing files, and how many files one audit looks for.
_FILES, NEWEST_FILES = "files", 100

_LATE = """
SELECT count(*) FROM (
  SELECT greatest(fires_at, planned_at) AS since FROM orders_checkpoint
  WHERE state = %(checkpoint_pending)s
    AND fires_at <= statement_timestamp() - make_interval(secs => %(patience)s)
  ORDER BY fires_at, id LIMIT %(most)s
) due WHERE since <= statement_timestamp() - make_interval(secs => %(patience)s)
"""

# A canary's checkpoint fires every minute and so has the alerts of many firings. Escalation steps, printed
# notices and alerts in place of someone who cannot act are added after firing.
_INCOMPLETE = """
SELECT count(*) FROM (
  SELECT FROM orders_checkpoint c
  WHERE c.state = %(checkpoint_fired)s AND c.fired_at > statement_timestamp() - interval '26 hours'
    AND NOT 'canary' = ANY (c.audience)
    AND c.expected IS DISTINCT FROM (
      SELECT count(*) FROM notifications_alert a
      WHERE a.checkpoint_id = c.id AND a.pending_acknowledgment_id IS NULL AND a.channel <> 'print'
        AND a.correction_id IS NULL AND a.created_at <= c.fired_at)
  LIMIT %(most)s
) incomplete
"""

_STUCK = """
SELECT what, most FROM (
  SELECT 'alerts to send' AS what, (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state IN (%(alert_ready)s, %(alert_temporary_failure)s)
      AND next_attempt_at < statement_timestamp() - interval '10 minutes'
      AND channel <> 'print'
    ORDER BY next_attempt_at, id LIMIT %(most)s) one) AS most
  UNION ALL
  SELECT 'alerts being sent', (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state IN (%(alert_leased)s, %(alert_sending)s)
      AND lease_until < statement_timestamp() - interval '2 minutes'
    ORDER BY lease_until LIMIT %(most)s) one)
  UNION ALL
  SELECT 'alerts in doubt', (SELECT count(*) FROM (
    SELECT FROM notifications_alert
    WHERE state = %(alert_in_doubt)s AND next_attempt_at < statement_timestamp() - interval '10 minutes'
    ORDER BY id LIMIT %(most)s) one)
  UNION ALL
  SELECT 'webhooks to send', (SELECT count(*) FROM notifications_webhooksubscription s
    WHERE s.state = %(subscription_active)s AND (
      SELECT d.next_attempt_at FROM notifications_webhookdelivery d
      WHERE d.subscription_id = s.id AND d.state = %(delivery_ready)s
      ORDER BY d.next_attempt_at, d.id LIMIT 1
    ) < statement_timestamp() - interval '10 minutes')
  UNION ALL
  SELECT 'webhooks being sent', (SELECT count(*) FROM (
    SELECT FROM notifications_webhookdelivery
    WHERE state = %(delivery_leased)s AND lease_until < statement_timestamp() - interval '2 minutes'
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


def audit(
    *, host_clock: Callable[[], float] = time.time, only: Collection[str] | None = None
) -> list[Finding] | None:
    """Run every audit, or those with the codes `only`; return the new findings.

    None if another process is auditing.
    `host_clock` returns this machine's time in seconds since 1970. An audit that times out is a finding, too.
    """
    with transaction.atomic():
        if not _is_mine(_LOCK if only is None else _LOCK_OF_SOME):
            return None
        checks = _checks(host_clock)
        if only is not None:
            checks = {code: check for code, check in checks.items() if code in only}
        elif not _is_mine(_LOCK_OF_SOME):
            # Another process runs these at this moment.
            checks = {code: check for code, check in checks.items() if code not in delivery.CHECKS}
        found, completed = [], {_UNANSWERED} if only is None else set()
        for code, check in checks.items():
            try:
                with transaction.atomic():
                    rows_of(
                        "SELECT set_config('statement_timeout', %(limit)s, true)",
                        {"limit": f"{AUDIT_TIMEOUT}s"},
                    )
                    found += [one for one in check() if one.count]
                completed.add(code)
            except InterfaceError:
                raise
            except Exception as error:
                # One audit must not stop the others.
                logger.exception("the audit %s failed", code)
                if only is None:
                    detail = f"The audit did not finish: {reason_of(error)}."
                    found.append(Violation(code=_UNANSWERED, subject=code, detail=detail))
        return reconcile(found, audited=completed)


def _is_mine(lock: int) -> bool:
    return bool(rows_of("SELECT pg_try_advisory_xact_lock(%(lock)s)", {"lock": lock})[0][0])


_UNANSWERED = "unanswered"


def codes() -> set[str]:
    """Return the codes that a finding of an audit can have."""
    return {*_checks(time.time), _UNANSWERED}


def _checks(host_clock: Callable[[], float]) -> dict[str, Callable[[], Iterable[Violation]]]:
    """Return the audits by the code of their findings."""
    return {
        "late": _late,
        "incomplete": _incomplete,
        "stuck": _stuck,
        "uncovered": _uncovered,
        "doubled": _doubled,
        "numbers": _shared_numbers,
        _CLOCK_RULES: _clock_rules,
        "clock": lambda: _clock_difference(host_clock),
        "canary": _canary,
        "locked": locked_accounts,
        _FILES: _files,
        access_log.CODE: access_log.access_log,
        **delivery.CHECKS,
    }


def _count(statement: str, **parameters: object) -> int:
    return int(rows_of(statement, {"most": MAX_COUNTED, **parameters})[0][0])


def _late() -> Iterator[Violation]:
    """I1: no checkpoint stays due and pending."""
    count = _count(_LATE, patience=health.NOT_FIRED)
    yield Violation(code="late", count=count, detail=f"{count} checkpoints are due and have not fired.")


def _incomplete() -> Iterator[Violation]:
    """I2: every checkpoint that fired has all the alerts that were created for it."""
    count = _count(_INCOMPLETE)
    detail = f"{count} checkpoints that fired have fewer or more alerts than were created for them."
    yield Violation(code="incomplete", count=count, detail=detail)


def _stuck() -> Iterator[Violation]:
    """I3: no alert and no webhook stays on its way."""
    for what, count in rows_of(_STUCK, {"most": MAX_COUNTED}):
        detail = f"{count} waiting for too long: {what}."
        yield Violation(code="stuck", subject=what, count=count, detail=detail)


def _uncovered() -> Iterator[Violation]:
    """I4: every order has its deadlines and every overdue deadline a follow-up, as of the last count."""
    counts = dict(Counter.objects.values_list("name", "value"))
    missing = counts.get(WITHOUT_DEADLINES, 0)
    yield Violation(
        code="uncovered",
        subject="orders",
        count=missing,
        detail=f"{missing} orders had no deadlines although the rules give some; they will be replanned.",
    )
    unowned = counts.get(OVERDUE_UNOWNED, 0)
    yield Violation(
        code="uncovered",
        subject="follow-ups",
        count=unowned,
        detail=f"{unowned} overdue deadlines have no open follow-up.",
    )


def _doubled() -> Iterator[Violation]:
    """I5: nothing is sent twice.

    The database prevents two alerts with one key, but not two sends of one alert.
    """
    count = _count(_DOUBLED)
    detail = f"{count} alerts of the last 26 hours were in doubt and sent again; they may have arrived twice."
    yield Violation(code="doubled", count=count, detail=detail)


def _shared_numbers() -> Iterator[Violation]:
    """No registry number is at two courts, as of the last count. A court does not learn of the other one."""
    counted = Counter.objects.filter(name=SHARED_NUMBERS).values_list("value", flat=True)
    count = next(iter(counted), 0)
    detail = f"{count} registry numbers are stored at more than one court."
    yield Violation(code="numbers", count=count, detail=detail)


def _clock_rules() -> Iterator[Violation]:
    """I6: every order is planned by the time zone rules of this machine.

    A change makes every plan stale, because the rulebook's version includes these rules. It is a finding
    until the last order is replanned.
    """
    rules = int(clock_rules(), 16)
    known, _ = Counter.objects.get_or_create(name=_CLOCK_RULES, defaults={"value": rules})
    if known.value == rules:
        return
    if is_any_stale():
        yield Violation(
            code=_CLOCK_RULES,
            detail="The time zone rules changed, and some orders are not replanned yet.",
        )
    else:
        Counter.objects.filter(name=_CLOCK_RULES).update(value=rules)


def _clock_difference(host_clock: Callable[[], float]) -> Iterator[Violation]:
    """I7: the clocks of the database, which decides, and of this machine agree."""
    ((at,),) = rows_of("SELECT clock_timestamp()", {})
    apart = abs(at.timestamp() - host_clock())
    if apart > MAX_CLOCK_DIFFERENCE.total_seconds():
        yield Violation(
            code="clock",
            count=int(apart),
            detail=f"The clocks of the database and a worker differ by {apart:.0f} seconds.",
        )


def _files() -> Iterator[Violation]:
    """I8: the newest files of orders are in their folder. The daily sweep looks at all of them."""
    missing = count_missing(newest=NEWEST_FILES)
    yield Violation(
        code=_FILES, count=missing, detail=f"{missing} of the newest files of orders are missing."
    )


def _canary() -> Iterator[Violation]:
    """A canary arrived recently. If there never was one, the outside monitor reports it."""
    (age,) = rows_of(_CANARY, {})[0]
    if age is not None and age > NO_CANARY.total_seconds():
        yield Violation(
            code="canary", detail="No canary has reached the outside monitor for more than three minutes."
        )
