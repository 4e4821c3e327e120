"""A step of custody is corrected and withdrawn; the steps that are left show where the firearm is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, Role, User
from orders.errors import InvalidFact, NotYours
from orders.models import CustodyStep, Firearm, FirearmStatus, Order, Receipt
from orders.services import corrections
from orders.services.firearms.custody import add_place, holders_of, latest_steps, move_firearm
from orders.services.firearms.custody_steps import put_right_by
from orders.services.firearms.disposals import record_disposal
from tests import make
from tests.make import NOW
from tests.orders.corrections.fixtures import plan_of
from tests.orders.firearms.held import BY, WHY, days, firearm, order, police, receipt

pytestmark = pytest.mark.django_db

__all__ = ["firearm", "order", "police", "receipt"]


def moved(receipt: Receipt, firearm: Firearm, at: float, **given: Any) -> CustodyStep:
    told: dict[str, Any] = {"agency": receipt.agency, "given_by": "Lee Ash", "taken_by": "Kim Elm", **given}
    return move_firearm(firearm, moved_at=days(at), **told, **BY)


def refused(act: Any, *args: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(InvalidFact) as error:
        act(*args, **given)
    return error.value.field, error.value.code


def gone(order: Order, firearm: Firearm, agency: Agency, at: float) -> Any:
    """The firearm left custody."""
    (row,) = record_disposal(
        order,
        firearms=[firearm],
        kind="transferred",
        disposed_at=days(at),
        agency=agency,
        officer="Lee Ash",
        authority="Order of the court",
        taker_name="Kim Elm",
        confirm="The court ordered it.",
        **BY,
    )
    return row


def test_a_step_with_too_late_a_time_no_longer_blocks_the_true_one(
    receipt: Receipt, firearm: Firearm
) -> None:
    late = moved(receipt, firearm, 1)
    assert refused(moved, receipt, firearm, 10) == ("moved_at", "before_the_last_step")

    corrections.correct(late, {"moved_at": days(20)}, **WHY)

    true = moved(receipt, firearm, 10, taken_by="Sgt. Moss")
    assert latest_steps([firearm]) == {firearm.pk: true}


def test_a_withdrawn_step_leaves_the_plan_and_the_place_as_before(
    order: Order, receipt: Receipt, police: Agency, firearm: Firearm
) -> None:
    room = add_place(police, name="Room", by=make.person(Role.LIAISON, police))
    before, where, held = plan_of(order), latest_steps([firearm]), holders_of([firearm])
    step = moved(receipt, firearm, 10, place=room, agency=police, shelf="C1", tag="T-2")
    assert latest_steps([firearm]) != where

    corrections.withdraw(step, **WHY)

    assert (plan_of(order), latest_steps([firearm]), holders_of([firearm])) == (before, where, held)
    firearm.refresh_from_db()
    assert firearm.status == FirearmStatus.SURRENDERED


def test_a_corrected_agency_holds_the_firearm(receipt: Receipt, firearm: Firearm) -> None:
    other, step = make.agency(), moved(receipt, firearm, 10)

    corrections.correct(step, {"agency": other}, **WHY)

    assert holders_of([firearm]) == {firearm.pk: other}


def test_a_place_is_one_of_the_agency_of_the_step(receipt: Receipt, firearm: Firearm, police: Agency) -> None:
    other = make.agency()
    room = add_place(police, name="Room", by=make.person(Role.LIAISON, police))
    vault = add_place(other, name="Vault", by=make.person(Role.LIAISON, other))
    step = moved(receipt, firearm, 10, place=room)
    wrong = ("place", "place_of_another_agency")

    assert refused(corrections.correct, step, {"place": vault}, **WHY) == wrong
    assert refused(corrections.correct, step, {"agency": other}, **WHY) == wrong
    assert corrections.correct(step, {"agency": other, "place": vault}, **WHY).place == vault


@pytest.mark.parametrize(
    ("at", "code"), [(26, "before_the_last_step"), (5, "after_the_next_step"), (-1, "in_the_future")]
)
def test_a_step_stays_between_its_neighbors(at: float, code: str, receipt: Receipt, firearm: Firearm) -> None:
    moved(receipt, firearm, 25)
    step = moved(receipt, firearm, 20)
    moved(receipt, firearm, 10)

    with pytest.raises(InvalidFact) as error:
        corrections.correct(step, {"moved_at": days(at)}, **WHY)

    assert error.value.code == code
    assert corrections.correct(step, {"moved_at": days(10)}, **WHY).moved_at == days(10)


def test_a_step_on_which_a_later_one_rests_is_withdrawn_after_it(receipt: Receipt, firearm: Firearm) -> None:
    first, second = moved(receipt, firearm, 20), moved(receipt, firearm, 10)

    assert refused(corrections.withdraw, first, **WHY) == ("custody_step", "moved_since")
    corrections.withdraw(second, **WHY)
    corrections.withdraw(first, **WHY)

    assert CustodyStep.objects.get().receipt == receipt


def test_the_first_step_has_the_time_and_the_agency_of_its_receipt(
    receipt: Receipt, firearm: Firearm, police: Agency
) -> None:
    step = CustodyStep.objects.get()
    follows = "follows_the_receipt"

    assert refused(corrections.correct, step, {"moved_at": days(20)}, **WHY) == ("moved_at", follows)
    assert refused(corrections.correct, step, {"agency": make.agency()}, **WHY) == ("agency", follows)
    assert refused(corrections.correct, step, {"given_by": "Kim Elm"}, **WHY) == ("given_by", "first_step")

    corrections.correct(step, {"taken_by": "Sgt. Moss", "shelf": "B5", "tag": "T-9"}, **WHY)
    step.refresh_from_db()
    assert (step.taken_by, step.shelf, step.tag, step.agency) == ("Sgt. Moss", "B5", "T-9", police)


def test_a_corrected_tag_goes_to_the_steps_that_kept_it(receipt: Receipt, firearm: Firearm) -> None:
    for at, tag in ((20, ""), (15, "T-5"), (10, "")):
        moved(receipt, firearm, at, tag=tag)
    first = CustodyStep.objects.order_by("moved_at")[0]

    corrections.correct(first, {"tag": "T-7"}, **WHY)
    corrections.correct(first, {"shelf": "B7"}, **WHY)

    assert [one.tag for one in CustodyStep.objects.order_by("moved_at")] == ["T-7", "T-7", "T-5", "T-5"]
    corrections.correct(first, {"tag": "T-1"}, **WHY)
    assert [one.tag for one in CustodyStep.objects.order_by("moved_at")] == ["T-1", "T-1", "T-5", "T-5"]


def test_a_tag_corrected_there_and_back_leaves_the_own_tag_of_the_next_step(
    receipt: Receipt, firearm: Firearm
) -> None:
    for at, tag in ((20, "T-5"), (15, "")):
        moved(receipt, firearm, at, tag=tag)
    first, second, third = CustodyStep.objects.order_by("moved_at")

    corrections.correct(first, {"tag": "T-5"}, **WHY)
    corrections.correct(first, {"tag": "T-1"}, **WHY)

    assert [one.tag for one in CustodyStep.objects.order_by("moved_at")] == ["T-1", "T-5", "T-5"]
    # One that is corrected to the tag before it keeps that one from then on, until it gets its own again.
    corrections.correct(second, {"tag": "T-1"}, **WHY)
    corrections.correct(first, {"tag": "T-2"}, **WHY)
    assert [one.tag for one in CustodyStep.objects.order_by("moved_at")] == ["T-2", "T-2", "T-2"]
    corrections.correct(third, {"tag": "T-9"}, **WHY)
    corrections.correct(first, {"tag": "T-3"}, **WHY)
    assert [one.tag for one in CustodyStep.objects.order_by("moved_at")] == ["T-3", "T-3", "T-9"]


def test_a_step_is_recorded_by_the_police_that_hold_it_or_take_it(
    order: Order, receipt: Receipt, firearm: Firearm
) -> None:
    taker, other = make.agency(), make.agency()
    assert receipt.agency is not None
    holding, taking, neither = (make.person(Role.LIAISON, one) for one in (receipt.agency, taker, other))

    def by(person: User, agency: Agency, at: float) -> CustodyStep:
        told: dict[str, Any] = {"given_by": "Lee Ash", "taken_by": "Kim Elm", "agency": agency}
        return move_firearm(firearm, moved_at=days(at), by=person, now=NOW, **told)

    for agency in (receipt.agency, taker):
        with pytest.raises(NotYours):
            by(neither, agency, 20)
    with pytest.raises(NotYours):
        by(taking, receipt.agency, 20)
    assert not order.history.filter(kind="firearms_moved").exists()
    by(holding, receipt.agency, 20)
    by(taking, taker, 18)
    with pytest.raises(NotYours):
        by(holding, other, 17)
    by(taking, receipt.agency, 15)
    assert holders_of([firearm]) == {firearm.pk: receipt.agency}


def test_who_puts_steps_right_is_asked_in_queries_that_do_not_grow(
    receipt: Receipt, firearm: Firearm, django_assert_num_queries: Any
) -> None:
    taker = make.agency()
    person = make.person(Role.LIAISON, make.agency())
    for at in range(20, 10, -1):
        moved(receipt, firearm, at, agency=taker)
    steps = list(CustodyStep.objects.all())

    for some in (steps[:2], steps):
        # The memberships, the steps and the receipts.
        with django_assert_num_queries(3):
            assert not put_right_by(person, some)


def test_a_correction_does_not_read_the_stored_step_again(receipt: Receipt, firearm: Firearm) -> None:
    row = moved(receipt, firearm, 20)

    with CaptureQueriesContext(connection) as asked:
        corrections.correct(row, {"taken_by": "Sgt. Moss"}, **WHY)

    read = [one["sql"] for one in asked if one["sql"].startswith("SELECT") and "custodystep" in one["sql"]]
    assert len([one for one in read if f'"orders_custodystep"."id" = {row.pk}' in one]) == 1


def test_a_step_on_which_a_disposal_rests_keeps_its_agency(
    order: Order, receipt: Receipt, firearm: Firearm
) -> None:
    other = make.agency()
    step = moved(receipt, firearm, 20, agency=other)
    left = gone(order, firearm, other, 10)
    rests = ("custody_step", "left_since")

    assert refused(corrections.withdraw, step, **WHY) == rests
    assert refused(corrections.correct, step, {"agency": receipt.agency}, **WHY) == rests
    assert refused(corrections.correct, step, {"moved_at": days(9)}, **WHY) == ("moved_at", "after_it_left")
    assert CustodyStep.objects.get(pk=step.pk).agency == other
    corrections.correct(step, {"taken_by": "Sgt. Moss", "moved_at": days(11)}, **WHY)

    corrections.withdraw(left, **WHY)
    corrections.withdraw(step, **WHY)
    assert holders_of([firearm]) == {firearm.pk: receipt.agency}


def test_a_receipt_is_not_corrected_to_a_time_after_a_step(receipt: Receipt, firearm: Firearm) -> None:
    step = moved(receipt, firearm, 20)

    late = {"received_at": days(19)}
    assert refused(corrections.correct, receipt, late, **WHY) == ("received_at", "after_a_step")

    corrections.correct(step, {"moved_at": days(10)}, **WHY)
    corrections.correct(receipt, late, **WHY)
    assert CustodyStep.objects.get(receipt=receipt).moved_at == days(19)


def test_the_police_that_gave_or_took_it_put_a_step_right(receipt: Receipt, firearm: Firearm) -> None:
    taker = make.agency()
    step = moved(receipt, firearm, 10, agency=taker)
    stranger = make.person(Role.LIAISON, make.agency())
    told: dict[str, Any] = {"now": NOW, "reason": "Misread."}

    with pytest.raises(NotYours):
        corrections.correct(step, {"tag": "T-2"}, by=stranger, **told)
    with pytest.raises(NotYours):
        corrections.withdraw(step, by=stranger, **told)
    first = CustodyStep.objects.get(receipt=receipt)
    with pytest.raises(NotYours):
        corrections.correct(first, {"tag": "T-2"}, by=make.person(Role.LIAISON, taker), **told)
    assert receipt.agency is not None
    corrections.correct(step, {"tag": "T-2"}, by=make.person(Role.LIAISON, receipt.agency), **told)
    corrections.withdraw(step, by=make.person(Role.SUPERVISOR, taker), **told)
