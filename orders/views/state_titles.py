"""Titles of deadlines as states: “Firearms not surrendered, 7 days late”, not the sentence of a rule."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from orders.display import due_words, late_words, shown_state
from orders.models import STATEMENT_ALONE, Deadline, DeadlineState, ProofStatus, ShownState
from orders.services.firearms.accounting import FirearmAccount
from orders.services.firearms.surrender import surrender_rules
from orders.views.court.words import step_of

#: The states of the duty to surrender.
_SURRENDER: dict[ShownState, str] = {
    DeadlineState.OVERDUE: "Firearms not surrendered",
    DeadlineState.OPEN: "Firearms to be surrendered",
    DeadlineState.NOT_STARTED: "Firearms to be surrendered after service",
    DeadlineState.MET: "Firearms accounted for",
    ProofStatus.PROVEN: "Firearms accounted for, proven",
    ProofStatus.SWORN: "Sworn to have no firearms, not verified",
    ProofStatus.CONTRADICTED: "Sworn to have no firearms, contradicted",
    ProofStatus.FOUND: "Firearms accounted for by the court",
}


def state_title(deadline: Deadline, now: datetime) -> str:
    """Return the title of a deadline at `now`, with how late it is."""
    words = step_of(deadline.rule_id).words
    if deadline.rule_id in surrender_rules():
        words = _SURRENDER.get(shown_state(deadline, now), words)
    late = late_words(deadline, now)
    return f"{words}, {late} late" if late else words


def headline(deadline: Deadline | None, account: FirearmAccount, zone: ZoneInfo, now: datetime) -> str:
    """Return the state of a surrender as a sentence that an officer reads first."""
    if deadline is None:
        return "No duty to surrender firearms runs"
    if deadline.is_overdue(now):
        return f"Firearms not surrendered, {late_words(deadline, now)} late"
    if account.report and deadline.is_running:
        return f"Reported: still has firearms. To be surrendered by {due_words(deadline, zone)}"
    if deadline.proof in STATEMENT_ALONE:
        return "Sworn, not verified: check whether the respondent has firearms"
    if deadline.is_running:
        return f"Firearms to be surrendered by {due_words(deadline, zone)}"
    return _HEADLINES.get(DeadlineState(deadline.state)) or (
        "Everything that is known is accounted for" if account.is_complete else "Surrender is recorded"
    )


#: The headline of a deadline that does not run.
_HEADLINES = {
    DeadlineState.NOT_STARTED: "Not served: the time for surrender begins at service",
    DeadlineState.CANNOT_COMPUTE: "The time for surrender cannot be computed: a fact is missing",
}
