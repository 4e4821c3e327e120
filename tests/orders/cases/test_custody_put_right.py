"""The acts of police alone: a hand-over, its correction and its withdrawal, on the page of custody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from orders.forms.acts import ACTS
from orders.models import Capacity, CustodyStep, Firearm, HistoryEntry, Order
from orders.services.firearms.custody import Storage, add_place, latest_steps
from orders.services.firearms.receipts import record_receipt
from tests import make
from tests.orders.cases.places import Place, browser, instant, make_place, page_of, read
from tests.orders.corrections.fixtures import difference, state_of
from tests.orders.test_admin.forms import as_shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def order(place: Place) -> Order:
    """An order whose firearm police took three hours ago."""
    order, now = place.order(), timezone.now()
    firearm = Firearm.objects.get(order=order)
    record_receipt(
        order,
        kind="police",
        received_at=now - timedelta(hours=3),
        agency=place.police,
        firearms=[firearm],
        storage=Storage(officer="Ofc. Reed", tags={firearm.pk: "T-1"}),
        by=None,
        now=now,
    )
    return order


def sheet(place: Place, order: Order, hours: float = 2) -> dict[str, Any]:
    return {
        "firearms": [Firearm.objects.get(order=order).pk],
        "given_by": "Ofc. Reed",
        "taken_by": "Sgt. Moss",
        "agency": place.police.pk,
        **instant("moved_at", timezone.now() - timedelta(hours=hours)),
    }


def handed_over(place: Place, order: Order, hours: float = 2) -> CustodyStep:
    answer = browser(place.liaison).post(page_of(order, "hand-over"), sheet(place, order, hours))
    assert answer.status_code == 302, answer.context["form"].errors
    return CustodyStep.objects.latest("id")


def item(order: Order, act: str, step: CustodyStep) -> str:
    return f"{page_of(order, act)}?item={step.public_id}"


def colleague(order: Order) -> User:
    """Somebody of other police that are on the order."""
    agency = make.agency(AgencyKind.POLICE)
    order.order_agencies.create(agency=agency, capacity=Capacity.ASSISTING_POLICE)
    return make.person(Role.LIAISON, agency)


def test_the_acts_of_police_alone_are_walked_here() -> None:
    alone = {name for name, act in ACTS.items() if not act.is_permitted({"clerk"})}

    assert alone == {"hand-over", "correct-custody-step", "withdraw-custody-step"}


def test_hand_over_and_its_withdrawal_leave_the_plan_and_the_place_as_before(
    place: Place, order: Order
) -> None:
    firearms = list(Firearm.objects.filter(order=order))
    before, where = state_of(order), latest_steps(firearms)
    step = handed_over(place, order)
    client = browser(place.liaison)
    blank = client.post(item(order, "withdraw-custody-step", step), {"reason": " "})
    assert "Fill in “" in blank.content.decode()

    client.post(item(order, "withdraw-custody-step", step), {"reason": "Another case."})

    assert difference(state_of(order), before) == []
    assert latest_steps(firearms) == where
    entry = HistoryEntry.objects.filter(order=order).latest("id")
    assert (entry.kind, entry.reason, entry.actor) == (
        "custody_step_withdrawn",
        "Another case.",
        place.liaison,
    )
    assert "With Ofc. Reed" in read(place.liaison, page_of(order, "custody"))
    again = client.post(item(order, "withdraw-custody-step", step), {"reason": "Once more."}, follow=True)
    assert "Someone has withdrawn this step of custody, or changed it." in again.content.decode()


def test_a_withdrawn_step_is_entered_again(place: Place, order: Order) -> None:
    step = handed_over(place, order)
    before = CustodyStep.objects.values_list("firearm", "taken_by", "tag", "place").get(pk=step.pk)
    browser(place.liaison).post(item(order, "withdraw-custody-step", step), {"reason": "A slip."})

    again = handed_over(place, order)

    assert CustodyStep.objects.values_list("firearm", "taken_by", "tag", "place").get(pk=again.pk) == before


def test_a_correction_shows_what_is_stored_and_sends_what_changed(place: Place, order: Order) -> None:
    room = add_place(place.police, name="Room", by=place.liaison)
    step = handed_over(place, order)
    CustodyStep.objects.filter(pk=step.pk).update(place=room)
    room.is_open = False
    room.save()
    client, address = browser(place.liaison), item(order, "correct-custody-step", step)
    shown = as_shown(client.get(address).context["form"]) | {"reason": "Misread."}

    unchanged = client.post(address, shown).content.decode()
    slip = client.post(address, shown | instant("moved_at", timezone.now() - timedelta(hours=4)))
    done = client.post(address, shown | {"tag": "T-8", "taken_by": "Lt. Oak"}, follow=True)
    assert done.redirect_chain == [(page_of(order, "custody"), 302)]
    assert f'href="{page_of(order, "custody")}">Cancel' in client.get(address).content.decode()
    stale = client.post(address, shown | {"tag": "T-9"}).content.decode()

    assert "Nothing is changed. Change what is wrong, or cancel." in unchanged
    assert list(slip.context["form"].errors) == ["moved_at"]
    assert "The step of custody is corrected." in done.content.decode()
    step.refresh_from_db()
    assert (step.tag, step.taken_by, step.place) == ("T-8", "Lt. Oak", room)
    assert "Someone changed this since you opened the form." in stale
    entry = HistoryEntry.objects.filter(order=order).latest("id")
    assert entry.data["corrected"] == {"Taken by": ["Sgt. Moss", "Lt. Oak"], "Tag": ["T-1", "T-8"]}


def test_each_step_has_links_for_those_who_gave_or_took_it(place: Place, order: Order) -> None:
    step, other = handed_over(place, order), colleague(order)

    def offered(person: User) -> list[str]:
        page = read(person, page_of(order, "custody"))
        return re.findall(rf'href="{page_of(order)}([a-z-]+)/\?item={step.public_id}"', page)

    assert offered(place.liaison) == ["correct-custody-step", "withdraw-custody-step"]
    assert offered(other) == []
    page = read(place.liaison, page_of(order, "custody"))
    names = re.findall(r'aria-label="(?:Correct|Withdraw): [^"]+"', page)
    assert len(set(names)) == 4


def test_other_police_of_the_order_record_no_hand_over_and_may_take_it(place: Place, order: Order) -> None:
    other, before = colleague(order), CustodyStep.objects.count()
    client, typed = browser(other), sheet(place, order)

    for page in ("hand-over", "custody"):
        assert client.post(page_of(order, page), typed).status_code == 403
    assert CustodyStep.objects.count() == before

    (agency,) = other.agencies_for("add", "custody_step")
    taken = client.post(page_of(order, "custody"), typed | {"agency": agency})
    assert taken.status_code == 302, taken.context["form"].errors
    assert CustodyStep.objects.latest("id").agency_id == agency


@pytest.mark.parametrize("act", ["correct-custody-step", "withdraw-custody-step"])
def test_other_police_and_the_court_put_no_step_right(act: str, place: Place, order: Order) -> None:
    step = handed_over(place, order)
    typed = {"reason": "Misread.", "tag": "T-8"}

    for person, status in ((colleague(order), 403), (place.elsewhere, 404)):
        before = HistoryEntry.objects.count()
        assert browser(person).get(item(order, act, step)).status_code == status
        assert browser(person).post(item(order, act, step), typed).status_code == status
        assert HistoryEntry.objects.count() == before
    clerk = browser(make.person(Role.CLERK, place.court))
    desk = f"/admin/orders/order/{order.public_id}/{act}/?item={step.public_id}"
    assert clerk.post(desk, typed).status_code == 403
    assert CustodyStep.objects.get(pk=step.pk).tag == "T-1"


def test_the_steps_of_what_left_custody_are_shown_and_put_right(place: Place, order: Order) -> None:
    step = handed_over(place, order)
    Firearm.objects.filter(order=order).update(status="returned")

    page = read(place.liaison, page_of(order, "custody"))

    assert "(no longer in custody)" in page
    assert f"correct-custody-step/?item={step.public_id}" in page
    assert "Hand over to another officer" not in page
    assert Firearm.objects.get(order=order).serial in page
    assert Firearm.objects.get(order=order).serial not in read(
        place.liaison, page_of(order, "custody/labels")
    )


def test_a_hand_over_begins_with_the_officer_who_has_the_firearms(place: Place, order: Order) -> None:
    assert 'value="Ofc. Reed"' in read(place.liaison, page_of(order, "hand-over"))
    handed_over(place, order)

    form = read(place.liaison, page_of(order, "hand-over"))
    assert 'value="Sgt. Moss"' in form
    assert 'value="Ofc. Reed"' not in form
    assert "The clerk adds another agency to the order first." in form


def test_service_is_announced_at_the_address_of_the_respondent(place: Place) -> None:
    unserved = place.order("Sam Cole", hours=None, respondent_address="7 Elm Lane")
    assert 'value="7 Elm Lane"' in read(place.liaison, page_of(unserved, "plan-service"))
