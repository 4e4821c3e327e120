"""Every act on an order: done through its form, and refused beside the field that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Agency, AgencyKind, User
from orders.admin.acts import ACTS
from orders.models import (
    Concern,
    Deadline,
    DeadlineState,
    Event,
    Firearm,
    FirearmReturn,
    FirearmStatus,
    Happening,
    Hearing,
    Order,
    OrderTerm,
    Permit,
    Receipt,
    Release,
    Sending,
    ServiceAttempt,
    Statement,
)
from orders.services import hearings, releases, returns, service, surrender, term, terms
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of, typed

pytestmark = pytest.mark.django_db

LICENCE = "6-06-014-01-7M-12345"


@dataclass
class Stage:
    """An order with something of everything, so that every act has what it needs."""

    order: Order
    now: datetime
    firearm: Firearm
    hearing: Hearing
    receipt: Receipt
    police: int
    town: int
    other_firearm: Firearm
    release: Release
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """A day that has come."""
        return (self.now - timedelta(days=1)).date()


@pytest.fixture
def stage(enter: Enter, now: datetime) -> Stage:
    """An order that is served, unless a test withdraws it."""
    order = enter(served_at=now - timedelta(hours=20), expires_on=(now + timedelta(days=90)).date())
    given: dict[str, Any] = {"source": "application", "by": None, "now": now}
    firearm = surrender.list_firearm(order, serial="S-1", **given)
    receipted = surrender.list_firearm(order, serial="S-2", **given)
    other = enter()
    return Stage(
        order=order,
        now=now,
        firearm=firearm,
        hearing=hearings.schedule_hearing(
            order, purpose="compliance", on=(now + timedelta(days=5)).date(), by=None, now=now
        ),
        receipt=surrender.record_receipt(
            order,
            kind="dealer",
            at=now - timedelta(hours=2),
            firearms=[receipted],
            dealer_licence=LICENCE,
            receipt_number="R-1",
            by=None,
            now=now,
        ),
        police=make.agency().pk,
        town=make.town().pk,
        other_firearm=surrender.list_firearm(other, serial="S-9", **given),
        release=releases.record_release(
            order,
            agency=make.agency(AgencyKind.ADVOCACY),
            signed_on=(now - timedelta(days=1)).date(),
            begins_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=9),
            by=None,
            now=now,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is typed into one act's form, what must then be stored, and a slip with what is said of it."""

    act: str
    sheet: Callable[[Stage], dict[str, Any]]
    stored: Callable[[Stage], object]
    slip: Callable[[Stage], dict[str, Any]]
    beside: str
    said: str
    unserved: bool = False


def before(stage: Stage, name: str = "at", **span: float) -> dict[str, str]:
    """An instant in the past, as it is typed."""
    return typed(stage.now - timedelta(**span), name)


def released(stage: Stage) -> dict[str, Any]:
    """A release of a month, as it is typed."""
    return {
        "agency": stage.release.agency_id,
        "signed_on": stage.today,
        **typed(stage.now - timedelta(days=1), "begins_at"),
        **typed(stage.now + timedelta(days=30), "ends_at"),
    }


def named(stage: Stage) -> Concern:
    """Marshals that were named for the order."""
    marshals = make.agency(AgencyKind.MARSHAL)
    return stage.order.concerns.create(agency=marshals, capacity="marshal")


def ahead(stage: Stage) -> dict[str, str]:
    """An instant that has not come."""
    return typed(stage.now + timedelta(days=2))


