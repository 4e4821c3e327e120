"""What police and court check, hold back and decide about a request for the return of firearms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from accounts.dates import at_the_end, format_day, format_instant
from accounts.models import POLICE, Agency, AgencyKind, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import (
    Confirmed,
    CustodyRequest,
    CustodyRequestKind,
    FirearmStatus,
    Order,
    ReturnCheck,
    ReturnDecision,
    ReturnHold,
    ReturnOutcome,
)
from orders.rules.vocabulary import EntryType, ReturnRequirement
from orders.services.change import Change, changing
from orders.services.conditions.notices import law_of
from orders.services.correctable import ChoiceColumn, Column, Correctable, DayColumn, InstantColumn
from orders.services.court_days import check_day_ahead, court_day, zone_of
from orders.services.firearms.custody import holders_of
from orders.services.firearms.release import latest_checks
from orders.services.firearms.requests import request_words
from orders.services.one_round import refuse
from orders.services.planning.load_requests import left_at
from orders.services.validation import check_instant, need_one_of, need_police


def to_check(order: Order) -> list[Confirmed]:
    """What must be checked before firearms of the order go back. That they were asked for is on record."""
    asking = (entry for entry in law_of(order) if entry.type is EntryType.RETURN)
    words = (word for entry in asking for word in entry.requires if word != ReturnRequirement.REQUESTED)
    return [Confirmed(word) for word in dict.fromkeys(words)]


@dataclass(frozen=True, kw_only=True)
class ChecklistLine:
    """One condition of a return, with its latest check; None if it was not checked."""

    condition: Confirmed
    check: ReturnCheck | None

    @property
    def words(self) -> str:
        """The condition itself, for a list of what is checked."""
        text = str(self.condition.label).removeprefix("It was checked that ")
        return text[:1].upper() + text[1:]

    @property
    def is_confirmed(self) -> bool | None:
        """Whether the latest check confirmed it; None without a check."""
        return None if self.check is None else self.check.is_confirmed


def checklist_of(request: CustodyRequest) -> list[ChecklistLine]:
    """What must be checked before a return that is requested, with the latest checks; empty for a sale."""
    if request.kind != CustodyRequestKind.RETURN:
        return []
    latest = latest_checks(request)
    return [ChecklistLine(condition=one, check=latest.get(one)) for one in to_check(request.order)]


def record_return_check(
    request: CustodyRequest,
    *,
    condition: str,
    is_confirmed: bool,
    checked_at: datetime,
    agency: Agency,
    checked_by: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> ReturnCheck:
    """Record a check of one condition of a return. Raises `InvalidFact`."""
    with changing(request.order, "return_checked", by=by, now=now, occurred_at=checked_at) as change:
        row = ReturnCheck(
            order=change.order,
            request=_request(change, request),
            condition=condition,
            is_confirmed=is_confirmed,
            checked_at=checked_at,
            agency=agency,
            checked_by=checked_by,
            note=note,
        )
        check_return_check(row, now=now)
        row.save()
        RETURN_CHECK.note(change, row)
    return row


def check_return_check(row: ReturnCheck, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved check and set its offset. Raises `InvalidFact`."""
    need_one_of("condition", "unknown_condition", row.condition, [one.value for one in to_check(row.order)])
    row.checked_offset = _since_request("checked_at", row.request, row.checked_at, now=now)
    if row.agency.kind not in (*POLICE, AgencyKind.COURT):
        refuse("agency", "not_a_checker", "Choose the court or the police agency that checked.")
    row.checked_by, row.note = clean(row.checked_by), clean(row.note)
    if not row.checked_by:
        refuse("checked_by", "required", "Enter the name of the person who checked.")
    if not row.is_confirmed and not row.note:
        refuse("note", "required", "Describe what was found instead.")
    same = row.request.checks.filter(condition=row.condition, checked_at=row.checked_at)
    if same.exclude(pk=row.pk).exists():
        refuse("checked_at", "duplicate_check", "This check is already recorded.")


