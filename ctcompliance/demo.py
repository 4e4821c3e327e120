"""The demonstration: invented people and orders in different stages, for a machine of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from accounts.models import Agency, AgencyKind, Role, Town, User
from accounts.services import directory, people
from notifications.models import ContactChannel
from notifications.services.contacts import Wish, set_contact
from orders.models import (
    Case,
    Deadline,
    DeadlineState,
    FirearmSource,
    HearingOutcome,
    HearingPurpose,
    Order,
    OrderKind,
    ReceiptKind,
    Release,
    ServiceMethod,
    StatementKind,
)
from orders.rules.court_time import local_date
from orders.services.calendar import bundled
from orders.services.entry import NewOrder, enter_order
from orders.services.hearings import record_hearing, schedule_hearing
from orders.services.releases import record_release
from orders.services.service import record_failed_attempt, record_service
from orders.services.surrender import list_firearm, record_permit, record_receipt, record_statement
from orders.services.term import record_happening

#: Whoever runs the demonstration signs in with it; it opens nothing else.
PASSWORD = "only-a-demonstration"  # noqa: S105


class SignIn(NamedTuple):
    """One invented person."""

    role: str
    email: str
    password: str


SIGN_INS = (
    SignIn("clerk", "clerk@court.example", PASSWORD),
    SignIn("liaison", "liaison@hartford-police.example", PASSWORD),
    SignIn("State Police liaison", "liaison@state-police.example", PASSWORD),
    SignIn("advocate", "advocate@advocacy.example", PASSWORD),
    SignIn("administrator", "administrator@ctcompliance.example", PASSWORD),
)

COURT = "Hartford"
ADVOCACY = "Demonstration Advocacy Center"
#: The respondent of an order lives in one of these; Canton's police have nobody here who is told.
HARTFORD, STATE_POLICE_TOWN, UNHEARD_TOWN = "Hartford", "Andover", "Canton"

#: A surrender deadline is on its way when it ends within this time.
SOON = timedelta(minutes=2)
#: How long after a run the fresh deadlines end.
ENDS = (timedelta(seconds=45), timedelta(seconds=85))
HOURS_24 = timedelta(hours=24)


class NotPreparedError(RuntimeError):
    """There is no reference data yet. Run `manage.py prepare` first."""

    def __str__(self) -> str:
        return str(self.__doc__)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What one run added."""

    people: int = 0
    orders: int = 0
    ending_soon: int = 0


@transaction.atomic
def load(now: datetime) -> Loaded:
    """The demonstration stands, and at least two surrender deadlines end within the next two minutes.

    What is there already stays as it is. Raises `NotPreparedError`.
    """
    court = Agency.objects.filter(kind=AgencyKind.COURT, judicial_district__name=COURT).first()
    if court is None:
        raise NotPreparedError
    new_people = _load_people(court)
    stage = _Stage(
        court=court,
        clerk=_who("clerk"),
        advocate=_who("advocate"),
        now=now,
        today=local_date(now, bundled().jurisdictions["us_ct"].zone),
    )
    orders = sum(_tell(stage, number, tale) for number, tale in enumerate(TALES, start=1))
    fresh = _top_up(stage)
    return Loaded(people=new_people, orders=orders, ending_soon=fresh)


def _who(role: str) -> User:
    """Who signs in so."""
    return User.objects.get_by_natural_key(next(one.email for one in SIGN_INS if one.role == role))


