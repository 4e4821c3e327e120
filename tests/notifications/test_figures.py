"""The figures of a police agency: what they count, who reads them, and what a supervisor does about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AgencyKind, Membership, Role, User
from notifications.pages.figures import last_month
from notifications.services.firing.fire import Firer
from orders.models import Deadline, Firearm, FollowUp, OpenCeiling, SecondLook, StatementVerification
from orders.services.firearms.receipts import record_receipt
from orders.services.firearms.statements import record_statement, verify_statement
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.figures import police_figures
from orders.services.follow_ups.second_looks import sample_of_denials
from tests import make
from tests.orders.cases.places import PROTECTED, Place, browser, make_place, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def supervisor_of(place: Place) -> User:
    """A supervisor of the police here."""
    return make.person(Role.SUPERVISOR, place.police)


def test_what_an_application_lists_is_alleged_also_without_a_number(place: Place) -> None:
    now = timezone.now()
    order = place.order("Open Birch")
    Firearm.objects.filter(order=order).update(source="application")
    place.order("Another Birch", firearms_alleged_count=4)
    Firearm.objects.exclude(order=order).update(source="police")

    assert police_figures(place.liaison, now).alleged == 1 + 4
    assert police_figures(place.elsewhere, now).alleged == 0


def test_they_count_what_is_open_recovered_and_tried(place: Place) -> None:
    now = timezone.now()
    place.order("Open Birch", firearms_alleged_count=2)
    done = place.order("Done Birch")
    Firer("test").fire(now=now)
    follow_up = FollowUp.objects.get(order=done, owner=place.police)
    for result in ("not_found", "recovered"):
        record_attempt(
            follow_up,
            attempted_at=now - timedelta(minutes=5),
            kind="visit",
            result=result,
            next_action_at=now + timedelta(days=1),
            by=place.liaison,
            now=now,
        )
    record_receipt(
        done,
        kind="police",
        received_at=now - timedelta(hours=1),
        agency=place.police,
        firearms=list(Firearm.objects.filter(order=done)),
        by=None,
        now=timezone.now(),
    )

    found = police_figures(place.liaison, timezone.now() + timedelta(seconds=5))

    assert found.open_now == 1
    assert [one.count for one in found.ages] == [1, 0, 0, 0]
    assert found.weeks[-1].count == 1
    assert found.weeks[0].count == 0
    assert (found.alleged, found.recovered, found.listed) == (2, 1, 2)
    assert (found.attempts, found.recoveries, found.attempts_per_recovery) == (2, 1, "2.0")
    assert police_figures(place.elsewhere, timezone.now()).open_now == 0


def test_police_read_their_own_and_others_get_404(place: Place) -> None:
    place.order("Named Birch")
    Firer("test").fire(now=timezone.now())

    page = read(place.liaison, "/figures/")
    answer: Any = browser(place.liaison).get("/figures/export/")
    table = b"".join(answer.streaming_content).decode()

    assert "1 open</strong>" in page
    assert "Open: up to a day,1" in table
    for words in ("Named Birch", PROTECTED, "who has what"):
        assert words not in page + table, words
    for role, agency in ((Role.CLERK, place.court), (Role.AUDITOR, None)):
        client = browser(make.person(role, agency))
        assert client.get("/figures/").status_code == 404
        assert client.get("/figures/export/").status_code == 404


def test_a_supervisor_sets_the_ceiling_that_the_page_holds_against_what_is_open(place: Place) -> None:
    place.order()
    Firer("test").fire(now=timezone.now())
    chief, key = supervisor_of(place), place.police.pk
    address, field = f"/figures/{key}/ceiling/", f"ceiling-{key}-most_open"

    assert "Nothing is saved yet" in browser(chief).post(address, {field: "-1"}).content.decode()
    assert browser(chief).post(address, {field: "0"})["Location"] == "/figures/"

    assert OpenCeiling.objects.get().most_open == 0
    assert "That is too many" in read(place.liaison, "/figures/")
    assert browser(place.liaison).post(address, {field: "9"}).status_code == 404
    assert browser(supervisor_of_elsewhere(place)).post(address, {field: "9"}).status_code == 404


def supervisor_of_elsewhere(place: Place) -> User:
    """A supervisor of the police elsewhere."""
    return make.person(Role.SUPERVISOR, place.elsewhere.memberships.get().agency)


def test_a_supervisor_gives_all_work_of_one_person_to_another(place: Place) -> None:
    for name in ("One Birch", "Two Birch"):
        place.order(name)
    Firer("test").fire(now=timezone.now())
    chief, key = supervisor_of(place), place.police.pk
    colleague = make.person(Role.LIAISON, place.police)
    open_now = FollowUp.objects.filter(closed_at=None, owner=place.police)
    assert set(open_now.values_list("assigned_to", flat=True)) == {place.liaison.pk}
    sent = {f"give-{key}-from_person": place.liaison.pk, f"give-{key}-to_person": place.liaison.pk}
    address = f"/figures/{key}/reassign/"

    assert "Choose another person" in browser(chief).post(address, sent).content.decode()
    browser(chief).post(address, {**sent, f"give-{key}-to_person": colleague.pk})

    assert set(open_now.values_list("assigned_to", flat=True)) == {colleague.pk}
    for one in open_now:
        assert one.order.history.filter(kind="follow_up_assigned", actor=chief).exists()
    assert browser(place.liaison).post(address, sent).status_code == 404


def checked(place: Place, names: Sequence[str]) -> None:
    """Sworn denials that the police here found true last month."""
    now = timezone.now()
    at = last_month(now)[1] - timedelta(days=2)
    for name in names:
        order = place.order(name, hours=24 * 40, issued_at=now - timedelta(days=60))
        statement = record_statement(
            order, kind="non_possession", sworn_at=at - timedelta(days=1), by=None, now=now
        )
        verify_statement(
            statement,
            verified_at=at,
            agency=place.police,
            verified_by="Det. Reed",
            method="records",
            by=None,
            now=now,
        )


def test_a_supervisor_reads_a_sample_of_checked_denials_who_is_away_and_the_ladder(place: Place) -> None:
    chief, month = supervisor_of(place), last_month(timezone.now())
    checked(place, [f"Sworn {number}" for number in range(4)])

    page = read(chief, "/figures/")

    assert page.count("Det. Reed") == 3
    assert "Who is away" in page
    assert "Who hears it if no one answers" in page
    assert sample_of_denials(chief, month) == sample_of_denials(chief, month)
    assert "Det. Reed" not in read(place.liaison, "/figures/")
    assert PROTECTED not in page


def test_the_queries_do_not_grow_with_the_cases(place: Place) -> None:
    chief = supervisor_of(place)
    Membership.objects.filter(user=chief).update(receives_alerts=False)

    def queries() -> int:
        client = browser(chief)
        client.get("/figures/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/figures/").status_code == 200
        return len(captured)

    place.order("First Birch")
    Firer("test").fire(now=timezone.now())
    few = queries()
    for number in range(3):
        place.order(f"Birch {number}")
    Firer("test").fire(now=timezone.now())

    assert queries() == few


def test_a_second_look_is_kept_and_a_doubtful_check_opens_the_case_again(place: Place) -> None:
    chief = supervisor_of(place)
    checked(place, ["Holds Birch", "Doubt Birch"])
    holds, doubt = StatementVerification.objects.order_by("id")
    client = browser(chief)
    duty = Deadline.objects.filter(order=doubt.order, rule_id__in=surrender_rules())
    assert {one.proof for one in duty} == {"proven"}
    assert "Det. Reed" in read(chief, f"/figures/looks/{holds.public_id}/")

    empty = client.post(f"/figures/looks/{holds.public_id}/", {"result": "holds", "note": " "})
    client.post(f"/figures/looks/{holds.public_id}/", {"result": "holds", "note": "Read the records again."})
    there = client.post(
        f"/figures/looks/{doubt.public_id}/", {"result": "reopened", "note": "A neighbor saw a rifle."}
    )

    assert empty.status_code == 200
    assert there["Location"] == f"/cases/{doubt.order.public_id}/"
    looks = SecondLook.objects.order_by("id")
    assert [(one.result, one.looked_by, one.agency) for one in looks] == [
        ("holds", chief, place.police),
        ("reopened", chief, place.police),
    ]
    assert [one.verification for one in looks] == [holds, None]
    assert not StatementVerification.objects.filter(pk=doubt.pk).exists()
    assert {one.proof for one in Deadline.objects.filter(pk__in=duty)} == {"sworn_not_verified"}
    page = read(chief, "/figures/")
    assert "The check holds</strong>" in page
    assert "Looks of the last 12 months: 2. Cases opened again: 1" in page
    assert "A neighbor saw a rifle." in page
    answer: Any = client.get("/figures/export/")
    table = b"".join(answer.streaming_content).decode()
    assert '"Second looks at checks, last 12 months",2' in table
    assert "Birch" not in table
    assert "neighbor" not in str([one.data for one in doubt.order.history.filter(kind="second_look")])


def test_only_supervisors_of_the_agency_look_again(place: Place) -> None:
    checked(place, ["Holds Birch"])
    address = f"/figures/looks/{StatementVerification.objects.get().public_id}/"
    people = [
        place.liaison,
        supervisor_of_elsewhere(place),
        make.person(Role.CLERK, place.court),
        make.person(Role.MARSHAL, make.agency(AgencyKind.MARSHAL)),
    ]

    for one in people:
        client = browser(one)
        assert client.get(address).status_code == 404
        assert client.post(address, {"result": "reopened", "note": "x"}).status_code == 404
    assert not SecondLook.objects.exists()
    assert StatementVerification.objects.count() == 1


def test_a_second_look_is_taken_back_with_a_reason(place: Place) -> None:
    chief = supervisor_of(place)
    checked(place, ["Holds Birch"])
    check = StatementVerification.objects.get()
    client = browser(chief)
    client.post(f"/figures/looks/{check.public_id}/", {"result": "holds", "note": "Read the records again."})
    look = SecondLook.objects.get()
    back = f"/figures/looks/{look.public_id}/take-back/"
    assert back in read(chief, "/figures/")

    assert "Read the records again." in read(chief, back)
    assert client.post(back, {"reason": " "}).status_code == 200
    for other in (place.liaison, supervisor_of_elsewhere(place)):
        assert browser(other).post(back, {"reason": "x"}).status_code == 404
    assert SecondLook.objects.exists()
    client.post(back, {"reason": "Of another case."})

    assert not SecondLook.objects.exists()
    assert StatementVerification.objects.exists()
    assert check.order.history.get(kind="second_look_withdrawn").reason == "Of another case."
    assert "The check holds</strong>" not in read(chief, "/figures/")


def test_who_leads_advocates_sees_no_figures_of_police(place: Place) -> None:
    organization = make.agency(AgencyKind.ADVOCACY)
    person = make.person(Role.SUPERVISOR, organization)
    lead = browser(person)

    found = [lead.get(path).status_code for path in ("/figures/", "/figures/export/")]
    set_own = lead.post(f"/figures/{organization.pk}/ceiling/", {"ceiling": "3"}).status_code

    assert [*found, set_own] == [404, 404, 404]
    assert not OpenCeiling.objects.exists()
    page = read(person, "/")
    assert [
        one for one in ("/figures/", "/follow-ups/", "/custody/", "/cards/") if f'href="{one}' in page
    ] == []
