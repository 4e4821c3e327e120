"""All that the page of one order shows, gathered with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from orders.admin.acts import ACTS, Act, Section
from orders.admin.desk import state_badge
from orders.models import (
    Confirmed,
    Deadline,
    DeadlineState,
    Event,
    Firearm,
    FirearmReturn,
    FirearmStatus,
    FollowUp,
    Happening,
    Hearing,
    Order,
    OrderTerm,
    Permit,
    Receipt,
    ServiceAttempt,
    Statement,
    StatementKind,
)
from orders.rules.rulebook import Becomes, Certainty, Entry
from orders.rules.words import LANGUAGE
from orders.services.calendar import bundled
from orders.services.change import zone_of
from orders.services.explaining import reasons
from orders.services.involved import involved
from orders.services.releases import not_ended
from orders.services.requirements import law_of, requirements_of
from orders.services.terms import settable_terms
from orders.wording import (
    due_words,
    entry_law,
    event_details,
    event_words,
    happening_words,
    instant_words,
    met_words,
    other_languages,
    release_words,
    requirement_law,
    rule_title,
    sent_words,
    term_words,
)

#: Acts of an order's history that one page shows, the newest of them.
HISTORY = 200

#: Deadlines in the order in which they ask for attention.
_URGENCY = [
    DeadlineState.OVERDUE,
    DeadlineState.OPEN,
    DeadlineState.CANNOT_COMPUTE,
    DeadlineState.NOT_STARTED,
    DeadlineState.MET,
    DeadlineState.WITHDRAWN,
]


@dataclass(frozen=True, kw_only=True)
class DeadlineLine:
    """One deadline as it stands now."""

    deadline: Deadline
    title: str
    badge: SafeString
    due: str
    met: str
    is_met_ahead: bool
    overdue_since: str
    reasons: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class RequirementLine:
    """One document or notice that must be sent, and when it was; nothing in `sent` where it was not yet."""

    entry: Entry
    title: str
    sent: Sequence[str]
    law: Sequence[str]
    is_debatable: bool


@dataclass(frozen=True, kw_only=True)
class LawLine:
    """One thing that the law says of such an order, without a time."""

    entry: Entry
    title: str
    law: Sequence[str]
    is_debatable: bool


#: Under which words the entries of the rulebook stand that nobody must act on by sending something.
_LAW = {
    "Who may file, and on what proof": (Becomes.FILERS, Becomes.PROOF),
    "Where firearms may go, and what comes before a return": (Becomes.RECIPIENTS, Becomes.RETURN),
    "Conditions": (Becomes.CONDITION,),
    "Remedies, penalties and other facts": (Becomes.FACT,),
    "With care": (Becomes.CARE,),
}


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """One act of the history."""

    event: Event
    words: str
    details: Sequence[str]
    occurred: str
    recorded: str


def show(order: Order, *, now: datetime, language: str = LANGUAGE) -> dict[str, Any]:
    """What the template reads. `order` comes with its case, court, respondent and town.

    The reasons of its deadlines are said in `language`.
    """
    zone = zone_of(order)

    def said(instant: datetime | None) -> str:
        return instant_words(instant, zone) if instant else ""

    why = reasons(order, language)
    deadlines = [
        DeadlineLine(
            deadline=one,
            title=rule_title(one.rule_id),
            badge=state_badge(one, now),
            due=due_words(one, zone),
            met=met_words(one, zone),
            is_met_ahead=one.met_at is not None and one.met_at > now,
            overdue_since=said(one.due_at) if one.is_passed(now) else "",
            reasons=why.get((one.rule_id, one.occurrence), ()),
        )
        for one in Deadline.objects.filter(order=order)
    ]
    deadlines.sort(key=lambda line: _URGENCY.index(DeadlineState(line.deadline.state)))
    newest: QuerySet[Event] = order.events.select_related("actor").order_by("-id")
    events = [
        EventLine(
            event=one,
            words=event_words(one),
            details=list(event_details(one, zone)),
            occurred=said(one.occurred_at),
            recorded=said(one.recorded_at),
        )
        for one in newest[:HISTORY]
    ]
    firearms = list(Firearm.objects.filter(order__case=order.case_id))
    returns = _with(
        said,
        FirearmReturn.objects.filter(order__case=order.case_id).select_related("firearm", "agency"),
        "returned",
    )
    terms = list(OrderTerm.objects.filter(order=order).select_related("order"))
    hearings = list(Hearing.objects.filter(order=order))
    receipts = _with(
        said,
        Receipt.objects.filter(order__case=order.case_id)
        .select_related("agency")
        .prefetch_related("firearms"),
        "received",
    )
    statements = _with(said, Statement.objects.filter(order=order), "sworn")
    return {
        "order": order,
        "issued": said(order.issued_as_given),
        "served": said(order.served_at),
        "vacated": said(order.vacated_at),
        "deadlines": deadlines,
        "language": language,
        "other_languages": other_languages(language),
        "events": events,
        "protected_persons": list(order.protected_persons.all()),
        "concerns": list(order.concerns.select_related("agency").order_by("capacity", "agency__name")),
        "siblings": list(
            Order.objects.filter(case=order.case_id).exclude(pk=order.pk).order_by("-issued_on")
        ),
        "attempts": _with(said, ServiceAttempt.objects.filter(order=order), "attempted"),
        "firearms": firearms,
        "in_custody": [one for one in firearms if one.status == FirearmStatus.SURRENDERED],
        "returns": [(one, at, [Confirmed(word).label for word in one.confirmed]) for one, at in returns],
        "involved": [one.agency.name for one in involved(order)],
        "standing_releases": [release_words(one) for one in not_ended(order)],
        "own_returns": [one for one, _ in returns if one.order_id == order.pk],
        "permits": list(Permit.objects.filter(order=order)),
        "receipts": receipts,
        "own_receipts": [one for one, _ in receipts if one.order_id == order.pk],
        "statements": statements,
        "hearings": hearings,
        "waiting_hearings": [one for one in hearings if not one.outcome],
        "happenings": [
            (happening_words(one.kind), said(one.happened_at), one)
            for one in Happening.objects.filter(order=order)
        ],
        "follow_ups": [
            (one, rule_title(one.deadline.rule_id), said(one.opened_at), said(one.next_action_at))
            for one in FollowUp.objects.filter(order=order)
            .select_related("deadline", "owner", "assigned_to")
            .order_by("closed_at", "next_action_at")
        ],
        "terms": [(one, term_words(one)) for one in terms],
        "open_terms": [one for one in terms if one.kept_on is None],
        "settable_terms": settable_terms(order),
        "requirements": [
            RequirementLine(
                entry=one.entry,
                title=one.entry.title.rstrip("."),
                sent=[sent_words(sending, zone) for sending in one.sendings],
                law=list(requirement_law(one.entry)),
                is_debatable=one.entry.certainty is Certainty.DEBATABLE,
            )
            for one in requirements_of(order)
        ],
        "law": _law(order),
        "unverified_denial": _unverified_denial(deadlines, statements),
    }


def acts_for(order: Order, shown: dict[str, Any], roles: Collection[str]) -> dict[str, list[Act]]:
    """The acts that fit the order as it stands and are permitted to one of `roles`, by section of its page,
    where `shown` stands."""
    permitted = (act for act in ACTS.values() if act.is_permitted(roles))
    fitting = [act for act in permitted if act.fits(order) and (not act.needs or shown[act.needs])]
    return {section.value: [act for act in fitting if act.section is section] for section in Section}


def _law(order: Order) -> list[tuple[str, list[LawLine]]]:
    """What the law says of such an order, by subject; subjects of which it says nothing are left out."""
    entries = law_of(order)
    groups = [
        (
            heading,
            [
                LawLine(
                    entry=one,
                    title=one.title.rstrip("."),
                    law=list(entry_law(one)),
                    is_debatable=one.certainty is Certainty.DEBATABLE,
                )
                for one in entries
                if one.becomes in sorts
            ],
        )
        for heading, sorts in _LAW.items()
    ]
    return [(heading, lines) for heading, lines in groups if lines]


def _with(said: Callable[[datetime | None], str], rows: Iterable[Any], name: str) -> list[tuple[Any, str]]:
    """Each row with its instant in words."""
    return [(row, said(getattr(row, f"{name}_at"))) for row in rows]


def _unverified_denial(
    deadlines: Iterable[DeadlineLine], statements: Iterable[tuple[Statement, str]]
) -> bool:
    """True when the respondent swore to hold none, and what that would meet stands open all the same."""
    if not any(one.kind == StatementKind.NON_POSSESSION for one, _ in statements):
        return False
    rules = bundled().by_id
    standing = (
        rules[line.deadline.rule_id]
        for line in deadlines
        if line.deadline.state in (DeadlineState.OPEN, DeadlineState.OVERDUE)
        and line.deadline.rule_id in rules
    )
    return any(one.happening == "non_possession_stated" for rule in standing for one in rule.met_by)
