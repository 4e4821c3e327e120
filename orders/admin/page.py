"""The page of one order: what its template shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.access import MATRIX
from accounts.models import User
from orders.admin.desk import order_address
from orders.admin.summary.deadlines import DeadlineLine, deadline_lines
from orders.admin.summary.recent import HistoryLine, by_people, by_system, history_lines
from orders.display import (
    case_event_words,
    condition_words,
    other_languages,
    release_words,
    rule_title,
    sent_words,
)
from orders.entry_words import entry_law, required_notice_law
from orders.forms.acts import ACTS
from orders.forms.base import Act, Section
from orders.models import (
    Capacity,
    CaseEvent,
    ConfidentialityRelease,
    Confirmed,
    CustodyRequest,
    FirearmReturn,
    FollowUp,
    HearingOutcome,
    HearingPurpose,
    NoticeSent,
    Order,
    OrderAgency,
    OrderCondition,
    ReturnDecision,
    ReturnHold,
    Statement,
    StatementVerification,
)
from orders.rules.model import Entry
from orders.rules.vocabulary import Certainty, EntryType
from orders.services.court_days import zone_of
from orders.services.firearms.requests import request_words
from orders.services.firearms.return_steps import ChecklistLine, checklist_of
from orders.services.firearms.surrender import surrender_rules
from orders.services.order_state import last_days, state_of
from orders.services.orders.record import OrderRecord, load_record
from orders.services.parties.candidates import CandidatePerson
from orders.services.planning.load_inventories import ABOUT_COMPLIANCE
from orders.services.related_orders import RelatedOrder, related_orders

#: Outcomes after which something must follow.
_NOT_COMPLIED = (HearingOutcome.NON_COMPLIANT, HearingOutcome.PARTIAL)

#: The headings of the entries of the rulebook that ask no one to send anything.
_LAW = {
    "Who may file, and the standard of proof": (EntryType.FILERS, EntryType.PROOF),
    "Where firearms may go, and what comes before a return": (EntryType.RECIPIENTS, EntryType.RETURN),
    "Requirements": (EntryType.REQUIREMENT,),
    "Remedies, penalties and other information": (EntryType.INFORMATION,),
    "Confidentiality": (EntryType.CONFIDENTIALITY,),
}


@dataclass(frozen=True, kw_only=True)
class LawLine:
    """One entry of the rulebook: its title and its law."""

    entry: Entry
    title: str
    law: Sequence[str]
    is_debatable: bool


@dataclass(frozen=True, kw_only=True)
class RequiredNoticeLine(LawLine):
    """One document or notice that must be sent, and when it was sent; `sent` is empty if it was not."""

    sent: Sequence[tuple[NoticeSent, str]]


@dataclass(frozen=True, kw_only=True)
class RequestLine:
    """A request about firearms in custody, with what was checked, held back and decided about it."""

    request: CustodyRequest
    words: str
    checklist: Sequence[ChecklistLine]
    holds: Sequence[ReturnHold]
    decision: ReturnDecision | None


@dataclass(frozen=True, kw_only=True)
class ActLink:
    """The button of an act, or a link to one of its variants below the title `group`.

    An act that `puts_right` what was entered has a plain link, so that the buttons stay few.
    """

    name: str
    query: str
    title: str
    group: str
    puts_right: bool


@dataclass(frozen=True, kw_only=True)
class ItemLink:
    """A link beside an item that corrects or withdraws it; `label` names the item."""

    address: str
    title: str
    label: str


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    """The page of an order for a person who sees it in `roles`, at `now`, with reasons in `language`."""

    record: OrderRecord
    roles: Collection[str]
    now: datetime
    language: str
    #: The last day of the order; None if it is not known.
    last_day: date | None
    #: The person's other orders: those that the reader sees, and live ones of other courts.
    related: Sequence[RelatedOrder]
    #: The other orders of the same case that the reader sees, such as the order after a hearing.
    beside: Sequence[Order]

    @property
    def possible(self) -> list[CandidatePerson]:
        """People who may be the respondent and were not decided."""
        return [one for one in self.record.candidates if not one.is_kept_apart]

    @property
    def order(self) -> Order:
        """The order."""
        return self.record.order

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return zone_of(self.order)

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """The other languages of the reasons."""
        return other_languages(self.language)

    @cached_property
    def deadlines(self) -> list[DeadlineLine]:
        """The deadlines, the most urgent first."""
        state = state_of(self.order, self.last_day, now=self.now)
        return deadline_lines(self.record, now=self.now, language=self.language, is_ended=not state.is_live)

    @property
    def running(self) -> list[DeadlineLine]:
        """The deadlines that wait for someone soon."""
        return [one for one in self.deadlines if not one.is_folded]

    @property
    def settled(self) -> list[DeadlineLine]:
        """The deadlines that are due much later, were met, were withdrawn or have not started."""
        return [one for one in self.deadlines if one.is_folded]

    @property
    def agencies_to_call(self) -> list[OrderAgency]:
        """The police of the respondent's town: a clerk calls them about the firearms."""
        return [one for one in self.record.agencies if one.capacity == Capacity.RESPONDENT_POLICE]

    @property
    def other_agencies(self) -> list[OrderAgency]:
        """The other agencies of the order, which are folded."""
        return [one for one in self.record.agencies if one.capacity != Capacity.RESPONDENT_POLICE]

    @cached_property
    def next_acts(self) -> list[tuple[str, str]]:
        """Title and address of what can follow if the last hearing found no compliance; else nothing."""
        held = [
            one
            for one in self.record.hearings
            if one.held_on and one.outcome != HearingOutcome.VACATED and one.purpose in ABOUT_COMPLIANCE
        ]
        if not held or held[-1].outcome not in _NOT_COMPLIED or not MATRIX.may(self.roles, "add", "hearing"):
            return []
        act = f"{reverse('admin:orders_order_act', args=[self.order.public_id, 'hearing'])}?purpose="
        found = [
            ("schedule a contempt hearing", f"{act}{HearingPurpose.CONTEMPT.value}"),
            ("schedule a hearing for a warrant", f"{act}{HearingPurpose.COMPLIANCE.value}"),
        ]
        for one in self.record.follow_ups:
            if one.closed_at is None and one.deadline.rule_id in surrender_rules():
                address = reverse("follow-up-page", args=[one.public_id])
                found.append(("refer it to the prosecutor, on the follow-up", address))
        return found

    @property
    def statements(self) -> list[tuple[Statement, list[StatementVerification]]]:
        """The sworn statements, each with its checks."""
        checks = self.record.verifications
        return [
            (one, [check for check in checks if check.statement_id == one.pk])
            for one in self.record.statements
        ]

    @cached_property
    def conditions(self) -> list[tuple[OrderCondition, str]]:
        """The conditions, each in words."""
        return [(one, condition_words(one)) for one in self.record.conditions]

    @cached_property
    def releases(self) -> list[tuple[ConfidentialityRelease, str]]:
        """The releases that have not ended, each in words."""
        return [(one, release_words(one)) for one in self.record.releases]

    @cached_property
    def case_events(self) -> list[tuple[CaseEvent, str]]:
        """The events of the case, each with its name."""
        return [(one, case_event_words(one.kind)) for one in self.record.case_events]

    @cached_property
    def returns(self) -> list[tuple[FirearmReturn, list[str]]]:
        """The returns of firearms, each with what was confirmed before."""
        return [(one, [str(Confirmed(word).label) for word in one.confirmed]) for one in self.record.returns]

    @cached_property
    def custody_requests(self) -> list[RequestLine]:
        """The requests about firearms in custody."""
        return [
            RequestLine(
                request=one,
                words=request_words(one),
                checklist=checklist_of(one),
                holds=list(one.holds.all()),
                decision=getattr(one, "decision", None),
            )
            for one in self.record.custody_requests
        ]

    @cached_property
    def follow_ups(self) -> list[tuple[FollowUp, str]]:
        """The follow-ups, each with the title of its rule."""
        return [(one, rule_title(one.deadline.rule_id)) for one in self.record.follow_ups]

    @cached_property
    def required_notices(self) -> list[RequiredNoticeLine]:
        """The documents and notices that the law requires."""
        return [
            RequiredNoticeLine(
                entry=one.entry,
                title=one.entry.title.rstrip("."),
                law=list(required_notice_law(one.entry)),
                is_debatable=one.entry.certainty is Certainty.DEBATABLE,
                sent=[(notice, sent_words(notice, self.zone)) for notice in one.notices_sent],
            )
            for one in self.record.required_notices
        ]

    @cached_property
    def law(self) -> list[tuple[str, list[LawLine]]]:
        """What the law states about the order, by subject; empty subjects are left out."""
        groups = ((heading, list(self._law_lines(types))) for heading, types in _LAW.items())
        return [(heading, lines) for heading, lines in groups if lines]

    @cached_property
    def history(self) -> list[HistoryLine]:
        """The history, what happened last first."""
        return history_lines(self.record.history, self.zone)

    @property
    def news(self) -> list[HistoryLine]:
        """What people did, and what fell due, the newest first."""
        return by_people(self.history)

    @property
    def system_entries(self) -> list[HistoryLine]:
        """What the system wrote, the newest first."""
        return by_system(self.history)

    def item_links(self, row: Any) -> list[ItemLink]:
        """Return the links that correct and withdraw an item of the order or of its case.

        An item of another case of the person is put right on the page of its own order.
        """
        orders = {one.pk: one for one in (self.order, *self.record.siblings)}
        if row.order_id not in orders:
            return []
        row.order = orders[row.order_id]
        return [
            ItemLink(
                address=f"{order_address(row.order)}{act.name}/?item={row.public_id}",
                title=act.link,
                label=f"{act.link}: {act.fact.words(row)}",
            )
            for act in self._item_acts
            if act.fact is not None and act.is_offered_for(row)
        ]

    @cached_property
    def _item_acts(self) -> list[Act]:
        return [act for act in ACTS.values() if act.fact is not None and act.is_permitted(self.roles)]

    @cached_property
    def acts(self) -> Mapping[str, list[ActLink]]:
        """The buttons that are offered and permitted, by section."""
        offered = [
            act for act in ACTS.values() if act.is_permitted(self.roles) and act.is_offered(self.record)
        ]
        return {
            section.value: [
                ActLink(
                    name=act.name,
                    query=query,
                    title=title,
                    group=act.title if query else "",
                    puts_right=act.puts_right,
                )
                for act in offered
                if act.section is section
                for query, title in act.links(self.order)
            ]
            for section in Section
        }

    @property
    def has_acts(self) -> bool:
        """True if the reader may do anything here."""
        return any(self.acts.values())

    def _law_lines(self, types: Collection[EntryType]) -> Iterable[LawLine]:
        for one in self.record.law:
            if one.type in types:
                yield LawLine(
                    entry=one,
                    title=one.title.rstrip("."),
                    law=list(entry_law(one)),
                    is_debatable=one.certainty is Certainty.DEBATABLE,
                )


def load_page(order: Order, *, user: User, roles: Collection[str], now: datetime, language: str) -> OrderPage:
    """Load the page of an order that comes with its case, court, respondent and town."""
    record = load_record(order)
    visible: set[int] = set()
    if keys := [one.pk for one in record.siblings]:
        visible.update(Order.objects.filter(pk__in=keys).visible_to(user).values_list("pk", flat=True))
    return OrderPage(
        record=record,
        roles=roles,
        now=now,
        language=language,
        last_day=last_days([order])[order.pk],
        related=related_orders(order, user=user, now=now),
        beside=[one for one in record.siblings if one.pk in visible],
    )
