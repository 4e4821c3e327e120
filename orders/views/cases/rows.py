"""One row of the board: a case with its clock, firearms, owner and next action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.dates import format_day, format_short
from accounts.models import User
from orders.boxes import boxes
from orders.display import clock_words, due_words, shown_state
from orders.models import (
    Attempt,
    ComingService,
    Deadline,
    FollowUp,
    Order,
    ProofStatus,
    ShownState,
    Transfer,
)
from orders.services.coming_service import presence_words
from orders.services.planning.inventory import Balance
from orders.views.cases.requests import CaseRequest
from orders.views.court_time import InCourtTime


@dataclass(kw_only=True)
class BoardRow(InCourtTime):
    """One case: its order, and the deadline, request or service that makes it urgent."""

    order: Order
    now: datetime
    deadline: Deadline | None = None
    request: CaseRequest | None = None
    transfer: Transfer | None = None
    #: The service that is announced and comes next.
    coming: ComingService | None = None
    #: What else finds the row: serial numbers and the respondent's address, as far as the reader sees them.
    found_by: str = ""
    balance: Balance | None = None
    follow_up: FollowUp | None = None
    reader: User | None = None
    last_attempt: Attempt | None = None

    @property
    def clock(self) -> str:
        """The time that is left, or how late it is."""
        return clock_words(self.deadline, self.now) if self.deadline else ""

    @property
    def is_late(self) -> bool:
        """True if the deadline is overdue."""
        return self.deadline is not None and self.deadline.is_overdue(self.now)

    @property
    def is_short(self) -> bool:
        """True if less than four hours are left."""
        due = self.deadline.due_at if self.deadline else None
        return due is not None and self.now < due < self.now + timedelta(hours=4)

    @property
    def due(self) -> str:
        """When it is due, when it was issued, or when the return was asked for."""
        if self.transfer is not None:
            return f"{self.transfer.from_agency} asks, {format_short(self.transfer.offered_at, self.zone)}"
        if self.request is not None:
            return f"Asked for {format_day(self.request.row.requested_on)}"
        if self.deadline is None or self.deadline.due_at is None:
            return self._before_service
        if self.deadline.met_at is not None and not self.deadline.is_running:
            return f"Recorded {format_short(self.deadline.met_at, self.zone)}"
        if self.deadline.due_on is not None:
            return f"Due {due_words(self.deadline, self.zone)}"
        return f"Due {format_short(self.deadline.due_at, self.zone)}"

    @property
    def _before_service(self) -> str:
        if self.coming is not None:
            return f"Service {format_short(self.coming.planned_at, self.zone)}"
        return f"Issued {format_day(self.order.issued_on)}"

    @property
    def state(self) -> ShownState | None:
        """The state of the surrender, if the section does not name it.

        A sworn denial counts no more once it was reported that firearms are still there.
        """
        if self.deadline is None or self.request is not None or self.is_reported:
            return None
        if self.deadline.proof == ProofStatus.SWORN and self.deadline.is_running:
            return ProofStatus.SWORN
        state = shown_state(self.deadline, self.now)
        return state if isinstance(state, ProofStatus) else None

    @property
    def is_reported(self) -> bool:
        """True if it was reported to the court that the respondent still has firearms."""
        return self.balance is not None and self.balance.reported > 0

    @property
    def boxes(self) -> list[bool]:
        """One box for each firearm, true if it is accounted for; empty if there are too many to draw."""
        return boxes(self.balance.accounted, self.balance.whole) if self.balance else []

    @property
    def firearms(self) -> str:
        """How many firearms are accounted for, in words."""
        return self.balance.words if self.balance is not None else ""

    @property
    def presence(self) -> str:
        """Where the order will be served, and whether police will be present."""
        return f"{self.coming.place}. {presence_words(self.coming)}" if self.coming is not None else ""

    @property
    def request_words(self) -> str:
        """Where the request for return is now."""
        return self.request.words if self.request is not None else ""

    @property
    def owner(self) -> str:
        """Who owns the follow-up."""
        if self.follow_up is None:
            return ""
        if self.follow_up.assigned_to is not None and self.follow_up.assigned_to == self.reader:
            return "you"
        return str(self.follow_up.assigned_to or f"{self.follow_up.owner}, no person yet")

    @property
    def next_action(self) -> str:
        """When the next action is planned."""
        return format_short(self.follow_up.next_action_at, self.zone) if self.follow_up else ""

    @property
    def last_answer(self) -> str:
        """The result of the last attempt at recovery."""
        one = self.last_attempt
        return f"{one.get_result_display()}, {format_short(one.attempted_at, self.zone)}" if one else ""

    @property
    def whose(self) -> str:
        """“mine”, “open” if no person has it yet or an offer waits for an answer, or “other”."""
        if self.follow_up is None or self.follow_up.assigned_to is None or self.transfer is not None:
            return "open"
        return "mine" if self.follow_up.assigned_to == self.reader else "other"

    @property
    def can_be_taken(self) -> bool:
        """True if the reader's agency owns the follow-up and no person has it."""
        one = self.follow_up
        if one is None or one.assigned_to is not None or self.reader is None or self.transfer is not None:
            return False
        return one.owner_id in self.reader.agencies_for("assign", "follow_up")

    @property
    def words(self) -> str:
        """What a person types to find the row."""
        case = self.order.case
        return " ".join([case.respondent.name, case.docket_number, str(case.respondent.town), self.found_by])

    @property
    def facts(self) -> str:
        """What the row shows, without the clock: it changes when the case does."""
        return repr(
            [
                self.order.pk,
                self.due,
                self.state,
                self.firearms,
                self.owner,
                self.next_action,
                self.request_words,
                self.presence,
                self.is_reported,
            ]
        )
