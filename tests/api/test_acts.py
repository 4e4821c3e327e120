"""Every act by the API: done, tried, refused; by whom, and upon what."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.models import Agency, AgencyKind, AuditEntry, Role
from orders.models import Deadline, Event
from orders.services import surrender
from orders.services.change import court_day
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.stage import Stage, set_up

pytestmark = pytest.mark.django_db

Told = Callable[[Stage], Any]


@dataclass(frozen=True, kw_only=True)
class Act:
    """One address that takes a POST: what is sent, what is answered, and a fact that is refused."""

    path: Told
    body: Told
    #: What the answer must hold.
    shows: Told
    #: What is sent besides or instead, and the refusal's field and code.
    slip: Told
    refused: tuple[str, str]
    #: Roles that see the order and may not do this.
    not_for: tuple[Role, ...] = (Role.JUDGE, Role.LIAISON)
    #: Who does it, and of which agency.
    by: Role = Role.CLERK
    place: Callable[[Stage], Agency] = lambda s: s.court
    #: Whether who has done it may still ask about it.
    keeps_sight: bool = True


def of_follow_up(name: str) -> Told:
    """An address under the follow-up."""
    return lambda s: f"/follow-ups/{s.follow_up.public_id}/{name}"


#: What police do about a follow-up of theirs.
_POLICE: dict[str, Any] = {
    "by": Role.LIAISON,
    "place": lambda s: s.police,
    "not_for": (Role.JUDGE, Role.CLERK),
}


def of(name: str, *, unserved: bool = False) -> Told:
    """An address under the order."""
    return lambda s: f"/orders/{(s.unserved if unserved else s.order).public_id}/{name}"


def named(stage: Stage) -> str:
    """The name of marshals that were named for the order."""
    marshals = make.agency(AgencyKind.MARSHAL)
    stage.order.concerns.create(agency=marshals, capacity="marshal")
    return marshals.name


ACTS = {
    "service": Act(
        path=of("services", unserved=True),
        body=lambda s: {"served_at": s.ago(hours=3), "service_method": "in_hand", "town": s.town.name},
        shows=lambda s: {"service_method": "in_hand", "served_in_custody": False},
        slip=lambda s: {"served_at": s.ago(days=30)},
        refused=("served_at", "served_before_issued"),
        not_for=(Role.JUDGE,),
    ),
    "service-corrections": Act(
        path=of("service-corrections"),
        body=lambda s: {"served_at": s.ago(hours=3), "reason": "misread"},
        shows=lambda s: {"service_method": "in_hand"},
        slip=lambda s: {"served_at": s.ahead(hours=1)},
        refused=("served_at", "in_the_future"),
    ),
    "service-withdrawals": Act(
        path=of("service-withdrawals"),
        body=lambda s: {"reason": "another order's return"},
        shows=lambda s: {"served_at": None, "service_method": ""},
        slip=lambda s: {"reason": "   \t"},
        refused=("reason", "blank"),
    ),
    "service-attempts": Act(
        path=of("service-attempts", unserved=True),
        body=lambda s: {"attempted_at": s.ago(hours=3), "method": "in_hand", "reason": "nobody there"},
        shows=lambda s: {"reason": "nobody there", "order": str(s.unserved.public_id)},
        slip=lambda s: {"attempted_at": s.ahead(hours=1)},
        refused=("attempted_at", "in_the_future"),
        not_for=(Role.JUDGE,),
    ),
    "agencies": Act(
        path=of("agencies"),
        body=lambda s: {"agency": make.agency(AgencyKind.SCHOOL).name},
        shows=lambda s: {"capacity": "school"},
        slip=lambda s: {"agency": s.police.name},
        refused=("agency", "wrong_kind"),
    ),
    "agency-withdrawals": Act(
        path=of("agency-withdrawals"),
        body=lambda s: {"agency": named(s), "capacity": "marshal", "reason": "a slip"},
        shows=lambda s: {"id": str(s.order.public_id)},
        slip=lambda s: {"capacity": "school"},
        refused=("agency", "not_named"),
    ),
    "firearms": Act(
        path=of("firearms"),
        body=lambda s: {"serial": "S-3", "source": "police"},
        shows=lambda s: {"serial": "S-3", "status": "alleged"},
        slip=lambda s: {"serial": "S-1"},
        refused=("serial", "duplicate_serial"),
        not_for=(Role.JUDGE,),
    ),
    "permits": Act(
        path=of("permits"),
        body=lambda s: {"kind": "pistol permit", "number": "P-1"},
        shows=lambda s: {"number": "P-1", "handed_in_on": None},
        slip=lambda s: {"kind": " "},
        refused=("kind", "blank"),
        not_for=(Role.JUDGE,),
    ),
    "receipts": Act(
        path=of("receipts"),
        body=lambda s: {
            "kind": "police",
            "received_at": s.ago(hours=1),
            "agency": s.police.name,
            "firearms": [str(s.firearm.public_id)],
        },
        shows=lambda s: {"agency": s.police.name, "firearms": [str(s.firearm.public_id)]},
        slip=lambda s: {"receipt_number": "R-1"},
        refused=("receipt_number", "duplicate_receipt"),
        not_for=(Role.JUDGE,),
    ),
    "receipt-withdrawals": Act(
        path=lambda s: f"/receipts/{s.receipt.public_id}/withdrawals",
        body=lambda s: {"reason": "forged"},
        shows=lambda s: {"id": str(s.order.public_id)},
        slip=lambda s: {"reason": ""},
        refused=("reason", "blank"),
    ),
    "statements": Act(
        path=of("statements"),
        body=lambda s: {"kind": "non_possession", "sworn_at": s.ago(hours=1)},
        shows=lambda s: {"kind": "non_possession"},
        slip=lambda s: {"sworn_at": s.ahead(hours=1)},
        refused=("sworn_at", "in_the_future"),
    ),
    "hearings": Act(
        path=of("hearings"),
        body=lambda s: {"purpose": "contempt", "scheduled_on": s.day(9), "scheduled_time": "09:30"},
        shows=lambda s: {"purpose": "contempt", "scheduled_time": "09:30:00", "outcome": ""},
        slip=lambda s: {"purpose": "compliance", "scheduled_on": s.hearing.scheduled_on.isoformat()},
        refused=("scheduled_on", "duplicate_hearing"),
    ),
    "continuances": Act(
        path=lambda s: f"/hearings/{s.hearing.public_id}/continuances",
        body=lambda s: {"scheduled_on": s.day(12)},
        shows=lambda s: {"purpose": "compliance", "scheduled_on": s.day(12)},
        slip=lambda s: {"scheduled_on": s.day(-60)},
        refused=("scheduled_on", "hearing_before_issue"),
    ),
    "outcomes": Act(
        path=lambda s: f"/hearings/{s.hearing.public_id}/outcomes",
        body=lambda s: {"outcome": "compliant", "held_on": s.day(-1)},
        shows=lambda s: {"outcome": "compliant", "held_on": s.day(-1)},
        slip=lambda s: {"held_on": s.day(3)},
        refused=("held_on", "in_the_future"),
    ),
    "happenings": Act(
        path=of("happenings"),
        body=lambda s: {"kind": "extension_moved", "happened_at": s.ago(hours=1)},
        shows=lambda s: {"kind": "extension_moved"},
        slip=lambda s: {"happened_at": None, "happened_on": s.day(3)},
        refused=("happened_on", "in_the_future"),
    ),
    "sendings": Act(
        path=of("sendings"),
        body=lambda s: {"entry": s.requirement, "sent_on": s.day(-1)},
        shows=lambda s: {"entry": s.requirement, "sent_on": s.day(-1), "sent_at": None},
        slip=lambda s: {"entry": "CT-NOT-THERE"},
        refused=("entry", "unknown_requirement"),
    ),
    "terms": Act(
        path=of("terms"),
        body=lambda s: {"term": "CT-HOM-01", "due_on": s.day(20)},
        shows=lambda s: {"term": "CT-HOM-01", "due_on": s.day(20), "kept_on": None},
        slip=lambda s: {"term": "CT-SUR-07"},
        refused=("due_at", "required"),
    ),
    "completions": Act(
        path=lambda s: f"/terms/{s.term.public_id}/completions",
        body=lambda s: {"kept_at": s.ago(hours=1)},
        shows=lambda s: {"term": "CT-HOM-01"},
        slip=lambda s: {"kept_at": None},
        refused=("kept_on", "required"),
        not_for=(Role.JUDGE,),
    ),
    "extensions": Act(
        path=of("extensions"),
        body=lambda s: {"expires_on": s.day(200)},
        shows=lambda s: {"expires_on": s.day(200)},
        slip=lambda s: {"expires_on": s.day(5)},
        refused=("expires_on", "not_an_extension"),
    ),
    "releases": Act(
        path=of("releases"),
        body=lambda s: {
            "agency": s.organization.name,
            "signed_on": s.day(-1),
            "begins_at": s.ago(hours=1),
            "ends_at": s.ahead(days=30),
        },
        shows=lambda s: {"agency": s.organization.name, "revoked_at": None},
        slip=lambda s: {"begins_at": s.ago(days=3), "ends_at": s.ago(days=2)},
        refused=("ends_at", "in_the_past"),
    ),
    "revocations": Act(
        path=lambda s: f"/releases/{s.release.public_id}/revocations",
        body=lambda s: {},
        shows=lambda s: {"id": str(s.release.public_id)},
        slip=lambda s: {"reason": "none is asked"},
        refused=("reason", "unknown_field"),
    ),
    "attempts": Act(
        path=of_follow_up("attempts"),
        body=lambda s: {
            "attempted_at": s.ago(hours=1),
            "kind": "visit",
            "result": "refused",
            "next_action_at": s.ahead(days=2),
        },
        shows=lambda s: {"result": "refused", "follow_up": str(s.follow_up.public_id)},
        slip=lambda s: {"next_action_at": s.ago(hours=1)},
        refused=("next_action_at", "not_ahead"),
        **_POLICE,
    ),
    "assignments": Act(
        path=of_follow_up("assignments"),
        body=lambda s: {"assigned_to": s.hand_over.offered_by.email},
        shows=lambda s: {"assigned_to": s.hand_over.offered_by.name},
        slip=lambda s: {"assigned_to": make.person(Role.LIAISON, make.agency()).email},
        refused=("assigned_to", "does_not_exist"),
        **_POLICE,
    ),
    "next-actions": Act(
        path=of_follow_up("next-actions"),
        body=lambda s: {"next_action_at": "2199-01-01T00:00:00-05:00", "reason": "the court sits"},
        shows=lambda s: {"next_action_at": "2199-01-01T05:00:00Z"},
        slip=lambda s: {"reason": " "},
        refused=("reason", "blank"),
        **_POLICE,
    ),
    "hand-overs": Act(
        path=of_follow_up("hand-overs"),
        body=lambda s: {"to_agency": s.hand_over.to_agency.name, "reason": "lives there"},
        shows=lambda s: {"from_agency": s.police.name, "accepted": None, "withdrawn_at": None},
        slip=lambda s: {"to_agency": s.police.name},
        refused=("to_agency", "own_agency"),
        **_POLICE,
    ),
    "acceptances": Act(
        path=lambda s: f"/hand-overs/{s.hand_over.public_id}/answers",
        body=lambda s: {"accepted": True},
        shows=lambda s: {"accepted": True, "answer": ""},
        slip=lambda s: {"accepted": False},
        refused=("reason", "required"),
        by=Role.LIAISON,
        place=lambda s: s.hand_over.to_agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
    ),
    "refusals": Act(
        path=lambda s: f"/hand-overs/{s.hand_over.public_id}/answers",
        body=lambda s: {"accepted": False, "reason": "no staff"},
        shows=lambda s: {"accepted": False, "answer": "no staff"},
        slip=lambda s: {"reason": ""},
        refused=("reason", "blank"),
        by=Role.LIAISON,
        place=lambda s: s.hand_over.to_agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
        keeps_sight=False,
    ),
    "hand-over-withdrawals": Act(
        path=lambda s: f"/hand-overs/{s.hand_over.public_id}/withdrawals",
        body=lambda s: {},
        shows=lambda s: {"accepted": None, "id": str(s.hand_over.public_id)},
        slip=lambda s: {"reason": "none is asked"},
        refused=("reason", "unknown_field"),
        **_POLICE,
    ),
    "referrals": Act(
        path=of_follow_up("referrals"),
        body=lambda s: {"agency": s.referral.agency.name, "reason": "refused twice"},
        shows=lambda s: {"agency": s.referral.agency.name, "outcome": "", "decided_on": None},
        slip=lambda s: {"agency": s.police.name},
        refused=("agency", "does_not_exist"),
        **_POLICE,
    ),
    "referral-outcomes": Act(
        path=lambda s: f"/referrals/{s.referral.public_id}/outcomes",
        body=lambda s: {"outcome": "warrant", "decided_on": court_day(s.order, s.now).isoformat()},
        shows=lambda s: {"outcome": "warrant", "agency": s.referral.agency.name},
        slip=lambda s: {"decided_on": s.day(-5)},
        refused=("decided_on", "decided_before_referred"),
        by=Role.PROSECUTOR,
        place=lambda s: s.referral.agency,
        not_for=(Role.JUDGE, Role.CLERK, Role.LIAISON),
    ),
    "vacaturs": Act(
        path=of("vacaturs"),
        body=lambda s: {"vacated_at": s.ago(hours=1), "reason": "dismissed"},
        shows=lambda s: {"id": str(s.order.public_id)},
        slip=lambda s: {"vacated_at": s.ahead(hours=1)},
        refused=("vacated_at", "in_the_future"),
    ),
    "respondent-corrections": Act(
        path=of("respondent-corrections"),
        body=lambda s: {"town": make.town(s.police).name, "address": "7 Elm Lane", "reason": "moved"},
        shows=lambda s: {"id": str(s.order.public_id)},
        slip=lambda s: {"town": "Nowhere"},
        refused=("town", "does_not_exist"),
    ),
}


@pytest.fixture
def stage(db: None) -> Stage:
    return set_up()


@pytest.fixture
def clerk(caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(Role.CLERK, stage.court))


@pytest.fixture(params=ACTS)
def act(request: pytest.FixtureRequest) -> Act:
    return ACTS[request.param]


@pytest.fixture
def doer(act: Act, caller: MakeCaller, stage: Stage) -> Caller:
    return caller(make.person(act.by, act.place(stage)))


def test_it_is_done_answered_as_it_stands_and_an_event(act: Act, stage: Stage, doer: Caller) -> None:
    before = Event.objects.count()

    answer = doer.post(act.path(stage), act.body(stage))

    assert answer.status_code == 201, answer.content
    shown = answer.json()
    expected = act.shows(stage)
    assert {name: shown[name] for name in expected} == expected
    assert Event.objects.count() > before
    if "Location" in answer.headers and act.keeps_sight:
        again = doer.get(answer.headers["Location"].removeprefix("/api/v1"))
        assert (again.json(), again.headers["ETag"]) == (shown, answer.headers["ETag"])


def test_a_fact_that_cannot_be_is_refused_at_its_field(act: Act, stage: Stage, doer: Caller) -> None:
    before = Event.objects.count()

    answer = doer.post(act.path(stage), act.body(stage) | act.slip(stage))

    field, code = act.refused
    assert answer.status_code == (400 if code in ("blank", "unknown_field") else 409), answer.content
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]
    assert Event.objects.count() == before


def test_a_field_that_there_is_not_is_refused(act: Act, stage: Stage, doer: Caller) -> None:
    answer = doer.post(act.path(stage), act.body(stage) | {"surprise": 1})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "unknown_field"


def test_what_concerns_another_agency_is_answered_as_what_is_not_there(
    act: Act, stage: Stage, caller: MakeCaller
) -> None:
    stranger = caller(make.person(act.by, make.agency(AgencyKind(act.place(stage).kind))))
    path = act.path(stage)
    nothing = "/".join([*path.split("/")[:2], str(uuid.uuid4()), *path.split("/")[3:]])

    answers = [stranger.post(one, act.body(stage)) for one in (path, nothing)]

    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_who_sees_the_order_may_still_not_do_it(act: Act, stage: Stage, caller: MakeCaller) -> None:
    for role in act.not_for:
        agency = stage.police if role == Role.LIAISON else stage.court

        answer = caller(make.person(role, agency)).post(act.path(stage), act.body(stage))

        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_a_role_elsewhere_does_not_do_it_here(act: Act, stage: Stage, caller: MakeCaller) -> None:
    """A clerk of another court who is a judge of this one; or police elsewhere, who sit here."""
    person = make.person(act.by, make.agency(AgencyKind(act.place(stage).kind)))
    person.memberships.create(agency=stage.court, role=Role.JUDGE)

    answer = caller(person).post(act.path(stage), act.body(stage))

    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_tried_it_leaves_nothing(act: Act, stage: Stage, doer: Caller) -> None:
    before = Event.objects.count(), list(Deadline.objects.values().order_by("id"))

    answer = doer.post(f"{act.path(stage)}?dry_run=true", act.body(stage))

    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"deadlines"}
    assert (Event.objects.count(), list(Deadline.objects.values().order_by("id"))) == before


def test_a_repetition_is_answered_the_same(act: Act, stage: Stage, doer: Caller) -> None:
    path, body = act.path(stage), act.body(stage)
    first = doer.post(path, body, key="once")
    events = Event.objects.count()

    again = doer.post(path, body, key="once")

    # A row that is gone cannot be acted upon again, not even to say that it was.
    is_gone = not act.keeps_sight or ("withdrawals" in path and "receipts" in path)
    assert again.status_code == (404 if is_gone else 201)
    assert again.status_code == 404 or again.content == first.content
    assert Event.objects.count() == events


def test_an_act_upon_a_hearing_is_refused_once_the_hearing_has_changed(stage: Stage, clerk: Caller) -> None:
    path = f"/hearings/{stage.hearing.public_id}"
    tag = clerk.get(path).headers["ETag"]
    first = clerk.post(f"{path}/continuances", {"scheduled_on": stage.day(12)}, If_Match=tag)

    second = clerk.post(f"{path}/continuances", {"scheduled_on": stage.day(13)}, If_Match=tag)

    assert first.status_code == 201, first.content
    assert (second.status_code, second.json()["code"]) == (412, "stale")


def test_what_is_wrong_with_no_field_is_wrong_with_the_body(stage: Stage, clerk: Caller) -> None:
    path = f"/hearings/{stage.hearing.public_id}/continuances"
    clerk.post(path, {"scheduled_on": stage.day(12)})

    answer = clerk.post(path, {"scheduled_on": stage.day(13)})

    assert answer.json()["errors"][0] | {"message": ""} == {
        "field": "body",
        "code": "already_ended",
        "message": "",
    }


def test_a_day_and_an_instant_are_not_both_taken(stage: Stage, clerk: Caller) -> None:
    both = {"kept_on": stage.day(-1), "kept_at": stage.ago(hours=40)}

    answer = clerk.post(f"/terms/{stage.term.public_id}/completions", both)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "ambiguous")


def test_a_firearm_of_another_case_is_refused_as_one_that_is_not_there(stage: Stage, clerk: Caller) -> None:
    other = make.order(court=stage.court)
    theirs = surrender.list_firearm(other, serial="T-1", source="police", by=None, now=make.NOW)
    body = ACTS["receipts"].body(stage)

    answers = [
        clerk.post(of("receipts")(stage), {**body, "firearms": [*body["firearms"], str(one)]})
        for one in (theirs.public_id, uuid.uuid4())
    ]

    assert [one.status_code for one in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    (error,) = answers[0].json()["errors"]
    assert (error["field"], error["code"]) == ("firearms.1", "does_not_exist")


@pytest.mark.parametrize("name", [7, ["x"], {"y": 1}, None])
def test_a_name_that_is_no_text_is_a_slip_of_form(name: Any, stage: Stage, clerk: Caller) -> None:
    answer = clerk.post(of("respondent-corrections")(stage), {"town": name, "reason": "moved"})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "town")


@pytest.mark.parametrize(
    ("name", "slip", "refusal"),
    [
        ("attempts", {"kind": "letter"}, (400, "kind")),
        ("attempts", {"result": None}, (400, "result")),
        ("attempts", {"attempted_at": "2026-11-22T10:00:00"}, (400, "attempted_at")),
        ("attempts", {"next_action_at": "tomorrow"}, (400, "next_action_at")),
        ("assignments", {"assigned_to": 7}, (400, "assigned_to")),
        ("assignments", {"assigned_to": "nobody@agency.example"}, (409, "assigned_to")),
        ("next-actions", {"next_action_at": "2026-01-01T00:00:00Z"}, (409, "next_action_at")),
        ("next-actions", {"reason": "x" * 501}, (400, "reason")),
        ("hand-overs", {"to_agency": "Police of Nowhere"}, (409, "to_agency")),
        ("acceptances", {"accepted": "perhaps"}, (400, "accepted")),
        ("acceptances", {"accepted": None}, (400, "accepted")),
        ("referral-outcomes", {"outcome": "fined"}, (400, "outcome")),
        ("referral-outcomes", {"decided_on": "2199-01-01"}, (409, "decided_on")),
    ],
)
def test_a_slip_about_a_follow_up_is_named_at_its_field(
    name: str, slip: dict[str, Any], refusal: tuple[int, str], stage: Stage, caller: MakeCaller
) -> None:
    act, before = ACTS[name], Event.objects.count()
    doer = caller(make.person(act.by, act.place(stage)))

    answer = doer.post(act.path(stage), act.body(stage) | slip)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == refusal
    assert Event.objects.count() == before


def test_a_closed_follow_up_and_a_second_answer_are_refused(stage: Stage, caller: MakeCaller) -> None:
    liaison, asked = (
        caller(make.person(Role.LIAISON, one)) for one in (stage.police, stage.hand_over.to_agency)
    )
    answers = ACTS["acceptances"].path(stage)
    assert asked.post(answers, {"accepted": True}).status_code == 201

    second = asked.post(answers, {"accepted": True})
    stage.follow_up.closed_at, stage.follow_up.outcome = stage.now, "met"
    stage.follow_up.save()
    closed = liaison.post(ACTS["attempts"].path(stage), ACTS["attempts"].body(stage))

    assert [(one.status_code, one.json()["errors"][0]["code"]) for one in (second, closed)] == [
        (409, "already_answered"),
        (409, "closed"),
    ]


def test_police_who_are_only_asked_read_and_answer_and_do_nothing_else(
    stage: Stage, caller: MakeCaller
) -> None:
    asked = caller(make.person(Role.LIAISON, stage.hand_over.to_agency))
    before = Event.objects.count()

    for name in ("attempts", "assignments", "next-actions", "hand-overs", "referrals"):
        answer = asked.post(ACTS[name].path(stage), ACTS[name].body(stage))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), name
    withdrawal = ACTS["hand-over-withdrawals"]
    assert asked.post(withdrawal.path(stage), {}).status_code == 403
    assert Event.objects.count() == before
    assert asked.get(f"/follow-ups/{stage.follow_up.public_id}").status_code == 200


def test_an_act_upon_a_follow_up_is_refused_once_it_has_changed(stage: Stage, caller: MakeCaller) -> None:
    liaison = caller(make.person(Role.LIAISON, stage.police))
    tag = liaison.get(f"/follow-ups/{stage.follow_up.public_id}").headers["ETag"]
    act = ACTS["attempts"]

    first, second = (liaison.post(act.path(stage), act.body(stage), If_Match=tag) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 412)


def test_a_task_is_given_back(stage: Stage, caller: MakeCaller) -> None:
    act = ACTS["assignments"]
    liaison = caller(make.person(Role.LIAISON, stage.police))
    liaison.post(act.path(stage), act.body(stage))

    assert liaison.post(act.path(stage), {"assigned_to": None}).json()["assigned_to"] is None


def test_a_liaison_records_what_police_do(stage: Stage, caller: MakeCaller) -> None:
    liaison = caller(make.person(Role.LIAISON, stage.police))

    for name in ("service-attempts", "firearms", "permits", "receipts", "completions"):
        act = ACTS[name]
        answer = liaison.post(act.path(stage), act.body(stage))
        assert answer.status_code == 201, (name, answer.content)


def test_an_act_is_on_record_with_its_case(stage: Stage, clerk: Caller) -> None:
    clerk.post(of("extensions")(stage), {"expires_on": stage.day(200)})

    entry = AuditEntry.objects.get()
    assert (entry.act, entry.what, entry.cases) == ("done", "order-extensions", [stage.order.case.public_id])
