"""The board: the cases of a person's agencies that need somebody now, one row for each case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.access import MATRIX
from accounts.models import User
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    Attempt,
    ComingService,
    CustodyRequest,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmStatus,
    FollowUp,
    Order,
)
from orders.querysets import order_visibility
from orders.services.coming_service import STILL_DUE, next_of
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.queue import offers_to
from orders.services.order_state import last_days, not_ended, state_of
from orders.services.planning.load_inventories import load_inventories
from orders.views.cases.requests import CaseRequest, deadlines_of
from orders.views.cases.rows import BoardRow

#: The most rows of one section.
MOST = 25
#: Orders that are read to find those that still wait for service: some ended in the last days.
MOST_READ = 250
#: How long a case stays in “Done”.
DONE_FOR = timedelta(days=7)

#: The roles that work the clock of a surrender; the others serve orders only.
SURRENDER_ROLES = MATRIX.resources["inventory"].actions["view"] - MATRIX.capacities["court"].seen_by
#: The roles that have a board.
BOARD_ROLES = SURRENDER_ROLES | MATRIX.capacities["marshal"].seen_by


@dataclass(kw_only=True)
class BoardSection:
    """Cases of one kind, the most urgent first; `has_more` if not all are shown."""

    name: str
    title: str
    hint: str
    rows: list[BoardRow] = field(default_factory=list)
    has_more: bool = False


@dataclass(kw_only=True)
class Board:
    """The board of a person at `now`."""

    person: User
    now: datetime

    @cached_property
    def sections(self) -> list[BoardSection]:
        """The sections that have rows, in the order in which they need work."""
        found = [self._service()]
        if self.person.roles & SURRENDER_ROLES:
            found = [
                self._running(),
                self._late(),
                *found,
                self._returns(),
                self._transfers(),
                self._sworn(),
                self._done(),
            ]
        sections = [one for one in found if one.rows]
        self._fill([row for one in sections for row in one.rows])
        return sections

    @property
    def counts(self) -> list[BoardSection]:
        """The sections as their numbers are shown above the rows: what is late comes first."""
        return sorted(self.sections, key=lambda one: one.name != "late")

    @property
    def orders(self) -> list[Order]:
        """The orders of all rows, for the access log."""
        return [row.order for section in self.sections for row in section.rows]

    def _running(self) -> BoardSection:
        rows = self._surrender().filter(state__in=RUNNING, due_at__gt=self.now)
        return self._of_deadlines(rows, "due_at", "running", "Running", "the time is not over")

    def _late(self) -> BoardSection:
        rows = self._surrender().filter(state__in=RUNNING, due_at__lte=self.now)
        return self._of_deadlines(rows, "due_at", "late", "Late", "the time is over")

    def _met(self) -> QuerySet[Deadline]:
        return self._surrender().filter(
            state=DeadlineState.MET, met_at__gt=self.now - DONE_FOR, met_at__lte=self.now
        )

    def _sworn(self) -> BoardSection:
        rows = self._met().filter(proof__in=STATEMENT_ALONE)
        return self._of_deadlines(rows, "-met_at", "sworn", "Sworn this week", "the respondent's word alone")

    def _done(self) -> BoardSection:
        rows = self._met().exclude(proof__in=STATEMENT_ALONE)
        return self._of_deadlines(rows, "-met_at", "done", "Done this week", "proven, or found by the court")

    def _service(self) -> BoardSection:
        """Orders to be served. Police need those against people who may be armed; a marshal needs all."""
        rows = Order.objects.filter(
            order_visibility(self.person, roles=BOARD_ROLES).by_agency("pk"),
            served_at=None,
            vacated_at=None,
            withdrawn_at=None,
        )
        if not self.person.roles & MATRIX.capacities["marshal"].seen_by:
            listed = Exists(Firearm.objects.filter(order=OuterRef("pk")))
            asked = Exists(
                ComingService.objects.filter(
                    order=OuterRef("pk"), asks_police=True, planned_at__gt=self.now - STILL_DUE
                )
            )
            rows = rows.filter(Q(firearms_indicated=True) | Q(permit_indicated=True) | listed | asked)
        rows = rows.filter(not_ended(self.now))
        found = list(rows.select_related(*_ORDER).order_by("-issued_on", "-pk")[:MOST_READ])
        days = last_days(found)
        live = [one for one in found if state_of(one, days[one.pk], now=self.now).is_live]
        coming = next_of([one.pk for one in live], self.now)
        live.sort(key=lambda one: coming[one.pk].planned_at if one.pk in coming else _NO_DATE)
        return BoardSection(
            name="service",
            title="Service coming",
            hint="not served yet",
            rows=[BoardRow(order=one, now=self.now, coming=coming.get(one.pk)) for one in live[:MOST]],
            has_more=len(live) > MOST or len(found) == MOST_READ,
        )

    def _returns(self) -> BoardSection:
        """Requests for return without a decision, and sales to deliver, while police hold their firearms."""
        held = Firearm.objects.filter(order__case=OuterRef("order__case"), status=FirearmStatus.SURRENDERED)
        named = CustodyRequest.firearms.through.objects.filter(custodyrequest=OuterRef("pk"))
        rows = CustodyRequest.objects.filter(
            Exists(held) & ~Exists(named) | Exists(named.filter(firearm__status=FirearmStatus.SURRENDERED)),
            order_visibility(self.person, roles=SURRENDER_ROLES).by_agency("order_id"),
            decision=None,
            order__withdrawn_at=None,
        )
        rows = rows.select_related("decision", *(f"order__{one}" for one in _ORDER))
        rows = rows.prefetch_related("checks", "holds")
        found = list(rows.order_by("requested_on", "pk")[: MOST + 1])
        deadlines = deadlines_of(found)
        return BoardSection(
            name="returns",
            title="Returns",
            hint="somebody asks for firearms in custody",
            rows=[
                BoardRow(
                    order=one.order,
                    now=self.now,
                    request=CaseRequest(row=one, is_open=True, now=self.now),
                    deadline=deadlines.get(one.pk),
                )
                for one in found[:MOST]
            ],
            has_more=len(found) > MOST,
        )

    def _transfers(self) -> BoardSection:
        """Follow-ups that other police ask the person's agencies to take over."""
        found = list(offers_to(self.person).select_related("order__case__court")[: MOST + 1])
        return BoardSection(
            name="transfers",
            title="Transfers to answer",
            hint="other police ask you to take over",
            rows=[
                BoardRow(order=one.order, now=self.now, transfer=one, deadline=one.follow_up.deadline)
                for one in found[:MOST]
            ],
            has_more=len(found) > MOST,
        )

    def _surrender(self) -> QuerySet[Deadline]:
        visible = order_visibility(self.person, roles=SURRENDER_ROLES).by_agency("order_id")
        return Deadline.objects.filter(visible, rule_id__in=surrender_rules())

    def _of_deadlines(
        self, rows: QuerySet[Deadline], order_by: str, name: str, title: str, hint: str
    ) -> BoardSection:
        """One row for each case: the deadline that comes first in `order_by`."""
        firsts = rows.order_by("order__case_id", order_by, "pk").distinct("order__case_id").values("pk")
        found = list(
            Deadline.objects.filter(pk__in=firsts)
            .select_related(*(f"order__{one}" for one in _ORDER))
            .order_by(order_by, "pk")[: MOST + 1]
        )
        return BoardSection(
            name=name,
            title=title,
            hint=hint,
            rows=[BoardRow(order=one.order, now=self.now, deadline=one) for one in found[:MOST]],
            has_more=len(found) > MOST,
        )

    def _fill(self, rows: Sequence[BoardRow]) -> None:
        """Add what each row shows besides: the firearms, the follow-up and the last attempt."""
        addresses = "respondent.address" in MATRIX.sees(self.person.roles & BOARD_ROLES, ("respondent",))
        for row in rows:
            row.found_by = row.order.case.respondent.address if addresses else ""
        if not rows or not self.person.roles & SURRENDER_ROLES:
            return
        inventories = load_inventories({row.order.case_id for row in rows})
        follow_ups = _follow_ups(row.deadline for row in rows)
        attempts = _last_attempts(follow_ups.values())
        serials = _serials({row.order.case_id for row in rows})
        for row in rows:
            row.reader = self.person
            row.found_by += f" {serials.get(row.order.case_id, '')}"
            row.balance = inventories[row.order.case_id].balance_for(row.order)
            row.follow_up = follow_ups.get(row.deadline.pk) if row.deadline else None
            row.last_attempt = attempts.get(row.follow_up.pk) if row.follow_up else None


