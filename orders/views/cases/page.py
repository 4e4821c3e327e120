"""What the page of a case shows to police, marshals and prosecutors."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from urllib.parse import urlencode

from accounts.access import MATRIX
from accounts.dates import format_clock, format_day, format_instant
from accounts.models import User
from orders.boxes import boxes
from orders.display import clock_words, condition_words, due_words, law_name, shown_state
from orders.forms.acts import ACTS
from orders.forms.base import Act, Section
from orders.models import (
    STATEMENT_ALONE,
    Attachment,
    AttachmentKind,
    Attempt,
    ComingService,
    Deadline,
    DeadlineState,
    FirearmsAnswer,
    FollowUp,
    Hearing,
    Order,
    Referral,
    ShownState,
)
from orders.services.attachments.attaching import kinds_to_add
from orders.services.coming_service import STILL_DUE, presence_words
from orders.services.court_days import court_day
from orders.services.firearms.accounting import FirearmAccount
from orders.services.firearms.surrender import surrender_deadline, surrender_rules
from orders.services.follow_ups.queue import VIEWERS as FOLLOW_UP_VIEWERS
from orders.services.order_state import OrderState, last_days, state_of
from orders.services.orders.record import OrderRecord, load_record
from orders.services.planning.lasting import is_for_officers
from orders.services.related_orders import RelatedOrder, related_orders
from orders.services.service import may_correct
from orders.views.cases.lines import CaseAct, act_address
from orders.views.cases.recorded import CaseFacts
from orders.views.cases.requests import CaseRequest, CaseRequestLine, deadlines_of, waits_for_police
from orders.views.cases.timeline import CaseTimeline
from orders.views.court_time import InCourtTime
from orders.views.desks.referral_list import ReferralDesk
from orders.views.state_titles import headline, state_title

#: The resources of the matrix whose fields are on the page.
SHOWN = (
    "agency",
    "case",
    "caution",
    "coming_service",
    "condition",
    "custody_request",
    "deadline",
    "firearm",
    "firearm_disposal",
    "firearm_return",
    "hearing",
    "inventory",
    "order",
    "permit",
    "receipt",
    "respondent",
    "service_attempt",
    "statement",
    "statement_verification",
)

#: The search of the map to which an address leads, for readers who want it.
MAP = "https://www.openstreetmap.org/search"

#: The acts that come first, in this order, as far as they are offered.
_FIRST = ("answer-presence", "serve", "attempt", "receipt")

#: The acts on a service, for who recorded it.
_OWN_SERVICE = ("correct-service", "withdraw-service")

#: The titles of the sections of acts.
_TITLES = {
    Section.SERVICE: "Service",
    Section.FIREARMS: "Firearms",
    Section.ORDER: "Order",
    Section.HEARINGS: "Hearings",
    Section.NOTICES: "Notices",
}


@dataclass(frozen=True, kw_only=True)
class CaseDeadline:
    """One deadline as it is now."""

    title: str
    law: str
    state: ShownState
    due: str


@dataclass(frozen=True, kw_only=True)
class CasePage(InCourtTime):
    """The page of an order for a person who sees it in `roles`, at `now`.

    It never names the protected person, an advocate or a school.
    """

    record: OrderRecord
    roles: Collection[str]
    now: datetime
    last_day: date | None
    related: Sequence[RelatedOrder]
    #: The attempts at recovery and the photograph of the respondent, as far as the reader sees them.
    recovery: Sequence[Attempt] = ()
    photo: Attachment | None = None
    may_correct_service: bool = False
    #: What was referred to the reader's office and waits for its decision.
    referral: Referral | None = None
    #: True if the reader wants a link to a map beside an address.
    shows_map_links: bool = False

    @cached_property
    def sees(self) -> frozenset[str]:
        """The fields that the reader sees, as `resource.field`."""
        return MATRIX.sees(self.roles, SHOWN)

    @property
    def order(self) -> Order:
        """The order."""
        return self.record.order

    @cached_property
    def state(self) -> OrderState:
        """The state of the order."""
        return state_of(self.order, self.last_day, now=self.now)

    @property
    def last_day_words(self) -> str:
        """The last day of the order."""
        return format_day(self.last_day) if self.last_day else "Not recorded"

    @cached_property
    def surrender(self) -> Deadline | None:
        """The surrender deadline that matters most."""
        return surrender_deadline(self.record.deadlines, self.now)

    @property
    def surrender_state(self) -> ShownState | None:
        """The state of that deadline; None while a return is asked for, as then no state is settled."""
        if self.surrender is None or (self.open_returns and not self.surrender.is_running):
            return None
        state = shown_state(self.surrender, self.now)
        # A sworn denial counts no more once it was reported that firearms are still there.
        return DeadlineState.OPEN if state in STATEMENT_ALONE and self.account.report else state

    @property
    def clock(self) -> str:
        """The time that is left, or how late it is."""
        return clock_words(self.surrender, self.now) if self.surrender else ""

    @property
    def is_late(self) -> bool:
        """True if the surrender is overdue."""
        return self.surrender is not None and self.surrender.is_overdue(self.now)

    @property
    def headline(self) -> str:
        """The state of the surrender in one sentence."""
        if self.open_returns and not (self.surrender and self.surrender.is_running):
            return "The return of firearms is asked for: check before you return any"
        return headline(self.surrender, self.account, self.zone, self.now)

    @property
    def account(self) -> FirearmAccount:
        """The three numbers of the order's firearms."""
        return self.record.account

    @property
    def shows_custody(self) -> bool:
        """True if police hold firearms of the case, and the reader may see where."""
        return MATRIX.may(self.roles, "view", "custody_step") and bool(self.record.firearms_in_custody)

    @property
    def served(self) -> str:
        """When the order was served; empty if it was not."""
        return format_instant(self.order.served_at, self.zone) if self.order.served_at else ""

    @property
    def coming(self) -> ComingService | None:
        """The service that is announced and comes next."""
        if "coming_service.id" not in self.sees or self.order.served_at is not None:
            return None
        ahead = (one for one in self.record.coming_services if one.planned_at > self.now - STILL_DUE)
        return next(ahead, None)

    @property
    def presence(self) -> str:
        """Whether police will be present then."""
        return presence_words(self.coming) if self.coming is not None else ""

    @property
    def conditions(self) -> list[tuple[str, str]]:
        """What officers need of the conditions in force: each in words, and the words for officers."""
        return [
            (condition_words(one), one.for_police)
            for one in self.record.conditions_in_force
            if is_for_officers(self.order, one.condition)
        ]

    @property
    def next_hearing(self) -> str:
        """The next hearing that was not held."""
        today = court_day(self.order, self.now)
        ahead = [one for one in self.record.open_hearings if one.scheduled_on >= today]
        return _hearing_words(min(ahead, key=lambda one: one.scheduled_on)) if ahead else ""

    @property
    def telephone(self) -> str:
        """The number of the court's office, as a person reads it."""
        return self.order.case.court.telephone if "agency.telephone" in self.sees else ""

    @property
    def map_address(self) -> str:
        """The address of a map with the respondent's address; empty unless the reader wants a map."""
        respondent = self.order.case.respondent
        if not self.shows_map_links or not respondent.address or "respondent.address" not in self.sees:
            return ""
        return f"{MAP}?{urlencode({'query': f'{respondent.address}, {respondent.town}'})}"

    @property
    def may_add_photo(self) -> bool:
        """True if the reader may add a photograph of the respondent."""
        return AttachmentKind.RESPONDENT_PHOTO in kinds_to_add(self.roles)

    @property
    def timeline(self) -> CaseTimeline:
        """What happened and what comes."""
        return CaseTimeline(
            record=self.record,
            sees=self.sees,
            surrender=self.surrender,
            follow_up=self.surrender_follow_up,
            recovery=self.recovery,
            last_day=self.last_day,
            zone=self.zone,
            now=self.now,
        )

    @cached_property
    def deadlines(self) -> list[CaseDeadline]:
        """The deadlines that run, the soonest first, and those that were met."""
        seen = [one for one in self.record.deadlines if one.state != DeadlineState.WITHDRAWN]
        lines = sorted(seen, key=lambda one: (not one.is_running, one.due_at is None, one.due_at))
        return [
            CaseDeadline(
                title=state_title(one, self.now),
                law=law_name(one.rule_id),
                state=shown_state(one, self.now),
                due=due_words(one, self.zone),
            )
            for one in lines
        ]

    @cached_property
    def follow_ups(self) -> list[tuple[FollowUp, str]]:
        """The open follow-ups that the reader may open, each with its state as a title."""
        if FOLLOW_UP_VIEWERS.isdisjoint(self.roles):
            return []
        rows = (one for one in self.record.follow_ups if one.closed_at is None)
        return [(one, state_title(one.deadline, self.now)) for one in rows]

    @property
    def surrender_follow_up(self) -> FollowUp | None:
        """The open follow-up of the surrender, where attempts at recovery are recorded."""
        found = (one for one, _ in self.follow_ups if one.deadline.rule_id in surrender_rules())
        return next(found, None)

    @property
    def may_attempt(self) -> bool:
        """True if the reader records attempts at recovery. A prosecutor does not."""
        return MATRIX.may(self.roles, "add", "attempt")

    @cached_property
    def first_acts(self) -> list[CaseAct]:
        """The acts that a visit needs most."""
        return [
            CaseAct(title=title, address=f"{act_address(self.order, act)}{query}")
            for act in self._offered
            if act.name in _FIRST
            for query, title in act.links(self.order)
        ]

    @cached_property
    def other_acts(self) -> list[tuple[str, list[CaseAct]]]:
        """The other acts, by section."""
        found = [
            (
                title,
                [
                    CaseAct(title=words, address=f"{act_address(self.order, act)}{query}")
                    for act in self._offered
                    if act.section is section and act.name not in _FIRST
                    for query, words in act.links(self.order)
                ],
            )
            for section, title in _TITLES.items()
        ]
        return [(title, acts) for title, acts in found if acts]

    @cached_property
    def recorded(self) -> CaseFacts:
        """What is recorded, each fact with the acts that put it right."""
        return CaseFacts(record=self.record, roles=self.roles, sees=self.sees)

    @property
    def disagrees(self) -> bool:
        """True if the respondent denies firearms, and something recorded speaks against it."""
        denied = self.order.firearms_answer == FirearmsAnswer.NO or bool(self.record.statements)
        return denied and not self.account.is_complete and "inventory.words" in self.sees

    @cached_property
    def requests(self) -> list[CaseRequestLine]:
        """The requests for return or sale, each with its checklist, holds and decision; open ones first."""
        if "custody_request.id" not in self.sees:
            return []
        held = [one.pk for one in self.record.firearms_in_custody]
        deadlines = deadlines_of(self.record.custody_requests)
        found = []
        for row in self.record.custody_requests:
            row.order = self.recorded.orders[row.order_id]
            is_open, deadline = waits_for_police(row, held), deadlines.get(row.pk)
            state = CaseRequest(row=row, is_open=is_open, now=self.now, deadline=deadline)
            found.append(CaseRequestLine(state=state, order=self.order, roles=self.roles))
        return sorted(found, key=lambda one: not one.state.is_open)

    @property
    def open_returns(self) -> list[CaseRequestLine]:
        """The requests for return that wait for police."""
        return [one for one in self.requests if one.state.is_open and not one.state.is_sale]

    @property
    def open_sales(self) -> list[CaseRequestLine]:
        """The sales whose firearms police still hold."""
        return [one for one in self.requests if one.state.is_open and one.state.is_sale]

    @property
    def boxes(self) -> list[bool]:
        """One box for each firearm, true if it is accounted for."""
        return boxes(self.account.accounted, self.account.whole)

    @cached_property
    def _offered(self) -> list[Act]:
        acts = [
            one
            for one in ACTS.values()
            if one.is_permitted(self.roles)
            and one.is_offered(self.record)
            and (one.name not in _OWN_SERVICE or self.may_correct_service)
        ]
        return sorted(acts, key=lambda one: _FIRST.index(one.name) if one.name in _FIRST else len(_FIRST))


