"""Measures, beside peers in the same run, what must be quick: `make bench`.

Figures are ratios first: this machine's seconds mean little elsewhere. Nothing here is asserted.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from unittest.mock import patch

from django.db import connection
from django.test import override_settings
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.models import Alert
from notifications.services.delivery import providers, sending
from notifications.services.firing.fire import Firer
from orders.models import Checkpoint
from orders.rules.facts import Event, Facts
from orders.rules.plan import plan
from orders.services.orders.entry import NewOrder, enter_orders
from orders.services.planning.rulebooks import bundled

ROUNDS = 3
_numbers = count(1)


def main() -> None:
    """Run all measurements and print a table."""
    say("what", "ours", "peer", "ratio")
    planning()
    for _ in range(ROUNDS):
        firing(2_000)
    idle()
    for _ in range(ROUNDS):
        draining(500)


def say(*cells: str) -> None:
    sys.stdout.write("{:<58}{:>16}{:>16}{:>10}\n".format(*cells))
    sys.stdout.flush()


def median_ms(work: Callable[[], object], times: int) -> float:
    """The median of single runs, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def planning() -> None:
    """Plan one served order with the whole Connecticut rulebook; peer: CT-SUR-01 written by hand."""
    book = bundled()
    served = datetime(2026, 12, 4, 23, 30, tzinfo=UTC)
    facts = Facts(
        jurisdiction="us_ct",
        kind="ex_parte_restraining_order",
        issued_on=served.date(),
        issued_at=served - timedelta(hours=6),
        firearms_indicated=True,
        events=(
            Event(kind="served", at=served),
            Event(kind="hearing_scheduled", on=served.date() + timedelta(days=7)),
        ),
    )
    deadlines = len(plan(facts, book))

    def by_hand() -> tuple[datetime, str]:
        due = served + timedelta(hours=24)
        met = [one.at for one in facts.events if one.kind == "surrendered" and one.complete and one.at]
        return due, "met" if met and min(met) <= due else "open"

    ours, hand = median_ms(lambda: plan(facts, book), 2_000), median_ms(by_hand, 2_000)
    say(
        f"plan one order: {deadlines} deadlines · CT-SUR-01 by hand",
        f"{ours:.3f} ms",
        f"{hand:.4f} ms",
        f"{ours / hand:.0f}",
    )


#: Orders that are entered at a time.
_PART = 200


def create_orders(orders: int) -> None:
    """Enter orders whose surrender check is due, each with two recipients."""
    police = Agency.objects.create(kind=AgencyKind.POLICE, name=f"Police {next(_numbers)} {timezone.now()}")
    court = Agency.objects.create(kind=AgencyKind.COURT, name=f"Court {next(_numbers)} {timezone.now()}")
    town = Town.objects.create(name=f"Town {next(_numbers)} {timezone.now()}", police=police)
    for agency, role in ((police, Role.LIAISON), (court, Role.CLERK)):
        user = User.objects.create_user(f"{agency.pk}@bench.example", None, name="Bench")
        Membership.objects.create(user=user, agency=agency, role=role)
    now = timezone.now()
    # Planned in parts, as an import does: PostgreSQL ends a transaction that thinks for long.
    for part in range(0, orders, _PART):
        enter_orders(
            [
                NewOrder(
                    docket_number=f"{court.pk}-{number}",
                    court=court,
                    kind="restraining_order",
                    respondent_name="Ash Birch",
                    respondent_town=town,
                    issued_at=now - timedelta(days=3),
                    served_at=now - timedelta(hours=30),
                    service_method="in_hand",
                    firearms_indicated=True,
                )
                for number in range(part, min(part + _PART, orders))
            ],
            by=None,
            now=now,
        )


_RAW = """
WITH due AS MATERIALIZED (
  SELECT id FROM orders_checkpoint WHERE state = 0 AND fires_at <= statement_timestamp()
  ORDER BY fires_at, id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE orders_checkpoint c SET state = 1, fired_at = statement_timestamp(), expected = 0
FROM due WHERE c.id = due.id
"""


def raw_claims() -> int:
    """Claim checkpoints in batches without writing anything else: the upper limit."""
    done = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_RAW)
            if not cursor.rowcount:
                return done
            done += cursor.rowcount


def firing(orders: int) -> None:
    """FIRE with two alerts, a follow-up and a history entry for each checkpoint; peer: bare claims."""
    create_orders(orders)
    firer, fired, began = Firer("bench"), 0, time.perf_counter()
    while one := firer.fire().checkpoints:
        fired += one
    ours = fired / (time.perf_counter() - began)
    create_orders(orders)
    began = time.perf_counter()
    peer = raw_claims() / (time.perf_counter() - began)
    say(
        "fire with 2 alerts, follow-up, event · bare claim",
        f"{ours:,.0f}/s",
        f"{peer:,.0f}/s",
        f"{ours / peer:.2f}",
    )


def idle() -> None:
    """One pulse while nothing is due, with statistics as in daily work; peer: the shortest query."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    pending = Checkpoint.objects.filter(state=0).count()
    firer = Firer("bench")

    def nothing() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    ours, peer = median_ms(firer.fire, 500), median_ms(nothing, 500)
    say(
        f"idle pulse, {pending:,} pending · SELECT 1",
        f"{ours:.2f} ms",
        f"{peer:.2f} ms",
        f"{ours / peer:.1f}",
    )


def take_all(
    channel: str,
    messages: Sequence[Message],
    *,
    begin: Callable[[str, Sequence[int]], Sequence[int]],
    only_provider: str = "",
) -> Iterator[tuple[str, SendResult]]:
    """A provider that accepts everything immediately."""
    begin(channel, range(len(messages)))
    return (("nowhere", SendResult(status=SendStatus.ACCEPTED)) for _ in messages)


def draining(alerts: int) -> None:
    """Lease, begin and complete a hundred alerts for each hint; peer: one alert for each hint."""

    def drain(limit: int) -> float:
        Alert.objects.filter(
            pk__in=list(Alert.objects.order_by("-id").values_list("pk", flat=True)[:alerts])
        ).update(state=0, lease_until=None, message_key=None, first_sent_at=None, provider="")
        began, done = time.perf_counter(), 0
        while one := sending.drain(limit, worker="bench"):
            done += one
        return done / (time.perf_counter() - began)

    with patch.object(providers, "send", take_all), override_settings(MOST_MESSAGES_AN_HOUR=1_000_000):
        ours, peer = drain(100), drain(1)
    say("drain 100 alerts a hint · 1 a hint", f"{ours:,.0f}/s", f"{peer:,.0f}/s", f"{ours / peer:.1f}")