#: Sorts what has no date after everything that has one.
_NO_DATE = datetime.max.replace(tzinfo=UTC)

#: What a row shows of its order.
_ORDER = ("case__court", "case__respondent__town")


def _follow_ups(deadlines: Iterable[Deadline | None]) -> dict[int, FollowUp]:
    """The open follow-up of each deadline, by the key of the deadline."""
    keys = [one.pk for one in deadlines if one is not None]
    rows = FollowUp.objects.filter(deadline__in=keys, closed_at=None).select_related("owner", "assigned_to")
    return {one.deadline_id: one for one in rows.order_by("-pk")}


def _last_attempts(follow_ups: Collection[FollowUp]) -> dict[int, Any]:
    """The last attempt of each follow-up, by the key of the follow-up."""
    rows = Attempt.objects.filter(follow_up__in=[one.pk for one in follow_ups])
    rows = rows.order_by("follow_up_id", F("attempted_at").desc(), "-pk").distinct("follow_up_id")
    return {one.follow_up_id: one for one in rows}


def _serials(cases: Collection[int]) -> dict[int, str]:
    """The serial numbers that each case lists, by the key of the case."""
    found: dict[int, str] = {}
    rows = Firearm.objects.of_case(*cases).exclude(serial="").values_list("order__case", "serial")
    for case, serial in rows:
        found[case] = f"{found.get(case, '')} {serial}"
    return found
