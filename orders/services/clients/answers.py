"""The four answers that an advocate reads about a client's order, without the words of the law.

Was it served? Are the firearms handed in? What is the next date? When does the order end? What the release
does not cover is `NOT_RELEASED`, and no fact of it leaves this module. Pages put the answers into words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    ConfidentialityRelease,
    Deadline,
    DeadlineState,
    FirearmReturn,
    Hearing,
    HearingPurpose,
    Order,
    OrderKind,
    ProofStatus,
    Receipt,
    ReceiptKind,
    Statement,
)
from orders.services.clients.extension_window import remote_testimony_until, window_of
from orders.services.court_days import court_day
from orders.services.firearms.surrender import surrender_deadline
from orders.services.order_state import OrderState, last_days, state_of
from orders.services.planning.inventory import Balance
from orders.services.planning.load_inventories import load_inventories
from orders.services.planning.rulebooks import return_rules


class Word(StrEnum):
    """The first word of an answer."""

    YES = "yes"
    NOT_YET = "not_yet"
    NOT_KNOWN = "not_known"
    #: Sworn by the respondent, and verified by no one. Never shown as a yes.
    SWORN = "sworn"
    #: The court found so at a hearing, without a receipt.
    FOUND = "found"
    #: Firearms went back to the respondent.
    RETURNED = "returned"
    #: The release does not cover it.
    NOT_RELEASED = "not_released"


class Holder(StrEnum):
    """Who has the firearms."""

    POLICE = "police"
    DEALER = "dealer"
    OTHER = "other"
    SEVERAL = "several"


class DateKind(StrEnum):
    """What happens on the next date."""

    HEARING = "hearing"
    #: The first day on which to ask for more time, and while that lasts its last day.
    EXTENSION_OPENS = "extension_opens"
    EXTENSION_CLOSES = "extension_closes"


class EndKind(StrEnum):
    """How an order ends."""

    DAY = "day"
    #: At the hearing, where the judge decides whether a longer one follows.
    HEARING = "hearing"
    #: With the criminal case.
    CASE = "case"
    ENDED = "ended"
    VACATED = "vacated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Served:
    """Has the other side been served?"""

    word: Word
    at: datetime | None = None
    method: str = ""


@dataclass(frozen=True, kw_only=True)
class Firearms:
    """Are the firearms handed in? `since` is when that became so; `due_at` is the end of the time for it."""

    word: Word
    since: datetime | None = None
    due_at: datetime | None = None
    is_late: bool = False
    holder: Holder = Holder.OTHER
    accounted: int = 0
    whole: int = 0
    #: False while nothing on record names a firearm and no duty runs.
    is_expected: bool = True


@dataclass(frozen=True, kw_only=True)
class NextDate:
    """What is the next date? `until` is the last day of a window."""

    word: Word
    kind: DateKind | None = None
    on: date | None = None
    at: time | None = None
    until: date | None = None
    purpose: str = ""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """When does the order end?"""

    word: Word
    kind: EndKind = EndKind.UNKNOWN
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ClientOrder:
    """The order of one release, as its advocate reads it at `now`."""

    release: ConfidentialityRelease
    now: datetime
    served: Served
    firearms: Firearms
    next_date: NextDate
    ending: Ending
    #: The earliest day on which police may give firearms back, while the other side asks for them.
    return_on: date | None = None
    #: The last day to ask the court to testify from another place, while that is open.
    remote_until: date | None = None

    @property
    def order(self) -> Order:
        """The order of the release."""
        return self.release.order

    @property
    def today(self) -> date:
        """The day at the court."""
        return court_day(self.order, self.now)


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """Rows of all orders, by the key of the order; inventories and returns by that of the case."""

    deadlines: Mapping[int, Sequence[Deadline]]
    hearings: Mapping[int, Sequence[Hearing]]
    statements: Mapping[int, Sequence[Statement]]
    receipts: Mapping[int, Sequence[Receipt]]
    returns: Mapping[int, Sequence[FirearmReturn]]
    balances: Mapping[int, Balance]
    last_days: Mapping[int, date | None]


def client_orders(releases: Sequence[ConfidentialityRelease], now: datetime) -> list[ClientOrder]:
    """Return the answers for releases that come with order, case and court, in a fixed number of queries."""
    loaded = _load([one.order for one in releases])
    return [_answers(one, loaded, now) for one in releases]


def _answers(release: ConfidentialityRelease, loaded: _Loaded, now: datetime) -> ClientOrder:
    order = release.order
    return ClientOrder(
        release=release,
        now=now,
        served=_served(order) if release.covers_service else Served(word=Word.NOT_RELEASED),
        firearms=(
            _firearms(order, loaded, now) if release.covers_firearms else Firearms(word=Word.NOT_RELEASED)
        ),
        next_date=_next_date(release, loaded, now),
        ending=_ending(order, loaded, now) if release.covers_ending else Ending(word=Word.NOT_RELEASED),
        return_on=_return_on(order, loaded) if release.covers_firearms else None,
        remote_until=(
            remote_testimony_until(loaded.deadlines.get(order.pk, ()), court_day(order, now))
            if release.covers_hearings
            else None
        ),
    )


def _served(order: Order) -> Served:
    if order.served_at is None:
        return Served(word=Word.NOT_YET)
    return Served(word=Word.YES, at=order.served_at, method=order.service_method)


def _firearms(order: Order, loaded: _Loaded, now: datetime) -> Firearms:
    balance = loaded.balances[order.pk]
    found = _firearms_of(order, balance, loaded, now)
    return replace(found, accounted=balance.accounted, whole=balance.whole)


def _firearms_of(order: Order, balance: Balance, loaded: _Loaded, now: datetime) -> Firearms:
    returned = loaded.returns.get(order.case_id, ())
    received = loaded.receipts.get(order.case_id, ())
    last_return = max((one.returned_at for one in returned), default=None)
    last_receipt = max((one.received_at for one in received), default=None)
    if last_return is not None and (last_receipt is None or last_receipt <= last_return):
        return Firearms(word=Word.RETURNED, since=last_return)
    deadline = surrender_deadline(loaded.deadlines.get(order.pk, ()), now)
    if deadline is None or deadline.state == DeadlineState.CANNOT_COMPUTE:
        return Firearms(word=Word.NOT_KNOWN, is_expected=bool(balance.whole))
    # What was reported since makes the sworn word count no longer, so the duty reads as not met.
    is_reopened = bool(balance.reported) and deadline.state in RUNNING
    if deadline.proof in STATEMENT_ALONE and not is_reopened:
        sworn = max((one.sworn_at for one in loaded.statements.get(order.pk, ())), default=deadline.met_at)
        return Firearms(word=Word.SWORN, since=sworn, is_late=deadline.is_overdue(now))
    if deadline.state == DeadlineState.MET and balance.is_complete:
        return _handed_in(deadline, received)
    if deadline.state not in RUNNING:
        waits = deadline.state == DeadlineState.NOT_STARTED
        return Firearms(word=Word.NOT_YET if waits else Word.NOT_KNOWN)
    return Firearms(word=Word.NOT_YET, due_at=deadline.due_at, is_late=deadline.is_overdue(now))


def _return_on(order: Order, loaded: _Loaded) -> date | None:
    """The earliest opening of the open requests for the return of firearms."""
    days = [
        one.opens_on or (court_day(order, one.opens_at) if one.opens_at else None)
        for one in loaded.deadlines.get(order.pk, ())
        if one.rule_id in return_rules() and one.state in RUNNING
    ]
    return min((one for one in days if one is not None), default=None)


def _handed_in(deadline: Deadline, received: Iterable[Receipt]) -> Firearms:
    match deadline.proof:
        case ProofStatus.PROVEN:
            return Firearms(word=Word.YES, since=deadline.met_at, holder=_holder(received))
        case ProofStatus.FOUND:
            return Firearms(word=Word.FOUND, since=deadline.met_at)
    return Firearms(word=Word.NOT_KNOWN)


def _holder(received: Iterable[Receipt]) -> Holder:
    kinds = {one.kind for one in received}
    if len(kinds) > 1:
        return Holder.SEVERAL
    by_kind = {ReceiptKind.POLICE.value: Holder.POLICE, ReceiptKind.DEALER.value: Holder.DEALER}
    return by_kind.get(kinds.pop(), Holder.OTHER) if kinds else Holder.OTHER


def _next_date(release: ConfidentialityRelease, loaded: _Loaded, now: datetime) -> NextDate:
    order = release.order
    if not (release.covers_hearings or release.covers_ending):
        return NextDate(word=Word.NOT_RELEASED)
    found = []
    if release.covers_hearings:
        found += _hearing_dates(order, loaded, now)
    if release.covers_ending and _is_live(order, loaded, now):
        found += _extension_dates(order, loaded, now)
    if not found:
        return NextDate(word=Word.NOT_KNOWN if release.covers_hearings else Word.NOT_RELEASED)
    return min(found, key=lambda one: (one.on or date.max, one.kind != DateKind.HEARING))


def _hearing_dates(order: Order, loaded: _Loaded, now: datetime) -> list[NextDate]:
    today = court_day(order, now)
    return [
        NextDate(
            word=Word.YES,
            kind=DateKind.HEARING,
            on=one.scheduled_on,
            at=one.scheduled_time,
            purpose=one.purpose,
        )
        for one in loaded.hearings.get(order.pk, ())
        if not one.outcome and one.scheduled_on >= today
    ]


def _extension_dates(order: Order, loaded: _Loaded, now: datetime) -> list[NextDate]:
    today = court_day(order, now)
    window = window_of(loaded.deadlines.get(order.pk, ()), today)
    if window is None:
        return []
    opens = window.opens is not None and window.opens > today
    on = window.opens if opens else window.until
    kind = DateKind.EXTENSION_OPENS if opens else DateKind.EXTENSION_CLOSES
    return [NextDate(word=Word.YES, kind=kind, on=on, until=window.until)]


def _ending(order: Order, loaded: _Loaded, now: datetime) -> Ending:
    last_day = loaded.last_days[order.pk]
    state = state_of(order, last_day, now=now)
    if state is OrderState.VACATED and order.vacated_at is not None:
        return Ending(word=Word.YES, kind=EndKind.VACATED, on=court_day(order, order.vacated_at))
    if state is OrderState.ENDED:
        return Ending(word=Word.YES, kind=EndKind.ENDED, on=last_day)
    is_ex_parte = order.kind == OrderKind.EX_PARTE_RESTRAINING_ORDER
    if is_ex_parte and (last_day is None or _decided_on(order, loaded)):
        return Ending(word=Word.NOT_KNOWN, kind=EndKind.HEARING, on=_decided_on(order, loaded))
    if last_day is not None:
        return Ending(word=Word.YES, kind=EndKind.DAY, on=last_day)
    of_case = order.kind == OrderKind.FAMILY_VIOLENCE_PROTECTIVE_ORDER
    return Ending(word=Word.NOT_KNOWN, kind=EndKind.CASE if of_case else EndKind.UNKNOWN)


def _decided_on(order: Order, loaded: _Loaded) -> date | None:
    """The day of the hearing on the application, which decides whether a longer order follows."""
    days = [
        one.scheduled_on
        for one in loaded.hearings.get(order.pk, ())
        if one.purpose == HearingPurpose.APPLICATION and not one.outcome
    ]
    return max(days, default=None)


def _is_live(order: Order, loaded: _Loaded, now: datetime) -> bool:
    return state_of(order, loaded.last_days[order.pk], now=now).is_live


def _load(orders: Sequence[Order]) -> _Loaded:
    keys, cases = {one.pk for one in orders}, {one.case_id for one in orders}
    deadlines: defaultdict[int, list[Deadline]] = defaultdict(list)
    for deadline in Deadline.objects.filter(order__in=keys).exclude(state=DeadlineState.WITHDRAWN):
        deadlines[deadline.order_id].append(deadline)
    hearings: defaultdict[int, list[Hearing]] = defaultdict(list)
    for hearing in Hearing.objects.filter(order__in=keys):
        hearings[hearing.order_id].append(hearing)
    statements: defaultdict[int, list[Statement]] = defaultdict(list)
    for statement in Statement.objects.filter(order__in=keys):
        statements[statement.order_id].append(statement)
    receipts: defaultdict[int, list[Receipt]] = defaultdict(list)
    # A receipt may be of permits only.
    of_firearms = Receipt.objects.of_case(*cases).filter(items__isnull=False).distinct()
    for receipt in of_firearms.select_related("order"):
        receipts[receipt.order.case_id].append(receipt)
    returns: defaultdict[int, list[FirearmReturn]] = defaultdict(list)
    for one in FirearmReturn.objects.of_case(*cases).select_related("order"):
        returns[one.order.case_id].append(one)
    inventories = load_inventories(cases)
    return _Loaded(
        deadlines=deadlines,
        hearings=hearings,
        statements=statements,
        receipts=receipts,
        returns=returns,
        balances={one.pk: inventories[one.case_id].balance_for(one) for one in orders},
        last_days=last_days(orders),
    )