def load_case_page(order: Order, *, person: User, roles: Collection[str], now: datetime) -> CasePage:
    """Load the page of an order that comes with its case, court, respondent and town."""
    sees_related = MATRIX.may(roles, "view", "related_order")
    return CasePage(
        record=load_record(order),
        roles=roles,
        now=now,
        last_day=last_days([order])[order.pk],
        recovery=_recovery(order) if MATRIX.may(roles, "view", "attempt") else (),
        photo=_photo(order, person),
        may_correct_service=order.served_at is not None and may_correct(order, person),
        shows_map_links=person.shows_map_links,
        referral=ReferralDesk(person=person, now=now).of(order),
        related=related_orders(order, user=person, now=now) if sees_related else (),
    )


def _recovery(order: Order) -> list[Attempt]:
    """Return the attempts at recovery from the respondent of the order."""
    return list(Attempt.objects.filter(order=order).order_by("attempted_at"))


def _photo(order: Order, person: User) -> Attachment | None:
    """Return the newest photograph of the respondent that the person may see."""
    rows = Attachment.objects.filter(order__case=order.case_id, kind=AttachmentKind.RESPONDENT_PHOTO)
    return rows.visible_to(person).order_by("-uploaded_at", "-id").first()


def _hearing_words(hearing: Hearing) -> str:
    at = f", {format_clock(hearing.scheduled_time)}" if hearing.scheduled_time else ""
    return f"{hearing.get_purpose_display()}: {format_day(hearing.scheduled_on)}{at}"