def _load_people(court: Agency) -> int:
    advocacy = Agency.objects.filter(name=ADVOCACY).first()
    if advocacy is None:
        advocacy = Agency(name=ADVOCACY, kind=AgencyKind.ADVOCACY)
        directory.record(row=advocacy)
    holds: list[tuple[str, Role, Agency | None]] = [
        ("Dana Alder", Role.CLERK, court),
        ("Robin Hale", Role.LIAISON, Town.objects.get(name=HARTFORD).police),
        ("Jo Birch", Role.LIAISON, Town.objects.get(name=STATE_POLICE_TOWN).police),
        ("Lee Marsh", Role.ADVOCATE, advocacy),
        ("Kim Stone", Role.ADMINISTRATOR, None),
    ]
    added = 0
    for sign_in, (name, role, agency) in zip(SIGN_INS, holds, strict=True):
        if not User.objects.filter(email__iexact=sign_in.email).exists():
            user = people.create_user(email=sign_in.email, name=name, password=sign_in.password)
            people.grant_role(user=user, role=role, agency=agency)
            added += 1
    return added


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """The court, its clerk, an advocate and the clock by which a tale is told."""

    court: Agency
    clerk: User
    advocate: User
    now: datetime
    today: date

    def ago(self, **span: float) -> datetime:
        """An instant in the past."""
        return self.now - timedelta(**span)

    def day(self, days: int) -> date:
        """A day of court time, from today."""
        return self.today + timedelta(days=days)

    def enter(self, docket: str, name: str, kind: OrderKind, issued_at: datetime, **facts: object) -> Order:
        """An order comes in."""
        town = Town.objects.get(name=facts.pop("town", HARTFORD))
        new = NewOrder(
            docket_number=docket,
            court=self.court,
            kind=kind,
            respondent_name=name,
            respondent_town=town,
            issued_at=issued_at,
            **facts,  # type: ignore[arg-type]
        )
        order = enter_order(new, by=self.clerk, now=self.now)
        self.happen(order, "police_notified", issued_at + timedelta(hours=2))
        return order

    def serve(self, order: Order, at: datetime, method: ServiceMethod = ServiceMethod.IN_HAND) -> None:
        """A marshal served it, and brought the return."""
        record_service(
            order, at=at, method=method, officer="State Marshal Pat Reed", by=self.clerk, now=self.now
        )
        self.happen(order, "service_recorded", at + timedelta(minutes=50))
        self.happen(order, "service_returned", at + timedelta(hours=3))

    def happen(self, order: Order, kind: str, at: datetime) -> None:
        """Something happened that a rule looks at."""
        record_happening(order, kind=kind, at=at, by=self.clerk, now=self.now)

    def release(self, order: Order) -> Release:
        """The protected person lets the advocates follow the order for a quarter."""
        return record_release(
            order,
            agency=Agency.objects.get(name=ADVOCACY),
            signed_on=self.day(-1),
            begins_at=self.ago(days=1),
            ends_at=self.now + timedelta(days=90),
            by=self.clerk,
            now=self.now,
        )

    def tell_person(self, release: Release, address: str, phrase: str) -> None:
        """The protected person chose a safe way, and words by which a message is known to be ours."""
        wish = Wish(channel=ContactChannel.EMAIL, address=address, phrase=phrase)
        set_contact(release, wish, by=self.advocate, now=self.now)

    def list_pistol(self, order: Order, serial: str) -> None:
        """The application names a pistol."""
        list_firearm(
            order,
            source=FirearmSource.APPLICATION,
            make="Ruger",
            model="P95",
            caliber="9mm",
            firearm_type="Pistol",
            serial=serial,
            by=self.clerk,
            now=self.now,
        )


Tale = Callable[[_Stage, str], object]


def _tell(stage: _Stage, number: int, tale: Tale) -> bool:
    """Tells it once."""
    docket = f"HHD-FA-26-9{number:06}-S"
    if Case.objects.filter(docket_number=docket, court=stage.court).exists():
        return False
    tale(stage, docket)
    return True


def _waits_for_hearing(stage: _Stage, docket: str) -> None:
    stage.enter(
        docket,
        "Casey Holt",
        OrderKind.RESTRAINING_ORDER_APPLICATION,
        stage.ago(days=2),
        hearing_on=stage.day(11),
        protected_person="Avery Quill",
    )