CASES = [
    Case(
        act="serve",
        sheet=lambda s: {**before(s, hours=3), "method": "in_hand", "officer": "Pat Reed", "town": s.town},
        stored=lambda s: s.order.service_method == "in_hand" and s.order.concerns.count() == 3,
        slip=lambda s: {**before(s, days=30), "method": "in_hand"},
        beside="at",
        said="is before the order was issued",
        unserved=True,
    ),
    Case(
        act="attempt",
        sheet=lambda s: {**before(s, hours=3), "method": "abode", "reason": "Nobody opened."},
        stored=lambda s: ServiceAttempt.objects.get(order=s.order).reason == "Nobody opened.",
        slip=lambda s: {**ahead(s), "method": "abode", "reason": "Nobody opened."},
        beside="at",
        said="lies ahead",
        unserved=True,
    ),
    Case(
        act="correct-service",
        sheet=lambda s: {**before(s, hours=10), "method": "abode", "reason": "Wrong line read."},
        stored=lambda s: s.order.service_method == "abode",
        slip=lambda s: {**ahead(s), "method": "abode", "reason": "Wrong line read."},
        beside="at",
        said="lies ahead",
    ),
    Case(
        act="withdraw-service",
        sheet=lambda s: {"reason": "Another person was served."},
        stored=lambda s: s.order.served_at is None,
        slip=lambda s: {"reason": "  "},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="firearm",
        sheet=lambda s: {"make": "Ruger", "serial": "S-3", "source": "police"},
        stored=lambda s: Firearm.objects.get(order=s.order, serial="S-3").source == "police",
        slip=lambda s: {"serial": "S-1", "source": "police"},
        beside="serial",
        said="Serial S-1 is on the list already.",
    ),
    Case(
        act="permit",
        sheet=lambda s: {"kind": "Pistol permit", "number": "77"},
        stored=lambda s: Permit.objects.get(order=s.order).number == "77",
        slip=lambda s: {"kind": ""},
        beside="kind",
        said="This field is required.",
    ),
    Case(
        act="receipt",
        sheet=lambda s: {
            "firearms": [s.firearm.pk],
            **before(s, hours=1),
            "kind": "police",
            "agency": s.police,
            "receipt_number": "R-2",
        },
        stored=lambda s: (
            Receipt.objects.get(receipt_number="R-2").firearms.get() == s.firearm
            and Deadline.objects.get(order=s.order, rule_id="CT-SUR-01").state == DeadlineState.MET
        ),
        slip=lambda s: {
            "firearms": [s.firearm.pk],
            **before(s, hours=1),
            "kind": "dealer",
            "dealer_licence": "12345",
        },
        beside="dealer_licence",
        said="is not a dealer&#x27;s licence number. The form is R-DD-CCC-TT-EX-SSSSS",
    ),
    Case(
        act="withdraw-receipt",
        sheet=lambda s: {"receipt": s.receipt.pk, "reason": "Recorded in the wrong case."},
        stored=lambda s: not Receipt.objects.filter(pk=s.receipt.pk).exists(),
        slip=lambda s: {"receipt": s.receipt.pk, "reason": ""},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="statement",
        sheet=lambda s: {"kind": "non_possession", **before(s, hours=1)},
        stored=lambda s: Statement.objects.get(order=s.order).kind == "non_possession",
        slip=lambda s: {"kind": "non_possession", **ahead(s)},
        beside="at",
        said="lies ahead",
    ),
    Case(
        act="sent",
        sheet=lambda s: {"entry": "CT-SVC-04", **before(s, hours=1, name="sent")},
        stored=lambda s: Sending.objects.get(order=s.order).entry == "CT-SVC-04",
        slip=lambda s: {"entry": "CT-SVC-04", "sent_0": f"{s.today + timedelta(days=4)}", "sent_1": ""},
        beside="sent",
        said="lies ahead; record it once it happened.",
    ),
    Case(
        act="hearing",
        sheet=lambda s: {"purpose": "contempt", "on": f"{s.today + timedelta(days=9)}", "at": "9:30 am"},
        stored=lambda s: (
            str(Hearing.objects.get(order=s.order, purpose="contempt").scheduled_time) == "09:30:00"
        ),
        slip=lambda s: {"purpose": "compliance", "on": f"{s.hearing.scheduled_on}"},
        beside="on",
        said="Such a hearing is set for",
    ),
    Case(
        act="continue",
        sheet=lambda s: {"hearing": s.hearing.pk, "to": f"{s.today + timedelta(days=20)}"},
        stored=lambda s: (
            set(Hearing.objects.filter(order=s.order).values_list("outcome", flat=True)) == {"continued", ""}
        ),
        slip=lambda s: {"hearing": s.hearing.pk, "to": f"{s.hearing.scheduled_on}"},
        beside="to",
        said="Such a hearing is set for",
    ),
    Case(
        act="hold",
        sheet=lambda s: {"hearing": s.hearing.pk, "held_on": f"{s.today}", "outcome": "compliant"},
        stored=lambda s: Hearing.objects.get(pk=s.hearing.pk).outcome == "compliant",
        slip=lambda s: {
            "hearing": s.hearing.pk,
            "held_on": f"{s.today + timedelta(days=4)}",
            "outcome": "compliant",
        },
        beside="held_on",
        said="lies ahead; record it once it is held.",
    ),
    Case(
        act="happening",
        sheet=lambda s: {"kind": "police_notified", **before(s, hours=1)},
        stored=lambda s: Happening.objects.get(order=s.order).happened_at is not None,
        slip=lambda s: {"kind": "police_notified", "at_0": f"{s.today + timedelta(days=4)}", "at_1": ""},
        beside="at",
        said="lies ahead; record it once it happened.",
    ),
    Case(
        act="term",
        sheet=lambda s: {"term": "CT-SUR-05", "due_0": f"{s.today + timedelta(days=9)}", "due_1": ""},
        stored=lambda s: OrderTerm.objects.get(order=s.order, kept_on=None, due_on__gt=s.today),
        slip=lambda s: {"term": "CT-SUR-05", "due_0": "2001-01-01", "due_1": ""},
        beside="due",
        said="is before the order&#x27;s own date",
    ),
    Case(
        act="keep-term",
        sheet=lambda s: {"term": with_term(s), "kept_0": f"{s.today}", "kept_1": ""},
        stored=lambda s: OrderTerm.objects.get(order=s.order).kept_on == s.today,
        slip=lambda s: {"term": with_term(s), "kept_0": f"{s.today + timedelta(days=4)}", "kept_1": ""},
        beside="kept",
        said="lies ahead; record it once it happened.",
    ),
    Case(
        act="extend",
        sheet=lambda s: {"expires_on": f"{s.today + timedelta(days=300)}"},
        stored=lambda s: s.order.expires_on == s.today + timedelta(days=300),
        slip=lambda s: {"expires_on": f"{s.today + timedelta(days=10)}"},
        beside="expires_on",
        said="the last day so far. To put a wrong date right, correct the order.",
    ),
    Case(
        act="correct",
        sheet=lambda s: {
            **order_sheet(s),
            "expires_on": f"{s.today + timedelta(days=30)}",
            "reason": "Typed the wrong year.",
        },
        stored=lambda s: s.order.expires_on == s.today + timedelta(days=30),
        slip=lambda s: {**order_sheet(s), "expires_on": "2001-01-01", "reason": "Typed the wrong year."},
        beside="expires_on",
        said="is before the order&#x27;s own date",
    ),
    Case(
        act="correct-town",
        sheet=lambda s: {"town": s.town, "reason": "The respondent moved."},
        stored=lambda s: s.order.case.respondent.town_id == s.town,
        slip=lambda s: {"town": s.town, "reason": ""},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="return",
        sheet=lambda s: {
            "firearms": [in_custody(s, over=True)],
            **before(s, minutes=30),
            "agency": s.police,
            "officer": "Officer Lee Ash",
            "confirmed": ["requested", "eligible"],
        },
        stored=lambda s: (
            FirearmReturn.objects.get(order=s.order).firearm.status == FirearmStatus.RETURNED
            and FirearmReturn.objects.get().confirmed == ["requested", "eligible"]
        ),
        slip=lambda s: {
            "firearms": [in_custody(s, over=True)],
            **before(s, minutes=30),
            "agency": s.police,
            "officer": "Officer Lee Ash",
            "confirmed": ["requested"],
        },
        beside="confirmed",
        said="CT-RET-COND",
    ),
    Case(
        act="withdraw-return",
        sheet=lambda s: {"returned": given_back(s), "reason": "It was another firearm."},
        stored=lambda s: (
            not FirearmReturn.objects.exists()
            and Firearm.objects.get(serial="S-3").status == FirearmStatus.SURRENDERED
        ),
        slip=lambda s: {"returned": given_back(s), "reason": ""},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="correct-address",
        sheet=lambda s: {"address": "7 Elm Lane, upstairs", "reason": "The respondent moved."},
        stored=lambda s: s.order.case.respondent.address == "7 Elm Lane, upstairs",
        slip=lambda s: {"address": "7 Elm Lane", "reason": ""},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="release",
        sheet=released,
        stored=lambda s: s.order.releases.count() == 2,
        slip=lambda s: released(s) | typed(s.now - timedelta(days=9), "ends_at"),
        beside="ends_at",
        said="It would end before it begins.",
    ),
    Case(
        act="involve",
        sheet=lambda s: {"agency": make.agency(AgencyKind.SCHOOL).pk},
        stored=lambda s: s.order.concerns.filter(capacity="school").count() == 1,
        slip=lambda s: {"agency": make.agency(AgencyKind.POLICE).pk},
        beside="agency",
        said="is not one of the available choices",
    ),
    Case(
        act="drop",
        sheet=lambda s: {"agency": named(s).pk, "reason": "A slip."},
        stored=lambda s: not s.order.concerns.filter(capacity="marshal").exists(),
        slip=lambda s: {"agency": named(s).pk, "reason": ""},
        beside="reason",
        said="This field is required.",
    ),
    Case(
        act="revoke-release",
        sheet=lambda s: {"release": s.release.pk},
        stored=lambda s: s.order.releases.get().revoked_at is not None,
        slip=lambda s: {"release": s.release.pk + 1000},
        beside="release",
        said="is not one of the available choices",
    ),
    Case(
        act="vacate",
        sheet=lambda s: {**before(s, hours=1), "reason": "Withdrawn by the applicant."},
        stored=lambda s: s.order.vacated_at is not None,
        slip=lambda s: {**ahead(s), "reason": "Withdrawn by the applicant."},
        beside="at",
        said="lies ahead",
    ),
]