def record_return_hold(
    request: CustodyRequest,
    *,
    held_at: datetime,
    ends_on: date,
    agency: Agency,
    officer: str,
    why: str,
    by: User | None,
    now: datetime,
) -> ReturnHold:
    """Record that police hold the firearms of a request back until the end of a day. Raises `InvalidFact`."""
    with changing(request.order, "return_held", by=by, now=now, occurred_at=held_at) as change:
        row = ReturnHold(
            order=change.order,
            request=_request(change, request),
            held_at=held_at,
            ends_on=ends_on,
            agency=agency,
            officer=officer,
            why=why,
        )
        if ends_on < (today := court_day(change.order, now)):
            refuse(
                "ends_on", "not_ahead", f"{format_day(ends_on)} is past. Enter {format_day(today)} or later."
            )
        check_return_hold(row, now=now)
        row.save()
        RETURN_HOLD.note(change, row)
    return row


def check_return_hold(row: ReturnHold, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved hold and set its offset. Raises `InvalidFact`."""
    row.held_offset = _since_request("held_at", row.request, row.held_at, now=now)
    check_day_ahead("ends_on", row.ends_on, now=now)
    if row.ends_on < (first := court_day(row.order, row.held_at)):
        refuse(
            "ends_on",
            "ends_before_it_begins",
            f"{format_day(row.ends_on)} is before the hold began, {format_day(first)}. Correct one of "
            "the two.",
        )
    _check_officer(row)
    if (left := left_at(row.request)) and row.held_at > left:
        when = format_instant(left, zone_of(row.order))
        refuse("held_at", "nothing_held", f"The firearms left custody {when}. Correct one of the two.")
    decision: ReturnDecision | None = getattr(row.request, "decision", None)
    if decision is not None and row.held_at > decision.decided_at:
        when = format_instant(decision.decided_at, zone_of(row.order))
        refuse("held_at", "already_decided", f"The request has ended {when}. Correct one of the two.")
    if row.request.holds.filter(held_at=row.held_at).exclude(pk=row.pk).exists():
        refuse("held_at", "duplicate_hold", "This hold is already recorded.")


def decide_return(
    request: CustodyRequest,
    *,
    outcome: str,
    decided_at: datetime,
    agency: Agency,
    officer: str,
    why: str,
    by: User | None,
    now: datetime,
) -> ReturnDecision:
    """Record that a request for return ended without a return. Raises `InvalidFact`.

    It ends the time for the return and does not meet it.
    """
    with changing(request.order, "return_decided", by=by, now=now, occurred_at=decided_at) as change:
        row = ReturnDecision(
            order=change.order,
            request=_request(change, request),
            outcome=outcome,
            decided_at=decided_at,
            agency=agency,
            officer=officer,
            why=why,
        )
        if not waits(row.request):
            refuse("request", "nothing_held", "Police hold no firearm of this request any more.")
        check_return_decision(row, now=now)
        row.save()
        RETURN_DECISION.note(change, row)
    return row


def check_return_decision(row: ReturnDecision, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved decision and set its offset. Raises `InvalidFact`."""
    need_one_of("outcome", "unknown_outcome", row.outcome, ReturnOutcome.values)
    row.decided_offset = _since_request("decided_at", row.request, row.decided_at, now=now)
    _check_officer(row)
    if hold := row.request.holds.filter(held_at__gt=row.decided_at).first():
        refuse(
            "decided_at",
            "before_its_hold",
            "Police held the firearms back after that, "
            f"{at_the_end(format_instant(hold.held_at, zone_of(row.order)))} Correct one of the two.",
        )


def _request(change: Change, request: CustodyRequest) -> CustodyRequest:
    """The request as just read: one for return that still waits for a decision. Raises `InvalidFact`."""
    row = CustodyRequest.objects.filter(pk=request.pk, order=change.order).select_related("decision").first()
    if row is None:
        raise InvalidFact("request", "withdrawn", "Someone has withdrawn this request. Open the order again.")
    row.order = change.order
    if row.kind != CustodyRequestKind.RETURN:
        refuse("request", "not_a_return", "Choose a request for the return of firearms.")
    if decision := getattr(row, "decision", None):
        refuse(
            "request",
            "already_decided",
            f"This request has ended: {decision.get_outcome_display().lower()}. Withdraw that first.",
        )
    return row


def waits(request: CustodyRequest) -> bool:
    """True while police hold a firearm of the request, or if it names no firearm."""
    firearms = list(request.firearms.all())
    return not firearms or any(one.status == FirearmStatus.SURRENDERED for one in firearms)


def _since_request(field_name: str, request: CustodyRequest, at: datetime, *, now: datetime) -> int:
    """The offset of an instant that must not be in the future or before the request."""
    zone = zone_of(request.order)
    offset = check_instant(field_name, at, now=now, zone=zone)
    begins = request.requested_at
    if at < begins if begins else court_day(request.order, at) < request.requested_on:
        refuse(
            field_name,
            "before_the_request",
            f"{format_instant(at, zone)} is before the request ({request_words(request)}). Correct one of "
            "the two.",
        )
    return offset


def _check_officer(row: ReturnHold | ReturnDecision) -> None:
    need_police(row.agency, "Choose the police agency that holds the firearms.")
    _check_holds(row)
    row.officer, row.why = clean(row.officer), clean(row.why)
    if not row.officer:
        refuse("officer", "required", "Enter the name of the officer.")
    if not row.why:
        refuse("why", "required", "Enter the reason.")


def _check_holds(row: ReturnHold | ReturnDecision) -> None:
    """Refuse an agency that does not hold the firearms; a stored one held them then."""
    if type(row).objects.filter(pk=row.pk, agency=row.agency).exists():
        return
    held = [one for one in row.request.firearms.all() if one.status == FirearmStatus.SURRENDERED]
    holders = list(holders_of(held).values())
    if holders and row.agency not in holders:
        refuse(
            "agency",
            "not_the_holder",
            f"{holders[0]} holds the firearms of this request. Choose that agency, or record first that it "
            f"gave them to {row.agency}.",
        )


def _check_words(row: ReturnCheck) -> str:
    result = "confirmed" if row.is_confirmed else "not confirmed"
    return f"{row.get_condition_display()}: {result}, {format_instant(row.checked_at, zone_of(row.order))}"


class _ResultColumn(Column):
    """Whether a condition was confirmed."""

    def words(self, row: ReturnCheck) -> str:
        return "confirmed" if row.is_confirmed else "not confirmed"


_AGENCY = Column(name="agency", label="Agency")
_OFFICER = Column(name="officer", label="Officer")
#: Free text, which can name the protected person.
_WHY = Column(name="why", label="Reason", is_private=True)

RETURN_CHECK = Correctable(
    name="return_check",
    model=ReturnCheck,
    noun="check before a return",
    words=_check_words,
    columns=(
        ChoiceColumn(name="condition", label="Condition"),
        _ResultColumn(name="is_confirmed", label="Result"),
        InstantColumn(name="checked_at", label="Checked"),
        _AGENCY,
        Column(name="checked_by", label="Checked by"),
        Column(name="note", label="Note", is_private=True),
    ),
    check=check_return_check,
)

RETURN_HOLD = Correctable(
    name="return_hold",
    model=ReturnHold,
    noun="hold",
    words=lambda row: f"hold through {format_day(row.ends_on)}",
    columns=(
        InstantColumn(name="held_at", label="Decided"),
        DayColumn(name="ends_on", label="Last day of the hold"),
        _AGENCY,
        _OFFICER,
        _WHY,
    ),
    check=check_return_hold,
)

RETURN_DECISION = Correctable(
    name="return_decision",
    model=ReturnDecision,
    noun="decision about a return",
    words=lambda row: f"{row.get_outcome_display()}, {format_instant(row.decided_at, zone_of(row.order))}",
    columns=(
        ChoiceColumn(name="outcome", label="Outcome"),
        InstantColumn(name="decided_at", label="Decided"),
        _AGENCY,
        _OFFICER,
        _WHY,
    ),
    check=check_return_decision,
)
