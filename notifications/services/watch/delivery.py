"""Audits of the last hop: what waits, what failed, and what providers refuse. They run every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import Template

from django.conf import settings

from notifications.models import Channel
from notifications.services.restored import is_held
from notifications.services.sql import rows_of
from notifications.services.watch import mailbox
from notifications.services.watch.findings import Violation
from orders.models import deadline_is_alertable_sql

#: Codes of findings: a provider is down or refuses us; messages that a provider refuses; rows left out;
#: alerts that wait; alerts that failed; printed notices that wait; a provider that sends no receipts; a
#: restored database that no person has confirmed.
PROVIDER, REFUSED, PARKED = "provider", "refused", "parked"
UNSENT, FAILED, PAPER, SILENT = "unsent", "failed", "paper", "silent"
RESTORED = "restored"
#: A rehearsal is in force. A new finding each day.
REHEARSAL = "rehearsal"
#: Seconds that an alert may wait for a provider.
NOT_SENT = 120.0
#: Seconds for which a recipient's own server may put off an alert.
NOT_TAKEN = 600.0
#: Seconds that a printed notice may wait to be handed over.
NOT_HANDED = 300
#: The providers that send receipts, and the fewest accepted messages without one that mean something.
_WITH_RECEIPTS = ("resend", "twilio")
LEAST_WITHOUT_RECEIPT = 3
#: The most rows that an audit counts.
MAX_COUNTED = 1000

_OPEN = """
SELECT name, failures, trouble FROM notifications_provider
WHERE (trouble <> '' OR open_until IS NOT NULL) AND name <> %(mailbox)s
ORDER BY name
"""

_REFUSED = """
SELECT count(*) FROM (
  SELECT FROM notifications_alert
  WHERE state + 0 = %(alert_temporary_failure)s AND state IN (%(alert_ready)s, %(alert_temporary_failure)s)
    AND attempts > 0
    AND (NOT waits_for_recipient
         OR first_sent_at < statement_timestamp() - make_interval(secs => %(patience)s))
  LIMIT %(most)s) refused
"""

_PARKED = """
SELECT kind, count(*), min("row"), (array_agg(reason ORDER BY id))[1] FROM (
  SELECT id, kind, "row", reason FROM notifications_parkedrow
  WHERE retry_at > statement_timestamp() LIMIT %(most)s) parked
GROUP BY kind
"""


# By the time since which it could have been sent, which no try moves. The oldest of each priority by index;
# without those that wait for their recipient's hours or server.
_OLDEST = """
SELECT count(*), extract(epoch FROM statement_timestamp() - min(since))
FROM (
  SELECT greatest(a.created_at, a.held_until) AS since
  FROM (VALUES (0), (1), (2)) AS wanted (priority)
  CROSS JOIN LATERAL (
    SELECT created_at, held_until FROM notifications_alert
    WHERE state IN (%(alert_ready)s, %(alert_temporary_failure)s) AND priority = wanted.priority
      AND NOT waits_for_recipient AND via <> 'canary' AND channel <> 'print'
      AND (held_until IS NULL OR held_until <= statement_timestamp())
    ORDER BY created_at, id LIMIT %(most)s) a
  UNION ALL
  SELECT created_at FROM notifications_alert
  WHERE state IN (%(alert_leased)s, %(alert_sending)s) AND via <> 'canary'
) unsent
WHERE since < statement_timestamp() - make_interval(secs => %(patience)s)
"""

_FAILED = """
SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM notifications_alert
WHERE state = %(alert_failed)s AND created_at > statement_timestamp() - interval '26 hours'
  AND acknowledged_at IS NULL AND via <> 'canary'
GROUP BY 1 ORDER BY 1
"""

_PAPER = Template("""
SELECT count(*) FROM (
  SELECT FROM notifications_alert a
  LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  LEFT JOIN orders_deadline d ON d.id = c.deadline_id
  WHERE a.channel = 'print' AND a.state = %(alert_accepted)s AND a.acknowledged_at IS NULL
    AND a.created_at < statement_timestamp() - make_interval(secs => %(patience)s)
    AND (d.id IS NULL OR d.revision = c.revision AND $deadline_is_alertable)
  LIMIT %(most)s) waiting
""").substitute(deadline_is_alertable=deadline_is_alertable_sql("d"))

_REHEARSALS = """
SELECT agency_id, (statement_timestamp() AT TIME ZONE 'America/New_York')::date::text,
       ends_at AT TIME ZONE 'UTC'
FROM notifications_rehearsal
WHERE ended_at IS NULL AND starts_at <= statement_timestamp() AND ends_at > statement_timestamp()
ORDER BY agency_id NULLS FIRST
"""

_SILENT = """
SELECT provider FROM notifications_alert
WHERE created_at > statement_timestamp() - interval '6 hours'
  AND created_at < statement_timestamp() - interval '1 hour'
  AND provider = ANY (%(providers)s) AND state IN (%(alert_accepted)s, %(alert_delivered)s)