def order_sheet(stage: Stage) -> dict[str, Any]:
    """The order as its correction begins."""
    assert stage.order.issued_at
    return {
        "kind": stage.order.kind,
        **typed(stage.order.issued_at, "issued"),
        "expires_on": f"{stage.order.expires_on}",
        "firearms_indicated": "on",
    }


def in_custody(stage: Stage, *, over: bool) -> int:
    """A firearm that police hold, of an order that is over if it is to be."""
    given: dict[str, Any] = {"by": None, "now": stage.now}
    firearm = surrender.list_firearm(stage.order, serial="S-3", source="police", **given)
    surrender.record_receipt(
        stage.order,
        kind="police",
        at=stage.now - timedelta(hours=3),
        firearms=[firearm],
        agency=Agency.objects.get(pk=stage.police),
        **given,
    )
    stage.order.refresh_from_db()
    if over and stage.order.vacated_at is None:
        term.vacate_order(stage.order, at=stage.now - timedelta(hours=2), reason="Withdrawn.", **given)
    return int(firearm.pk)


def given_back(stage: Stage) -> int:
    """The return of a firearm."""
    firearm = Firearm.objects.get(pk=in_custody(stage, over=True))
    (returned,) = returns.record_return(
        stage.order,
        firearms=[firearm],
        at=stage.now - timedelta(minutes=1),
        agency=Agency.objects.get(pk=stage.police),
        officer="Officer Lee Ash",
        confirmed=["requested", "eligible"],
        by=None,
        now=stage.now,
    )
    return int(returned.pk)


