"""Requests for return or sale as police read them: what is asked for, checked, held back and decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from accounts.dates import format_day
from orders.display import clock_words, due_words, first_upper
from orders.forms.acts import ACTS
from orders.forms.proof import DELIVER
from orders.models import (
    CustodyRequest,
    CustodyRequestKind,
    Deadline,
    DisposalKind,
    Firearm,
    Order,
    ReturnDecision,
    ReturnHold,
)
from orders.services.court_days import court_day, zone_of
from orders.services.firearms.requests import request_words
from orders.services.firearms.return_steps import ChecklistLine, checklist_of
from orders.views.cases.lines import CaseAct, act_address, item_acts

#: The acts on a request that is open, besides a check.
_STEPS = ("return", "return-hold", "return-decision")


def waits_for_police(row: CustodyRequest, held: Collection[int]) -> bool:
    """True while a request waits for firearms that police hold; `held` are those of its case, by key."""
    named = {one.pk for one in row.firearms.all()}
    return getattr(row, "decision", None) is None and bool(named & set(held) if named else held)


def deadlines_of(rows: Sequence[CustodyRequest]) -> dict[int, Deadline]:
    """Return the running time for the return of each request, by the key of the request."""
    keys = {one.public_id.hex: one.pk for one in rows}
    found = Deadline.objects.filter(order__in={one.order_id for one in rows}, occurrence__in=keys)
    return {keys[one.occurrence]: one for one in found.order_by("-due_at") if one.is_running}


@dataclass(frozen=True, kw_only=True)
class CaseRequest:
    """A request of `row.order` at `now`; it is open while police hold firearms that somebody waits for."""

    row: CustodyRequest
    is_open: bool
    now: datetime
    #: The time for the return, while it runs.
    deadline: Deadline | None = None

    @property
    def decision(self) -> ReturnDecision | None:
        """How it ended without a return, if it did."""
        return getattr(self.row, "decision", None)

    @cached_property
    def checklist(self) -> list[ChecklistLine]:
        """What the law requires before a return, with the latest checks."""
        return checklist_of(self.row)

    @property
    def hold(self) -> ReturnHold | None:
        """The hold that lasts longest, if one is in force."""
        today = court_day(self.row.order, self.now)
        current = [one for one in self.row.holds.all() if one.ends_on >= today]
        return max(current, key=lambda one: one.ends_on, default=None)

    @property
    def clock(self) -> str:
        """The time that is left to decide, or how late it is."""
        return clock_words(self.deadline, self.now) if self.deadline else ""

    @property
    def is_sale(self) -> bool:
        """True if police deliver to a buyer, and decide nothing."""
        return self.row.kind == CustodyRequestKind.SALE

    @property
    def due(self) -> str:
        """Until when police decide or deliver."""
        return due_words(self.deadline, zone_of(self.row.order)) if self.deadline else ""

    @property
    def checked(self) -> str:
        """How many of the checks are confirmed."""
        done = sum(one.is_confirmed is True for one in self.checklist)
        return f"{done} of {len(self.checklist)} checks confirmed" if self.checklist else ""

    @property
    def words(self) -> str:
        """Where the request is now."""
        if self.decision is not None:
            return str(self.decision.get_outcome_display())
        if not self.is_open:
            return "Done: police hold nothing of it any more"
        if (hold := self.hold) is not None:
            return f"Held back through {format_day(hold.ends_on)}"
        if any(one.is_confirmed is False for one in self.checklist):
            return "A check was not confirmed: do not return"
        if self.is_sale:
            return "Waits for delivery to the buyer"
        return self.checked or "Waits for a decision"


@dataclass(frozen=True, kw_only=True)
class CaseRequestLine:
    """A request on the page of a case, with the acts that put each part of it right."""

    state: CaseRequest
    order: Order
    roles: Collection[str]

    @property
    def words(self) -> str:
        """The request itself."""
        return first_upper(request_words(self.state.row))

    @property
    def firearms(self) -> Sequence[Firearm]:
        """The firearms that it names; empty if it is about everything in custody."""
        return list(self.state.row.firearms.all())

    @property
    def acts(self) -> list[CaseAct]:
        """The acts on the request."""
        return item_acts(self.state.row, self.order, self.roles)

    @property
    def check_address(self) -> str:
        """The address of the form of a check; empty if the reader may not record one here."""
        act = ACTS["return-check"]
        is_own = self._is_own and not self.state.is_sale
        return act_address(self.order, act) if is_own and act.is_permitted(self.roles) else ""

    @property
    def steps(self) -> list[CaseAct]:
        """What ends an open request, and what holds it back."""
        if self.state.is_open and self.state.is_sale and self._is_own:
            return self._delivery
        if not self.state.is_open or not self.check_address:
            return []
        acts = (ACTS[name] for name in _STEPS)
        return [
            CaseAct(title=act.title, address=act_address(self.order, act))
            for act in acts
            if act.is_permitted(self.roles)
        ]

    @property
    def _is_own(self) -> bool:
        return self.state.row.order_id == self.order.pk

    @property
    def _delivery(self) -> list[CaseAct]:
        """The form of a transfer, which begins with the buyer."""
        act = ACTS["dispose"]
        address = f"{act_address(self.order, act)}?kind={DisposalKind.TRANSFERRED}"
        return [CaseAct(title=DELIVER, address=address)] if act.is_permitted(self.roles) else []

    @property
    def decision_acts(self) -> list[CaseAct]:
        """The acts on its decision."""
        return item_acts(self.state.decision, self.order, self.roles) if self.state.decision else []

    @property
    def checks(self) -> list[tuple[ChecklistLine, list[CaseAct]]]:
        """The checklist, each line with the acts on its latest check."""
        return [
            (one, item_acts(one.check, self.order, self.roles) if one.check else [])
            for one in self.state.checklist
        ]

    @property
    def holds(self) -> list[tuple[ReturnHold, list[CaseAct]]]:
        """The holds, each with its acts."""
        return [(one, item_acts(one, self.order, self.roles)) for one in self.state.row.holds.all()]
