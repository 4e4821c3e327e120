"""Text for the rows of an order on screens and in messages: titles, states, dates, history."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import get_language

from accounts.dates import format_day, format_instant
from orders.models import (
    STATEMENT_ALONE,
    ConfidentialityRelease,
    Deadline,
    DeadlineState,
    EndStatus,
    HistoryEntry,
    NoticeSent,
    OrderCondition,
    ProofStatus,
    ReleaseRequest,
    SetStatus,
    ShownState,
)
from orders.rules.explain import event_name
from orders.rules.words import LANGUAGE, languages
from orders.services.court_days import zone_of
from orders.services.orders.case_events import RECORDABLE
from orders.services.planning.lasting import condition_title, limited_until
from orders.services.planning.rulebooks import bundled

_KINDS = {
    "acknowledged": "Alert acknowledged",
    "agency_added": "Agency added",
    "application_decided": "Application decided after the hearing",
    "decision_withdrawn": "Decision after the hearing taken back",
    "agency_removed": "Agency removed",
    "alert_resent": "Alert sent again by an administrator",
    "card_corrected": "Card corrected",
    "card_issued": "Card issued",
    "card_withdrawn": "Card withdrawn",
    "case_event_corrected": "Event corrected",
    "alerts_covered": "Someone who was alerted cannot act: others of the agency were alerted",
    "case_event_withdrawn": "Event withdrawn",
    "condition_corrected": "Condition corrected",
    "condition_satisfied": "Condition satisfied",
    "condition_set": "Condition set",
    "condition_withdrawn": "Condition withdrawn",
    "continuance_withdrawn": "Continuance of a hearing undone",
    "corrected": "Facts corrected",
    "deadline_overdue": "Deadline missed",
    "entered": "Order entered",
    "escalated": "Alert repeated: the deadline was still not met",
    "extended": "Order extended",
    "file_attached": "File attached",
    "file_withdrawn": "File withdrawn",
    "firearm_corrected": "Firearm corrected",
    "firearm_withdrawn": "Firearm withdrawn from the list",
    "extension_corrected": "Extension corrected",
    "extension_withdrawn": "Extension withdrawn: the last day is what it was before",
    "follow_up_assigned": "Follow-up assigned",
    "follow_up_attempted": "Attempt at recovery",
    "follow_up_given": "Follow-up given to another owner: its agency no longer sees the order",
    "follow_up_opened": "Follow-up opened: the hourly check found none",
    "next_action_passed": "Next action passed a day ago: owner and supervisors alerted",
    "follow_up_reminded": "Owner of a follow-up reminded",
    "follow_up_attempt_corrected": "Attempt of a follow-up corrected",
    "follow_up_attempt_withdrawn": "Attempt of a follow-up withdrawn",
    "follow_up_rescheduled": "Next action of a follow-up changed",
    "heard": "Hearing held",
    "hearing_corrected": "Hearing corrected",
    "hearing_outcome_withdrawn": "Outcome of a hearing withdrawn",
    "hearing_withdrawn": "Hearing withdrawn",
    "informed": "Alert for information written",
    "licensing_report_corrected": "Report of the licensing unit corrected",
    "licensing_report_withdrawn": "Report of the licensing unit withdrawn",
    "licensing_reported": "Report of the licensing unit",
    "moved": "Order moved to another case",
    "not_acknowledged": "No answer in time: the next contacts were alerted",
    "notice_handed": "Printed notice handed over",
    "modification_corrected": "Modification corrected",
    "modification_withdrawn": "Modification withdrawn",
    "modified": "Order modified by the court",
    "notice_sent_corrected": "Notice sent corrected",
    "notice_sent_withdrawn": "Notice sent withdrawn",
    "papers_picked_up": "Papers picked up by the marshal",
    "permit_corrected": "Permit corrected",
    "pick_up_withdrawn": "Pick-up of the papers withdrawn",
    "permit_withdrawn": "Permit withdrawn",
    "receipt_corrected": "Receipt corrected",
    "receipt_extended": "Firearm added to a receipt",
    "receipt_signed": "Receipt signed",
    "receipt_withdrawn": "Receipt withdrawn",
    "referral_corrected": "Referral to a prosecutor corrected",
    "referral_decided": "Prosecutor decided",
    "referral_decision_withdrawn": "Prosecutor's decision withdrawn",
    "referral_withdrawn": "Referral to a prosecutor withdrawn",
    "referred": "Referred to a prosecutor",
    "order_restored": "Order restored",
    "order_withdrawn": "Order withdrawn: it was entered in error",
    "protected_person_added": "Protected person added",
    "protected_person_corrected": "Protected person corrected",
    "protected_person_withdrawn": "Protected person withdrawn",
    "person_joined": "Recorded as the same person",
    "person_kept_apart": "Recorded as another person",
    "reinstated": "Order reinstated: the vacatur was lifted",
    "release_withdrawn": "Confidentiality release withdrawn",
    "release_corrected": "Release corrected",
    "reminded": "Reminder written",
    "replanned": "Deadlines updated",
    "return_corrected": "Return of a firearm corrected",
    "return_withdrawn": "Return of a firearm withdrawn",
    "return_signed": "Return of service signed",
    "returned": "Firearms returned",
    "custody_step_corrected": "Step of custody corrected",
    "custody_step_withdrawn": "Step of custody withdrawn",
    "custody_requested": "Request about firearms in custody",
    "return_request_renewed": "Request for return, now about the firearms received",
    "custody_request_corrected": "Request about firearms in custody corrected",
    "custody_request_withdrawn": "Request about firearms in custody withdrawn",
    "return_checked": "Check before a return",
    "return_check_corrected": "Check before a return corrected",
    "return_check_withdrawn": "Check before a return withdrawn",
    "return_held": "Firearms held back after a request",
    "return_hold_corrected": "Hold of firearms corrected",
    "return_hold_withdrawn": "Hold of firearms withdrawn",
    "return_decided": "Request for return ended without a return",
    "return_decision_corrected": "Decision about a return corrected",
    "return_decision_withdrawn": "Decision about a return withdrawn",
    "fact_set_aside": "Doubtful fact set aside until a clerk decides",
    "review_added": "Firearm on a receipt added to the list",
    "review_confirmed": "Doubtful fact confirmed",
    "review_matched": "Firearm on a receipt matched to the list",
    "review_rejected": "Doubtful fact or match rejected",
    "review_reopened": "Decision about a fact to check taken back",
    "satisfaction_withdrawn": "Satisfaction of a condition withdrawn",
    "second_look": "Second look at the check of a statement",
    "second_look_withdrawn": "Second look taken back",
    "sent": "Document or notice sent",
    "served": "Service recorded",
    "service_planned": "Service announced",
    "caution_added": "Caution for officers added",
    "caution_corrected": "Caution for officers corrected",
    "caution_withdrawn": "Caution for officers withdrawn",
    "coming_service_corrected": "Announced service corrected",
    "coming_service_withdrawn": "Announced service withdrawn",
    "presence_answered": "Police answered whether they will be present",
    "presence_withdrawn": "Answer of police taken back",
    "service_attempt_corrected": "Failed attempt at service corrected",
    "service_attempt_withdrawn": "Failed attempt at service withdrawn",
    "service_failed": "Failed attempt at service",
    "statement_corrected": "Statement corrected",
    "statement_withdrawn": "Statement withdrawn",
    "statement_verified": "Sworn statement verified",
    "transfer_accepted": "Transfer accepted",
    "transfer_declined": "Transfer declined",
    "transfer_offered": "Transfer offered",
    "transfer_withdrawn": "Transfer offer withdrawn",
    "disposal_corrected": "Disposal of a firearm corrected",
    "disposal_withdrawn": "Disposal of a firearm withdrawn",
    "disposed": "Firearms left police custody",
    "permit_hand_in_withdrawn": "Hand-in of a permit withdrawn",
    "vacated": "Order vacated",
    "vacatur_corrected": "Time of the vacatur corrected",
    "verification_corrected": "Check of a sworn statement corrected",
    "verification_withdrawn": "Check of a sworn statement withdrawn",
}

#: Changed columns whose names are not plain words.
_FIELDS = {
    "area": "County",
    "expires_on": "Last day",
    "filed_by": "Filed by",
    "firearms_alleged_count": "Firearms that the application alleges",
    "firearms_answer": "Answer about firearms at service",
    "firearms_indicated": "The application mentions firearms",
    "financial_support": "The applicant asks for financial support",
    "issued_at": "Issued",
    "issued_on": "Date of the order",
    "permit_indicated": "The respondent holds a permit",
    "por_number": "Registry number",
    "proof_found": "Standard found met",
    "respondent_date_of_birth": "Respondent's date of birth",
    "respondent_name": "Respondent's name",
    "respondent_town": "Respondent's town",
    "served_at": "Served",
    "service_method": "How it was served",
    "service_officer": "Officer",
    "service_town": "Town of service",
    "served_in_custody": "The respondent was in custody",
    "vacated_at": "Vacated",
}

#: From this many hours on, lateness is shown in days.
_MOST_HOURS = 72

#: The citation of a statute at the beginning of a source.
_STATUTE = re.compile(r"[A-Z0-9][\w.& ]{0,40}§+ ?\d[\w.:-]*(?:\([0-9A-Za-z]+\))*")

#: The link to the reasons in each language, in that language.
_REASONS_IN = {"en": "The reasons in English", "es": "Las razones en español"}


def language_of(request: HttpRequest) -> str:
    """Return the language in which the reader asks for reasons, else that of the page, else English."""
    asked = request.GET.get("language", (get_language() or LANGUAGE)[:2])
    return asked if asked in languages() else LANGUAGE


def other_languages(language: str) -> list[tuple[str, str]]:
    """Return code and link text of the other languages in which the reasons can be read."""
    return [(code, words) for code, words in _REASONS_IN.items() if code != language]


def rule_title(rule_id: str) -> str:
    """Return the title of a rule or an announcement; its id if the rulebook no longer has it."""
    announcement = bundled().announced.get(rule_id)
    rule = announcement.rule if announcement else bundled().by_id.get(rule_id)
    return rule.title.rstrip(".") if rule else rule_id


def short_title(rule_id: str) -> str:
    """Return what a rule is about in few words, for lists; its title if it has none."""
    rule = bundled().by_id.get(rule_id)
    return (rule.short if rule else "") or rule_title(rule_id)


def asked_words(rule_id: str, name: str) -> str:
    """Return what the readers of an announcement are asked to do; empty for a deadline."""
    announcement = bundled().announced.get(rule_id)
    notified = announcement.rule.checkpoints if announcement else ()
    return next((one.ask for one in notified if one.name == name), "")


def law_name(rule_id: str) -> str:
    """Return the statute of a rule, such as “C.G.S. § 46b-15(b)”; empty if its sources name no statute."""
    rule = bundled().by_id.get(rule_id)
    sources = rule.values[-1].sources if rule else ()
    return next((found[0] for source in sources if (found := _STATUTE.search(source))), "")


def rule_words(rule_id: str) -> str:
    """Return the title of a rule, with its statute if its sources name one."""
    law = law_name(rule_id)
    return f"{rule_title(rule_id)} ({law})" if law else rule_title(rule_id)


def state_at(deadline: Deadline, now: datetime) -> DeadlineState:
    """Return the state of a deadline at `now`: overdue from its due time on, even before it is marked."""
    return DeadlineState.OVERDUE if deadline.is_overdue(now) else DeadlineState(deadline.state)


def given_state(deadline: Deadline, now: datetime) -> str:
    """Return the state of a deadline at `now` for programs: `sworn` if a statement alone meets it."""
    state = state_at(deadline, now)
    is_sworn = state is DeadlineState.MET and deadline.proof in STATEMENT_ALONE
    return "sworn" if is_sworn else state.value


def shown_state(deadline: Deadline, now: datetime) -> ShownState:
    """Return the state of a deadline at `now` as every reader is shown it.

    A duty about firearms is proven, sworn and not verified, found by the court, or overdue. Overdue outweighs
    a statement: time has run out, and no one has verified it. What is set for a later day is not met yet.
    """
    state = state_at(deadline, now)
    if state is DeadlineState.ENDS and deadline.due_at is not None and deadline.due_at <= now:
        return EndStatus.ENDED
    if state is DeadlineState.MET and deadline.met_at is not None and deadline.met_at > now:
        return SetStatus.IN_TIME if deadline.met_in_time else SetStatus.LATE
    is_denied = state is DeadlineState.OPEN and deadline.proof in STATEMENT_ALONE
    if is_denied or (deadline.proof and state is DeadlineState.MET):
        return ProofStatus(deadline.proof)
    return state


def due_words(deadline: Deadline, zone: ZoneInfo) -> str:
    """Return when the deadline is due, in court time; the end of a day where the law counts days."""
    return short_due(deadline, zone) + ("" if deadline.due_on is None else ", end of day")


def late_words(deadline: Deadline, now: datetime) -> str:
    """Return how long the deadline is overdue, such as “31 hours” or “5 days”; empty if it is not."""
    if deadline.due_at is None or not deadline.is_overdue(now):
        return ""
    hours = int((now - deadline.due_at).total_seconds() // 3600)
    if hours == 0:
        return "less than an hour"
    amount, unit = (hours, "hour") if hours < _MOST_HOURS else (hours // 24, "day")
    return f"{amount} {unit}{'s' * (amount != 1)}"


def clock_words(deadline: Deadline, now: datetime) -> str:
    """Return how much time is left or how late it is, such as “3 h 30 min left” or “2 d late”.

    Empty for a deadline that does not run.
    """
    if deadline.due_at is None or not deadline.is_running:
        return ""
    if abs(span := deadline.due_at - now) < timedelta(minutes=1):
        return "due just now" if deadline.is_overdue(now) else "under 1 min left"
    return f"{span_words(abs(span))} {'late' if deadline.is_overdue(now) else 'left'}"


def span_words(span: timedelta) -> str:
    """Return a length of time, such as “45 min”, “3 h 30 min” or “5 d”."""
    minutes = int(span.total_seconds() // 60)
    hours, days = minutes // 60, minutes // (24 * 60)
    if hours >= _MOST_HOURS:
        return f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"


def met_words(deadline: Deadline, zone: ZoneInfo) -> str:
    """Return when the deadline was met, in court time; the day where the law counts days."""
    if deadline.met_at is None:
        return ""
    if deadline.due_on is not None:
        return format_day(deadline.met_at.astimezone(zone).date())
    return format_instant(deadline.met_at, zone)


def short_due(deadline: Deadline, zone: ZoneInfo) -> str:
    """Return the due time for a list: the day, or the instant."""
    if deadline.due_on is not None:
        return format_day(deadline.due_on)
    return format_instant(deadline.due_at, zone) if deadline.due_at else ""


def condition_words(condition: OrderCondition) -> str:
    """Return a condition with its due time, in court time."""
    order, asked = condition.order, condition_title(condition)
    if condition.due_at:
        return f"{asked}: {format_instant(condition.due_at, zone_of(order))}"
    if condition.due_on:
        return f"{asked}: {format_day(condition.due_on)}"
    until = limited_until(order, condition.condition)
    return f"{asked}, until {format_day(until)}" if until else asked


#: What a release may cover, as court staff read it, by its column.
COVERS = {
    "covers_service": "service",
    "covers_firearms": "firearms",
    "covers_hearings": "hearings",
    "covers_ending": "the end of the order",
}


def covered_words(release: ConfidentialityRelease | ReleaseRequest) -> str:
    """Return what a release or a request for one covers."""
    return ", ".join(words for name, words in COVERS.items() if getattr(release, name))


def release_words(release: ConfidentialityRelease) -> str:
    """Return the organization of a release, when it ends, in court time, and what it covers if not all."""
    until = f"{release.agency}, until {format_instant(release.ends_at, zone_of(release.order))}"
    return until if release.covers_all else f"{until}; covers only {covered_words(release)}"


def sent_words(notice: NoticeSent, zone: ZoneInfo) -> str:
    """Return when a notice was sent, in court time; the day if no time is known."""
    return format_instant(notice.sent_at, zone) if notice.sent_at else format_day(notice.sent_on)


def case_event_words(kind: str) -> str:
    """Return the name of a case event, such as “The motion to extend was filed”."""
    return sentence(event_name(kind))


def event_words(event: HistoryEntry) -> str:
    """Return what a history entry records."""
    return kind_words(event.kind)


def kind_words(kind: str) -> str:
    """Return what history entries of a kind record."""
    if kind in _KINDS:
        return _KINDS[kind]
    return case_event_words(kind) if kind in RECORDABLE else sentence(kind)


def field_words(name: str) -> str:
    """Return a column of the order or its parties in words."""
    return _FIELDS.get(name) or sentence(name)


def sentence(text: str) -> str:
    """Return a machine word as the beginning of a sentence."""
    return first_upper(text.replace("_", " "))


def first_upper(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]
