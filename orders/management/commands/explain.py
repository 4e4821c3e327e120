"""Explain every deadline of an order in sentences."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import AuditAction, EntryPoint
from accounts.services.access.access_log import record
from orders.models import Order
from orders.rules.explain import day_words, instant_words, sentences
from orders.rules.planned import Moment, PlannedDeadline
from orders.rules.words import LANGUAGE, languages
from orders.services.court_days import zone_of
from orders.services.planning.explanations import find_orders, plan_now


class Command(BaseCommand):
    """Print the deadlines that the facts give now. No person is named. The access log records it."""

    help = "Explain every deadline of an order, or of all orders of a docket, in sentences."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the order and the language."""
        parser.add_argument("order", metavar="ORDER", help="Public id, registry number or docket number.")
        parser.add_argument(
            "--language",
            choices=languages(),
            default=LANGUAGE,
            help="Language of the sentences; the lines above them are in English.",
        )

    def handle(self, **options: Any) -> None:
        """Print the deadlines. Raise `CommandError` if no order has that name."""
        orders = find_orders(options["order"])
        if not orders:
            raise CommandError(
                f"“{options['order']}” is not an order. Enter a public id, registry number or docket number."
            )
        record(
            AuditAction.SEEN,
            EntryPoint.COMMAND,
            what="explain",
            cases=sorted({one.case.public_id for one in orders}),
        )
        now = timezone.now()
        for order, planned in plan_now(orders):
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


def _sentences(planned: PlannedDeadline, now: datetime, language: str) -> Iterator[str]:
    state = planned.status(now).replace("_", " ")
    due = f", due {_words(planned.due, planned)}" if planned.due else ""
    yield f"{planned.rule.id}{f' ({planned.occurrence})' if planned.occurrence else ''}: {state}{due}"
    for sentence in sentences(planned, language):
        yield f"  {sentence}"


def _words(moment: Moment, planned: PlannedDeadline) -> str:
    if moment.at is not None:
        return instant_words(moment.at, planned.jurisdiction.zone)
    return day_words(moment.day(planned.jurisdiction))