def _not_served(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Morgan Vale",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        stage.ago(days=3),
        hearing_on=stage.day(4),
        protected_person="Jamie Fern",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1001")
    record_failed_attempt(
        order,
        at=stage.ago(days=1, hours=3),
        method=ServiceMethod.ABODE,
        officer="State Marshal Pat Reed",
        reason="Nobody opened; a neighbor says the respondent works nights.",
        by=stage.clerk,
        now=stage.now,
    )


def _hours_left(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Riley Crane",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        stage.ago(days=1, hours=2),
        hearing_on=stage.day(5),
        protected_person="Sky Larch",
        address_confidential=True,
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1002")
    stage.serve(order, stage.ago(hours=9))


def _hours_left_state_police(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Drew Ashby",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=1),
        town=STATE_POLICE_TOWN,
        expires_on=stage.day(363),
        protected_person="Quinn Ivy",
        permit_indicated=True,
    )
    record_permit(order, kind="Pistol permit", number="DEMO-77", by=stage.clerk, now=stage.now)
    stage.serve(order, stage.ago(hours=15), ServiceMethod.IN_COURT)


def _surrendered(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Taylor Wick",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=12),
        expires_on=stage.day(352),
        protected_person="Rowan Sedge",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1003")
    stage.serve(order, stage.ago(days=11))
    record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        at=stage.ago(days=10, hours=9),
        firearms=list(order.firearms.all()),
        agency=order.case.respondent.town.police,
        receipt_number="HPD-DEMO-41",
        by=stage.clerk,
        now=stage.now,
    )


def _sold_late(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Alex Thorne",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=20),
        expires_on=stage.day(344),
        protected_person="Noa Willow",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1004")
    stage.serve(order, stage.ago(days=19))
    record_receipt(
        order,
        kind=ReceiptKind.DEALER,
        at=stage.ago(days=16),
        firearms=list(order.firearms.all()),
        dealer_licence="6-06-003-01-7M-12345",
        receipt_number="DEMO-DEALER-9",
        by=stage.clerk,
        now=stage.now,
    )


def _unverified_denial(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Sam Orchard",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        stage.ago(days=1),
        hearing_on=stage.day(6),
        protected_person="Blake Reed",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1005")
    stage.serve(order, stage.ago(hours=20))
    record_statement(
        order, kind=StatementKind.NON_POSSESSION, at=stage.ago(hours=4), by=stage.clerk, now=stage.now
    )


def _overdue(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Jordan Pike",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=9),
        town=UNHEARD_TOWN,
        expires_on=stage.day(355),
        protected_person="Ellis Brook",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1006")
    stage.serve(order, stage.ago(days=8))
    stage.tell_person(stage.release(order), "quiet.heron@mail.example", "The heron is back")


def _nearly_over(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Chris Fenn",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=348),
        expires_on=stage.day(17),
        protected_person="Dale Harrow",
    )
    stage.serve(order, stage.ago(days=347))
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        at=stage.ago(days=346, hours=12),
        by=stage.clerk,
        now=stage.now,
    )


def _heard_tomorrow(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Pat Greer",
        OrderKind.EX_PARTE_RESTRAINING_ORDER,
        stage.ago(days=11),
        hearing_on=stage.day(2),
        protected_person="Ari Stone",
    )
    stage.serve(order, stage.ago(days=6))
    stage.release(order)
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        at=stage.ago(days=5, hours=20),
        by=stage.clerk,
        now=stage.now,
    )


def _compliance_hearing(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Toni Marlow",
        OrderKind.RESTRAINING_ORDER,
        stage.ago(days=15),
        expires_on=stage.day(349),
        protected_person="Shea Lindon",
        firearms_indicated=True,
    )
    stage.list_pistol(order, "DEMO-1007")
    stage.serve(order, stage.ago(days=14))
    record_receipt(
        order,
        kind=ReceiptKind.POLICE,
        at=stage.ago(days=13, hours=6),
        firearms=list(order.firearms.all()),
        agency=order.case.respondent.town.police,
        receipt_number="HPD-DEMO-42",
        by=stage.clerk,
        now=stage.now,
    )
    schedule_hearing(order, purpose=HearingPurpose.COMPLIANCE, on=stage.day(5), by=stage.clerk, now=stage.now)


def _heard(stage: _Stage, docket: str) -> None:
    order = stage.enter(
        docket,
        "Lou Whitby",
        OrderKind.FAMILY_VIOLENCE_PROTECTIVE_ORDER,
        stage.ago(days=30),
        protected_person="Max Garnet",
    )
    stage.serve(order, stage.ago(days=30), ServiceMethod.IN_COURT)
    record_statement(
        order,
        kind=StatementKind.NON_POSSESSION,
        at=stage.ago(days=29, hours=12),
        by=stage.clerk,
        now=stage.now,
    )
    hearing = schedule_hearing(
        order, purpose=HearingPurpose.COMPLIANCE, on=stage.day(-7), by=stage.clerk, now=stage.now
    )
    record_hearing(
        hearing, outcome=HearingOutcome.COMPLIANT, held_on=stage.day(-7), by=stage.clerk, now=stage.now
    )


#: The standing orders, each in a stage of its own.
TALES: tuple[Tale, ...] = (
    _waits_for_hearing,
    _not_served,
    _hours_left,
    _hours_left_state_police,
    _surrendered,
    _sold_late,
    _unverified_denial,
    _overdue,
    _nearly_over,
    _heard_tomorrow,
    _compliance_hearing,
    _heard,
)

_NAMES = ("Reese Calder", "Devon Hurst", "Kai Norwood", "Emery Stroud", "Frankie Tull", "Harper Lyle")
_TOP_UP = "HHD-FA-26-8"


def _top_up(stage: _Stage) -> int:
    """Two more orders whose 24 hours end in a moment, where fewer than two do."""
    on_their_way = Deadline.objects.filter(
        order__case__court=stage.court,
        order__case__docket_number__startswith=_TOP_UP,
        state=DeadlineState.OPEN,
        due_at__gt=stage.now,
        due_at__lte=stage.now + SOON,
    ).count()
    if on_their_way >= len(ENDS):
        return 0
    told = Case.objects.filter(court=stage.court, docket_number__startswith=_TOP_UP).count()
    for place, ends in enumerate(ENDS):
        number = told + place + 1
        served = stage.now + ends - HOURS_24
        order = stage.enter(
            f"{_TOP_UP}{number:06}-S",
            _NAMES[(number - 1) % len(_NAMES)],
            OrderKind.EX_PARTE_RESTRAINING_ORDER,
            served - timedelta(hours=3),
            town=(HARTFORD, STATE_POLICE_TOWN)[place],
            hearing_on=stage.day(6),
            protected_person=f"Protected Person {number}",
            firearms_indicated=True,
        )
        stage.list_pistol(order, f"DEMO-2{number:03}")
        stage.serve(order, served)
    return len(ENDS)
