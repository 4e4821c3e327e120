"""The surrender duty of an order as the top of its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.dates import format_instant
from orders.display import clock_words, due_words, law_name, shown_state, span_words
from orders.models import STATEMENT_ALONE, Deadline, DeadlineState, ProofStatus, ShownState

#: The tone of each state: only what is proven is green, and what was only sworn is amber.
_TONES: dict[str, str] = {
    DeadlineState.OVERDUE: "late",
    DeadlineState.OPEN: "runs",
    ProofStatus.PROVEN: "proven",
    ProofStatus.FOUND: "found",
    ProofStatus.SWORN: "sworn",
    ProofStatus.CONTRADICTED: "sworn",
}


@dataclass(frozen=True, kw_only=True)
class SurrenderDuty:
    """The surrender deadline that matters most at `now`; without one, no duty runs."""

    deadline: Deadline | None
    now: datetime
    zone: ZoneInfo

    @property
    def state(self) -> ShownState | None:
        """The state as every reader is shown it."""
        return shown_state(self.deadline, self.now) if self.deadline else None

    @property
    def tone(self) -> str:
        """The color and the shape of the state; gray for a duty that does not run."""
        if self.deadline and self.is_late:
            return "late"
        return _TONES.get(self.state.value if self.state else "", "waits")

    @property
    def is_late(self) -> bool:
        """True if time has run out."""
        return self.deadline is not None and self.deadline.is_overdue(self.now)

    @property
    def is_sworn_only(self) -> bool:
        """True if only the respondent's word supports it."""
        return self.deadline is not None and self.deadline.proof in STATEMENT_ALONE

    @property
    def badge(self) -> str:
        """The state in words."""
        if self.deadline is None:
            return "No duty runs"
        if self.deadline.state == DeadlineState.NOT_STARTED:
            return "Not served"
        return str(self.state.label) if self.state else ""

    @property
    def headline(self) -> str:
        """How much time is left, how late it is, or when it was met."""
        found = self.deadline
        if found is None:
            return "No surrender is due"
        if found.is_running:
            return clock_words(found, self.now)
        if found.met_at is not None:
            return self._met_words(found, found.met_at)
        return "Missing facts" if found.state == DeadlineState.CANNOT_COMPUTE else "Starts at service"

    @property
    def detail(self) -> str:
        """When it is due, and the statute."""
        if self.deadline is None:
            return "No deadline for surrender runs in this order."
        if self.deadline.missing:
            return f"Missing: {', '.join(self.deadline.missing)}"
        due, law = due_words(self.deadline, self.zone), law_name(self.deadline.rule_id)
        met = self.deadline.met_at
        words = (
            [f"{'Sworn' if self.is_sworn_only else 'Met'} {format_instant(met, self.zone)}"] if met else []
        )
        return " · ".join([*words, *([f"Due {due}"] if due else []), *([law] if law else [])])

    def _met_words(self, deadline: Deadline, met_at: datetime) -> str:
        if deadline.met_in_time or deadline.due_at is None:
            return "In time"
        return f"{span_words(met_at - deadline.due_at)} late"
