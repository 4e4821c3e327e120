"""What is recorded about a case: the firearms, statements and the other facts, as lines of a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from accounts.dates import format_day
from orders.display import first_upper
from orders.models import Firearm, Order, Receipt
from orders.services.cautions import CAUTION
from orders.services.coming_service import COMING_SERVICE
from orders.services.correctable import Correctable
from orders.services.firearms.disposals import DISPOSAL
from orders.services.firearms.inventory import FIREARM, PERMIT
from orders.services.firearms.receipts import RECEIPT
from orders.services.firearms.returns import RETURN
from orders.services.firearms.statements import STATEMENT, VERIFICATION
from orders.services.orders.record import OrderRecord
from orders.services.service import ATTEMPT
from orders.views.cases.lines import ItemLine, item_acts


@dataclass(frozen=True, kw_only=True)
class FirearmLine:
    """One firearm of the list: whether it is accounted for, and the acts that put it right."""

    firearm: Firearm
    is_in: bool
    line: ItemLine


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """The facts of an order's case that a reader sees in `roles`; `sees` has fields of the matrix."""

    record: OrderRecord
    roles: Collection[str]
    sees: frozenset[str]

    @cached_property
    def orders(self) -> dict[int, Order]:
        """The orders of the case by key."""
        return {one.pk: one for one in (self.record.order, *self.record.siblings)}

    @property
    def cautions(self) -> list[ItemLine]:
        """What officers must know, the newest first."""
        if "caution.words" not in self.sees:
            return []
        rows = reversed(self.record.cautions)
        return [
            replace(self._item_line(CAUTION, one), words=f"{format_day(one.known_on)}: {one.words}")
            for one in rows
        ]

    @property
    def stated(self) -> list[tuple[str, list[ItemLine]]]:
        """Statements about firearms beside what is known, by kind."""
        record = self.record
        return self._by_kind(
            ("Sworn", "statement", STATEMENT, record.statements),
            ("Checked", "statement_verification", VERIFICATION, record.verifications),
            ("Permit", "permit", PERMIT, record.permits),
        )

    @property
    def facts(self) -> list[tuple[str, list[ItemLine]]]:
        """What else is recorded, by kind, each with the acts that put it right."""
        record = self.record
        return self._by_kind(
            ("Announced service", "coming_service", COMING_SERVICE, record.coming_services),
            ("Failed attempts at service", "service_attempt", ATTEMPT, record.attempts),
            ("Receipts", "receipt", RECEIPT, record.receipts),
            ("Returns", "firearm_return", RETURN, record.returns),
            ("Firearms that left custody", "firearm_disposal", DISPOSAL, record.disposals),
        )

    def _by_kind(
        self, *kinds: tuple[str, str, Correctable, Sequence[Any]]
    ) -> list[tuple[str, list[ItemLine]]]:
        return [
            (title, [self._item_line(fact, one) for one in rows])
            for title, resource, fact, rows in kinds
            if rows and f"{resource}.id" in self.sees
        ]

    @cached_property
    def firearm_lines(self) -> list[FirearmLine]:
        """The firearms of the case and of the person's other cases, open ones first, each once."""
        account = self.record.account
        rows = [(one, False) for one in account.open_items] + [(one, True) for one in account.known_items]
        return [FirearmLine(firearm=one, is_in=is_in, line=self._firearm_line(one)) for one, is_in in rows]

    def _firearm_line(self, one: Firearm) -> ItemLine:
        if one.order_id in self.orders:
            return self._item_line(FIREARM, one)
        return ItemLine(words=str(one), acts=())

    def _item_line(self, fact: Correctable, row: Any) -> ItemLine:
        """Return an item in words. What belongs to another order of the case is put right on its page."""
        row.order = self.orders[row.order_id]
        receipt = row if isinstance(row, Receipt) else None
        acts = item_acts(row, self.record.order, self.roles)
        return ItemLine(words=first_upper(fact.words(row)), acts=acts, receipt=receipt)