def with_term(stage: Stage) -> int:
    """A term that the judge has set."""
    term = OrderTerm.objects.filter(order=stage.order).first()
    if term is None:
        term = terms.set_term(
            stage.order, term="CT-SUR-05", on=stage.today + timedelta(days=2), by=None, now=stage.now
        )
    return int(term.pk)


def by_name(case: Case) -> str:
    """How a case is called."""
    return case.act


def test_every_act_is_tried_here() -> None:
    assert {case.act for case in CASES} == set(ACTS)


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_the_act_is_done_and_its_event_says_by_whom(
    case: Case, stage: Stage, desk: Client, clerk: User
) -> None:
    ready(case, stage)
    sheet = case.sheet(stage)
    last = Event.objects.order_by("-id")[0].pk

    response = desk.post(address(case, stage), sheet | hidden(desk, case, stage))

    assert response.status_code == 302, response.context["form"].errors
    assert response.headers["Location"] == f"{page_of(stage.order)}#{ACTS[case.act].section}"
    stage.order = Order.objects.select_related("case__respondent").get(pk=stage.order.pk)
    assert case.stored(stage)
    events = Event.objects.filter(pk__gt=last)
    assert {event.actor for event in events} == {clerk}
    assert desk.get(page_of(stage.order)).status_code == 200


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_a_slip_is_refused_beside_its_field(case: Case, stage: Stage, desk: Client) -> None:
    ready(case, stage)
    slip = case.slip(stage)
    before = Event.objects.count()

    response = desk.post(address(case, stage), slip | hidden(desk, case, stage))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [case.beside]
    assert case.said in response.content.decode()
    assert Event.objects.count() == before


