"""Says every deadline of an order in sentences."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Act, Door
from accounts.services.audit import record
from orders.models import Order
from orders.rules.explain import day_words, instant_words
from orders.rules.plan import Moment, Planned
from orders.rules.words import LANGUAGE, languages
from orders.services.change import zone_of
from orders.services.explaining import find_orders, plan_afresh


class Command(BaseCommand):
    """Prints what the facts give now, planned afresh; no person is named. It is on record."""

    help = "Says every deadline of one order, or of all orders of a docket, in sentences."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What names the order."""
        parser.add_argument(
            "order", metavar="ORDER", help="A public id, a registry number or a docket number."
        )
        parser.add_argument(
            "--language",
            choices=languages(),
            default=LANGUAGE,
            help="The language of the sentences; the lines above them are in English.",
        )

    def handle(self, **options: Any) -> None:
        """Prints the deadlines."""
        orders = find_orders(options["order"])
        if not orders:
            raise CommandError(
                f"“{options['order']}” is no order. Give its public id, registry number or docket number."
            )
        record(Act.SEEN, Door.COMMAND, what="explain", cases=sorted({one.case.public_id for one in orders}))
        now = timezone.now()
        for order, planned in plan_afresh(orders):
            for line in _about(order):
                self.stdout.write(line)
            for one in planned:
                self.stdout.write("")
                for line in _sentences(one, now, options["language"]):
                    self.stdout.write(line)
            self.stdout.write("")


def _about(order: Order) -> Iterator[str]:
    zone = zone_of(order)
    issued, served = order.issued_at, order.served_at
    yield f"{order}, docket {order.case.docket_number}"
    yield f"Issued {instant_words(issued, zone) if issued else day_words(order.issued_on)}."
    yield f"Served {instant_words(served, zone)}." if served else "Not served."


def _sentences(planned: Planned, now: datetime, language: str) -> Iterator[str]:
    state = planned.status(now).replace("_", " ")
    due = f", due {_words(planned.due, planned)}" if planned.due else ""
    yield f"{planned.rule.id}{f' ({planned.occurrence})' if planned.occurrence else ''}: {state}{due}"
    for sentence in planned.explain(language):
        yield f"  {sentence}"


def _words(moment: Moment, planned: Planned) -> str:
    if moment.at is not None:
        return instant_words(moment.at, planned.jurisdiction.zone)
    return day_words(moment.day(planned.jurisdiction))
