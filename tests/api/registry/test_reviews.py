"""Facts to check through the API: listed for the court, and decided by its clerks."""

from __future__ import annotations

import pytest

from accounts.models import AgencyKind, Role
from orders.models import Firearm, FirearmStatus, Receipt, ReviewItem
from orders.services.firearms import inventory
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.api.fixtures import Fixtures
from tests.orders.corrections.fixtures import difference, state_of


@pytest.fixture
def clerk(caller: MakeCaller, fixtures: Fixtures) -> Caller:
    return caller(make.person(Role.CLERK, fixtures.court))


def listed(caller: Caller, **query: str) -> list[str]:
    answer = caller.get("/review-items", **query)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def test_the_court_lists_what_is_open_and_what_is_decided(
    fixtures: Fixtures, clerk: Caller, caller: MakeCaller
) -> None:
    match, doubt = str(fixtures.near_match.public_id), str(fixtures.doubtful.public_id)
    assert listed(clerk) == [match, doubt]
    assert listed(caller(make.person(Role.JUDGE, fixtures.court))) == [match, doubt]

    clerk.post(f"/review-items/{match}/rejections", {"reason": "A slip."})

    assert (listed(clerk), listed(clerk, open="false")) == ([doubt], [match])
    assert listed(clerk, kind="near_match") == []
    assert listed(clerk, order=str(fixtures.order.public_id)) == [doubt]
    assert listed(clerk, order=str(fixtures.unserved.public_id)) == []


def test_strangers_and_police_do_not_see_them(fixtures: Fixtures, caller: MakeCaller) -> None:
    stranger = caller(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    police = caller(make.person(Role.LIAISON, fixtures.police))

    assert listed(stranger) == []
    assert listed(stranger, open="false") == []
    assert police.get("/review-items").status_code == 403
    assert police.get(f"/review-items/{fixtures.near_match.public_id}").status_code == 403


def test_a_match_puts_the_firearm_on_the_receipt(fixtures: Fixtures, clerk: Caller) -> None:
    clerk.post(
        f"/review-items/{fixtures.near_match.public_id}/matches",
        {"firearm": str(fixtures.firearm.public_id), "reason": "Read off the gun."},
    )

    assert fixtures.firearm in fixtures.receipt.firearms.all()
    fixtures.firearm.refresh_from_db()
    assert fixtures.firearm.status == FirearmStatus.SOLD
    entry = fixtures.order.history.get(kind="review_matched")
    assert entry.reason == "Read off the gun."


def test_an_addition_lists_the_firearm(fixtures: Fixtures, clerk: Caller) -> None:
    clerk.post(f"/review-items/{fixtures.near_match.public_id}/additions", {"reason": "Another gun."})

    added = Firearm.objects.get(serial="S1")
    assert added in fixtures.receipt.firearms.all()


def test_a_confirmed_receipt_counts(fixtures: Fixtures, clerk: Caller) -> None:
    clerk.post(f"/review-items/{fixtures.doubtful.public_id}/confirmations", {"reason": "It is on file."})

    receipt = Receipt.objects.get(receipt_number="R-9")
    assert list(receipt.firearms.all()) == [fixtures.firearm]


def test_an_item_is_decided_once_and_in_its_own_way(fixtures: Fixtures, clerk: Caller) -> None:
    match = f"/review-items/{fixtures.near_match.public_id}"
    doubt = f"/review-items/{fixtures.doubtful.public_id}"
    why = {"reason": "It is on file."}
    wrong_way = [clerk.post(f"{match}/confirmations", why), clerk.post(f"{doubt}/additions", why)]
    clerk.post(f"{match}/rejections", why)

    again = clerk.post(f"{match}/additions", why)

    assert [one.status_code for one in wrong_way] == [409, 409]
    assert [one.json()["errors"][0]["code"] for one in [*wrong_way, again]] == [
        "not_doubtful",
        "no_serial",
        "already_decided",
    ]
    assert ReviewItem.objects.filter(resolved_at=None).count() == 1


def test_a_stale_decision_is_refused(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/review-items/{fixtures.near_match.public_id}"
    tag = clerk.get(path).headers["ETag"]
    clerk.post(f"{path}/rejections", {"reason": "A slip."})

    answer = clerk.post(f"{path}/additions", {"reason": "Another."}, If_Match=tag)

    assert (answer.status_code, answer.json()["code"]) == (412, "stale")


def test_a_firearm_of_another_case_is_not_found(fixtures: Fixtures, clerk: Caller) -> None:
    other = make.order(court=fixtures.court)
    theirs = inventory.list_firearm(other, serial="T-1", source="police", by=None, now=make.NOW)

    answer = clerk.post(
        f"/review-items/{fixtures.near_match.public_id}/matches",
        {"firearm": str(theirs.public_id), "reason": "Read off the gun."},
    )

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "does_not_exist")


@pytest.mark.parametrize("act", ["matches", "additions", "rejections", "confirmations"])
def test_a_decision_that_is_taken_back_leaves_everything_as_it_was(
    act: str, fixtures: Fixtures, clerk: Caller
) -> None:
    item = fixtures.doubtful if act == "confirmations" else fixtures.near_match
    more = {"firearm": str(fixtures.firearm.public_id)} if act == "matches" else {}
    before = state_of(fixtures.order)
    clerk.post(f"/review-items/{item.public_id}/{act}", {"reason": "Read off the gun.", **more})
    # That something waits for a decision is itself a fact of the order.
    assert difference(state_of(fixtures.order), before)

    answer = clerk.post(f"/review-items/{item.public_id}/reopenings", {"reason": "It was another gun."})

    assert (answer.status_code, answer.json()["resolution"]) == (201, "")
    assert difference(state_of(fixtures.order), before) == []
    entry = fixtures.order.history.get(kind="review_reopened")
    assert entry.reason == "It was another gun."
    assert str(item.public_id) in listed(clerk)
    # It can be decided again, in any way.
    again = clerk.post(f"/review-items/{item.public_id}/{act}", {"reason": "It was that one.", **more})
    assert again.status_code == 201, again.content


def test_an_open_item_has_no_decision_to_take_back(fixtures: Fixtures, clerk: Caller) -> None:
    answer = clerk.post(f"/review-items/{fixtures.doubtful.public_id}/reopenings", {"reason": "x"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_decided")


def test_what_was_taken_back_already_is_no_obstacle(fixtures: Fixtures, clerk: Caller) -> None:
    path = f"/review-items/{fixtures.doubtful.public_id}"
    clerk.post(f"{path}/confirmations", {"reason": "It is on file."})
    receipt = Receipt.objects.get(receipt_number="R-9")
    clerk.post(f"/receipts/{receipt.public_id}/withdrawals", {"reason": "Not on file."})

    assert clerk.post(f"{path}/reopenings", {"reason": "Not on file."}).status_code == 201


def test_a_decision_from_before_that_names_nothing_is_put_right_on_the_order(
    fixtures: Fixtures, clerk: Caller
) -> None:
    path = f"/review-items/{fixtures.doubtful.public_id}"
    clerk.post(f"{path}/confirmations", {"reason": "It is on file."})
    item = ReviewItem.objects.get(pk=fixtures.doubtful.pk)
    item.payload.pop("recorded")
    item.save()

    answer = clerk.post(f"{path}/reopenings", {"reason": "Not on file."})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "recorded_before")