@pytest.mark.parametrize("act", ACTS)
def test_no_text_is_too_long_for_its_column(act: str, stage: Stage, desk: Client) -> None:
    form = desk.get(f"{page_of(stage.order)}{act}/").context["form"]
    case = next(case for case in CASES if case.act == act)
    ready(case, stage)
    long = {name: "x" * 2000 for name, one in form.fields.items() if type(one).__name__ == "CharField"}

    response = desk.post(address(case, stage), case.sheet(stage) | long)

    assert response.status_code in (200, 302)
    if set(long) - {"seen"}:
        assert "at most" in response.content.decode()


def test_a_firearm_of_another_order_is_not_offered_and_not_taken(stage: Stage, desk: Client) -> None:
    sheet = {"firearms": [stage.other_firearm.pk], **before(stage, hours=1), "kind": "police"}

    page = desk.post(f"{page_of(stage.order)}receipt/", sheet | {"agency": stage.police}).content.decode()

    assert "S-9" not in page
    assert "is not one of the available choices" in page


def test_a_correction_of_nothing_is_refused(stage: Stage, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct")
    sheet = order_sheet(stage) | hidden(desk, case, stage) | {"reason": "Just looking."}

    page = desk.post(address(case, stage), sheet).content.decode()

    assert "Nothing here differs from what is stored." in page


def test_a_correction_tells_the_service_only_what_differs(stage: Stage, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct")

    desk.post(address(case, stage), case.sheet(stage) | hidden(desk, case, stage))

    event = Event.objects.filter(kind="corrected").get()
    assert list(event.data["changes"]) == ["expires_on"]
    assert event.reason == "Typed the wrong year."


def test_a_correction_of_what_another_clerk_changed_meanwhile_is_refused(stage: Stage, desk: Client) -> None:
    case = next(case for case in CASES if case.act == "correct-service")
    as_seen = hidden(desk, case, stage)
    service.correct_service(
        stage.order,
        at=stage.now - timedelta(hours=15),
        by=None,
        now=stage.now,
        reason="Another clerk was faster.",
    )

    page = desk.post(address(case, stage), case.sheet(stage) | as_seen).content.decode()

    assert "Somebody changed this meanwhile." in page
    assert Event.objects.filter(kind="service_corrected").count() == 1


def test_only_acts_that_fit_are_offered(enter: Enter, stage: Stage, desk: Client, now: datetime) -> None:
    fresh, served = enter(), stage.order

    def offered(order: Order) -> set[str]:
        page = desk.get(page_of(order)).content.decode()
        return {name for name in ACTS if f'href="{page_of(order)}{name}/"' in page}

    assert offered(fresh) == set(ACTS) - {
        "correct-service",
        "withdraw-service",
        "receipt",
        "withdraw-receipt",
        "return",
        "withdraw-return",
        "continue",
        "hold",
        "keep-term",
        "revoke-release",
        "drop",
    }
    absent = {"serve", "attempt", "keep-term", "return", "withdraw-return", "drop"}
    assert offered(served) == set(ACTS) - absent
    desk.post(f"{page_of(served)}vacate/", {**before(stage, minutes=5), "reason": "Ended."})
    assert offered(served) == set(ACTS) - absent - {"vacate", "extend"}
    returned = given_back(stage)
    assert offered(served) == set(ACTS) - absent - {"vacate", "extend"} | {"withdraw-return"}
    desk.post(f"{page_of(served)}withdraw-return/", {"returned": returned, "reason": "Another firearm."})
    assert offered(served) == set(ACTS) - absent - {"vacate", "extend"} | {"return"}


def test_happenings_are_those_that_rules_of_the_order_look_at(stage: Stage, desk: Client) -> None:
    page = desk.get(f"{page_of(stage.order)}happening/").content.decode()

    assert "Police were sent the order" in page
    assert 'value="served"' not in page
    assert 'value="warrant_executed"' not in page


def ready(case: Case, stage: Stage) -> None:
    """The order is as the act wants it."""
    if case.unserved:
        service.withdraw_service(stage.order, by=None, now=stage.now, reason="For a test.")


def address(case: Case, stage: Stage) -> str:
    """Where the act's form is."""
    return f"{page_of(stage.order)}{case.act}/"


def hidden(desk: Client, case: Case, stage: Stage) -> dict[str, Any]:
    """What the form carries along unseen."""
    form = desk.get(address(case, stage)).context["form"]
    return {one.name: one.value() for one in form.hidden_fields()}