GROUP BY provider
HAVING count(*) >= %(least)s AND count(*) FILTER (WHERE state = %(alert_delivered)s) = 0
"""


def providers_of(channel: str) -> Sequence[str]:
    """Return the providers of a channel in order of preference, by the settings."""
    configured: Mapping[str, Sequence[str]] = {
        Channel.EMAIL: settings.EMAIL_PROVIDERS,
        Channel.SMS: settings.SMS_PROVIDERS,
        Channel.SERVICE: ["apprise"] if settings.SERVICES else [],
        Channel.CANARY: ["canary"],
    }
    return configured.get(channel, ())


def channels_down() -> list[str]:
    """Return the channels to people that have no provider which is up and accepts our messages."""
    down = {name for name, _, _ in rows_of(_OPEN, {"mailbox": mailbox.MAILBOX})}
    return [
        channel
        for channel in (Channel.EMAIL, Channel.SMS, Channel.SERVICE)
        if (names := providers_of(channel)) and {*names} <= down
    ]


def oldest_unsent(patience: float = 0.0) -> tuple[int, float]:
    """Return how many alerts have waited longer than `patience` seconds to be sent, and the longest wait."""
    count, seconds = rows_of(_OLDEST, {"most": MAX_COUNTED, "patience": patience})[0]
    return int(count), float(seconds or 0)


def unsent() -> Iterator[Violation]:
    """No alert waits for a provider for longer than two minutes."""
    count, seconds = oldest_unsent(NOT_SENT)
    detail = (
        f"{count} alerts have waited to be sent for more than two minutes, one for {seconds:.0f} seconds."
    )
    yield Violation(code=UNSENT, count=count, detail=detail)


def failed() -> Iterator[Violation]:
    """No alert of the last 26 hours failed for good. One finding for each day."""
    for day, count in rows_of(_FAILED, {}):
        detail = f"{count} alerts failed for good and are not acknowledged. Send them again, or call."
        yield Violation(code=FAILED, subject=day.isoformat(), count=count, detail=detail)


def paper() -> Iterator[Violation]:
    """No printed notice waits to be handed over."""
    count = int(rows_of(_PAPER, {"most": MAX_COUNTED, "patience": NOT_HANDED})[0][0])
    yield Violation(code=PAPER, count=count, detail=f"{count} printed notices wait to be handed over.")


def silent() -> Iterator[Violation]:
    """Every provider that sends receipts sends some."""
    asked = {"providers": list(_WITH_RECEIPTS), "least": LEAST_WITHOUT_RECEIPT}
    for (name,) in rows_of(_SILENT, asked):
        detail = f"The provider {name} accepted messages and sent no receipt for more than an hour."
        yield Violation(code=SILENT, subject=name, detail=detail)


def troubled(name: str, trouble: str) -> Violation:
    """Return the violation that a provider refuses us."""
    detail = f"The provider {name} refuses our messages, sender or account: {trouble}."
    return Violation(code=PROVIDER, subject=name, detail=detail)


def not_used(name: str, failures: int) -> Violation:
    """Return the violation that a provider failed and is not used."""
    detail = f"The provider {name} failed {failures} times in a row and is not used for now."
    return Violation(code=PROVIDER, subject=name, count=failures, detail=detail)


def providers() -> Iterator[Violation]:
    """No provider is down or refuses us."""
    for name, failures, trouble in rows_of(_OPEN, {"mailbox": mailbox.MAILBOX}):
        yield troubled(name, trouble) if trouble else not_used(name, failures)


def refused() -> Iterator[Violation]:
    """No alert waits because a provider refused it for a reason other than its recipient.

    Nor, for long, because a recipient's server asked to come back later.
    """
    count = int(rows_of(_REFUSED, {"most": MAX_COUNTED, "patience": NOT_TAKEN})[0][0])
    yield Violation(
        code=REFUSED,
        count=count,
        detail=(
            f"{count} alerts wait because a provider refused them and not because of the recipient, or "
            "because the recipient's server has put them off for ten minutes or more."
        ),
    )


def parked() -> Iterator[Violation]:
    """No row is left out because it cannot be processed."""
    for kind, count, row, reason in rows_of(_PARKED, {"most": MAX_COUNTED}):
        detail = (
            f"{count} rows of the kind {kind} cannot be processed and are left out for now; "
            f"the first is {row}: {reason}."
        )
        yield Violation(code=PARKED, subject=kind, count=count, detail=detail)


def restored() -> Iterator[Violation]:
    """No message is held because the database is a restored copy."""
    if is_held():
        yield Violation(
            code=RESTORED,
            detail="This database is a restored copy. Nothing is sent until `manage.py confirm_restore`.",
        )


def in_rehearsal() -> list[int | None]:
    """Return what is in rehearsal: agencies (by key), or None for the whole installation."""
    return [agency for agency, _, _ in rows_of(_REHEARSALS, {})]


def rehearsals() -> Iterator[Violation]:
    """No rehearsal is in force. Its finding has the day, so that administrators hear of it every day."""
    for agency, day, ends in rows_of(_REHEARSALS, {}):
        of = f"Agency {agency}" if agency else "The whole installation"
        detail = (
            f"{of} is in rehearsal until {ends:%Y-%m-%d %H:%M} UTC: messages go to a list of addresses, and "
            "not to the people they are for."
        )
        yield Violation(code=REHEARSAL, subject=f"{agency or 'installation'} {day}", detail=detail)


#: The audits by the code of their findings.
CHECKS: Mapping[str, Callable[[], Iterable[Violation]]] = {
    PROVIDER: providers,
    REFUSED: refused,
    PARKED: parked,
    UNSENT: unsent,
    FAILED: failed,
    PAPER: paper,
    SILENT: silent,
    RESTORED: restored,
    mailbox.MAILBOX: mailbox.lost,
    REHEARSAL: rehearsals,
}
