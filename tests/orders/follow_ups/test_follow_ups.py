"""Acts on a follow-up: attempts, transfers and referrals, who may do them, and who sees them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Agency, AgencyKind, Role, User
from notifications.services.firing.fire import Firer
from orders.display import event_words
from orders.errors import InvalidFact, NotYours
from orders.history_details import event_details
from orders.models import (
    Attempt,
    AttemptResult,
    FollowUp,
    HistoryEntry,
    Order,
    Referral,
    ReferralOutcome,
    Transfer,
)
from orders.models.fields import as_given
from orders.services.court_days import zone_of
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.follow_ups.actions import assign, assignable, reschedule
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.referrals import record_outcome, refer
from orders.services.follow_ups.transfers import answer_transfer, offer_transfer, withdraw_transfer
from tests import make

NOW = make.NOW
TOMORROW = NOW + timedelta(days=1)


@dataclass
class Place:
    """Police that a follow-up is owned by, police elsewhere, a prosecutor's office, and somebody of each."""

    police: Agency
    other: Agency
    office: Agency
    liaison: User
    elsewhere: User
    prosecutor: User
    clerk: User
    follow_up: FollowUp

    @property
    def order(self) -> Order:
        """The follow-up's order."""
        return self.follow_up.order

    def again(self) -> FollowUp:
        """The follow-up as it is stored."""
        return FollowUp.objects.select_related("order").get(pk=self.follow_up.pk)


def set_up() -> Place:
    """An order whose surrender has just been found overdue."""
    court, police, other = make.agency(AgencyKind.COURT), make.agency(), make.agency()
    office = make.agency(AgencyKind.PROSECUTOR)
    liaison = make.person(Role.LIAISON, police)
    order = make.served_order(court=court, respondent_town=make.town(police), ago=timedelta(hours=25))
    Firer("test").fire(now=NOW)
    return Place(
        police=police,
        other=other,
        office=office,
        liaison=liaison,
        elsewhere=make.person(Role.LIAISON, other),
        prosecutor=make.person(Role.PROSECUTOR, office),
        clerk=make.person(Role.CLERK, court),
        follow_up=FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01"),
    )


@pytest.fixture
def place(db: None) -> Place:
    return set_up()


def attempt(place: Place, **given: Any) -> Attempt:
    facts: dict[str, Any] = {
        "attempted_at": NOW - timedelta(hours=1),
        "kind": "visit",
        "result": "not_found",
        "next_action_at": TOMORROW,
        "by": place.liaison,
        "now": NOW,
    }
    return record_attempt(place.follow_up, **(facts | given))


def offer(place: Place, **given: Any) -> Transfer:
    facts: dict[str, Any] = {
        "to_agency": place.other,
        "reason": "lives there now",
        "by": place.liaison,
        "now": NOW,
    }
    return offer_transfer(place.follow_up, **(facts | given))


def answer(offered: Transfer, place: Place, *, accepted: bool, reason: str = "") -> Transfer:
    return answer_transfer(offered, accepted=accepted, reason=reason, by=place.elsewhere, now=NOW)


def refused(act: Callable[[], Any]) -> tuple[str, str]:
    """Field and code of the refusal, which did nothing."""
    before = HistoryEntry.objects.count(), list(FollowUp.objects.values())
    with pytest.raises(InvalidFact) as caught:
        act()
    assert (HistoryEntry.objects.count(), list(FollowUp.objects.values())) == before
    return caught.value.field, caught.value.code


def sees(person: User, order: Order) -> bool:
    fresh = User.objects.get(pk=person.pk)
    return Order.objects.visible_to(fresh).filter(pk=order.pk).exists()


def last_event(order: Order) -> HistoryEntry:
    event = order.history.exclude(kind="replanned").last()
    assert event
    return event


# ---- attempts, and whose task it is ------------------------------------------------------------------------


def test_an_attempt_is_kept_with_its_offset_and_sets_the_next_action(place: Place) -> None:
    at = as_given(NOW - timedelta(hours=2), -300)

    made = attempt(place, attempted_at=at, result="moved", next_action_at=as_given(TOMORROW, -300))

    assert (made.attempted_at, made.attempted_offset, made.by) == (at, -300, place.liaison)
    assert made.next_action_at == place.again().next_action_at == TOMORROW
    assert place.again().closed_at is None
    event = last_event(place.order)
    assert (event.kind, event.occurred_at, event.actor) == ("follow_up_attempted", at, place.liaison)
    assert event.data["attempt"]["result"] == "moved"
    assert event_words(event) == "Attempt at recovery"
    assert any("result moved" in one for one in event_details(event, zone_of(place.order)))


@pytest.mark.parametrize("result", AttemptResult.values)
def test_every_result_can_be_kept(place: Place, result: str) -> None:
    assert attempt(place, result=result).result == result


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"attempted_at": NOW + timedelta(minutes=1)}, ("attempted_at", "in_the_future")),
        ({"attempted_at": NOW - timedelta(days=9)}, ("attempted_at", "attempted_before_issued")),
        ({"kind": "letter"}, ("kind", "unknown_kind")),
        ({"result": "vanished"}, ("result", "unknown_result")),
        ({"next_action_at": NOW}, ("next_action_at", "not_ahead")),
        ({"next_action_at": TOMORROW.replace(tzinfo=None)}, ("next_action_at", "invalid_timestamp")),
    ],
)
def test_an_attempt_that_cannot_be_is_refused(
    place: Place, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refused(lambda: attempt(place, **given)) == expected
    assert not Attempt.objects.exists()


def test_the_task_is_taken_given_to_a_colleague_and_given_back(place: Place) -> None:
    colleague = make.person(Role.LIAISON, place.police)

    for person in (place.liaison, colleague, None):
        assign(place.follow_up, assigned_to=person, by=place.liaison, now=NOW)
        assert place.again().assigned_to == person

    event = last_event(place.order)
    assert (event.kind, event.data["changed"]) == ("follow_up_assigned", ["assigned_to"])
    assert colleague.name not in str(event.data)


def test_the_task_is_assigned_only_to_people_who_may_act_on_it(place: Place) -> None:
    away = make.person(Role.LIAISON, place.police, active=False)
    auditor = make.person(Role.AUDITOR, place.police)

    for person in (place.elsewhere, place.clerk, away, auditor):
        assign_it = partial(assign, place.follow_up, assigned_to=person, by=place.liaison, now=NOW)
        assert refused(assign_it) == ("assigned_to", "not_of_the_owner")
    assert list(assignable(place.follow_up)) == [place.liaison]


def test_the_next_action_moves_with_a_reason(place: Place) -> None:
    reschedule(place.follow_up, next_action_at=TOMORROW, reason="Court sits then", by=place.liaison, now=NOW)

    event = last_event(place.order)
    assert place.again().next_action_at == TOMORROW
    assert (event.kind, event.reason) == ("follow_up_rescheduled", "Court sits then")
    assert event.data["changes"]["next_action_at"][1] == TOMORROW.isoformat()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"reason": " "}, ("reason", "required")),
        ({"next_action_at": NOW - timedelta(days=1)}, ("next_action_at", "not_ahead")),
    ],
)
def test_a_next_action_needs_a_reason_and_is_in_the_future(
    place: Place, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    facts: dict[str, Any] = {
        "next_action_at": TOMORROW,
        "reason": "later",
        "by": place.liaison,
        "now": NOW,
    }

    assert refused(lambda: reschedule(place.follow_up, **(facts | given))) == expected


ACTS: dict[str, Callable[[Place, User], Any]] = {
    "attempt": lambda p, by: attempt(p, by=by),
    "assign": lambda p, by: assign(p.follow_up, assigned_to=None, by=by, now=NOW),
    "reschedule": lambda p, by: reschedule(
        p.follow_up, next_action_at=TOMORROW, reason="later", by=by, now=NOW
    ),
    "offer": lambda p, by: offer(p, by=by),
    "refer": lambda p, by: refer(p.follow_up, agency=p.office, reason="refused", by=by, now=NOW),
}


@pytest.mark.parametrize("act", ACTS)
def test_only_people_of_the_owner_act(place: Place, act: str) -> None:
    judge_here = make.person(Role.JUDGE, place.follow_up.order.case.court)
    for person in (place.elsewhere, place.clerk, place.prosecutor, judge_here):
        with pytest.raises(NotYours):
            ACTS[act](place, person)
    assert not HistoryEntry.objects.filter(actor__isnull=False).exists()


@pytest.mark.parametrize("act", ACTS)
def test_a_closed_follow_up_takes_no_more_acts(place: Place, act: str) -> None:
    FollowUp.objects.filter(pk=place.follow_up.pk).update(closed_at=NOW, outcome="met")

    assert refused(lambda: ACTS[act](place, place.liaison)) == ("follow_up", "closed")


def test_a_follow_up_always_has_an_owner_and_a_next_action(place: Place) -> None:
    for column in ("owner", "next_action_at"):
        with pytest.raises(IntegrityError), transaction.atomic():
            FollowUp.objects.filter(pk=place.follow_up.pk).update(**{column: None})


# ---- hand-over ---------------------------------------------------------------------------------------------


def test_who_is_asked_sees_the_order_and_the_owner_goes_on_answering(place: Place) -> None:
    assert not sees(place.elsewhere, place.order)

    offered = offer(place)

    assert offered.is_open
    assert sees(place.elsewhere, place.order)
    assert place.again().owner == place.police
    event = last_event(place.order)
    assert (event.kind, event.reason) == ("transfer_offered", "lives there now")
    assert event.data["transfer"] == {"from": place.police.name, "to": place.other.name}


def test_accepted_it_is_theirs_and_both_see_it(place: Place) -> None:
    assign(place.follow_up, assigned_to=place.liaison, by=place.liaison, now=NOW)

    answer(offer(place), place, accepted=True)

    assert (place.again().owner, place.again().assigned_to) == (place.other, place.elsewhere)
    assert sees(place.elsewhere, place.order)
    assert sees(place.liaison, place.order)
    attempt(place, by=place.elsewhere)
    with pytest.raises(NotYours):
        attempt(place)


def test_a_system_that_accepts_takes_nothing(place: Place) -> None:
    assign(place.follow_up, assigned_to=place.liaison, by=place.liaison, now=NOW)
    User.objects.filter(pk=place.elsewhere.pk).update(is_system=True)

    answer(offer(place), place, accepted=True)

    assert (place.again().owner, place.again().assigned_to) == (place.other, None)


def test_refused_it_stays_and_they_see_no_more(place: Place) -> None:
    made = answer(offer(place), place, accepted=False, reason="no staff")

    assert (made.accepted, made.answer, made.answered_by) == (False, "no staff", place.elsewhere)
    assert place.again().owner == place.police
    assert not sees(place.elsewhere, place.order)
    assert last_event(place.order).reason == "no staff"
    assert offer(place).is_open


def test_a_refusal_needs_a_reason(place: Place) -> None:
    offered = offer(place)

    assert refused(lambda: answer(offered, place, accepted=False)) == ("reason", "required")


def test_withdrawn_they_see_no_more(place: Place) -> None:
    made = withdraw_transfer(offer(place), by=place.liaison, now=NOW)

    assert made.withdrawn_at == NOW
    assert Transfer.objects.get().withdrawn_at == NOW
    assert not sees(place.elsewhere, place.order)


def test_who_accepted_once_keeps_sight_when_later_offers_come_to_nothing(place: Place) -> None:
    answer(offer(place), place, accepted=True)
    back = offer(place, to_agency=place.police, by=place.elsewhere)
    answer_transfer(back, accepted=True, by=place.liaison, now=NOW)

    answer(offer(place), place, accepted=False, reason="not again")

    assert sees(place.elsewhere, place.order)


def test_who_is_asked_for_two_tasks_keeps_sight_until_both_are_answered(place: Place) -> None:
    other = place.order.deadlines.filter(follow_ups=None)[0]
    second = FollowUp.objects.create(
        order=place.order, deadline=other, owner=place.police, next_action_at=NOW
    )
    first_offer = offer(place)
    second_offer = offer_transfer(second, to_agency=place.other, reason="both", by=place.liaison, now=NOW)

    answer(first_offer, place, accepted=False, reason="no")
    assert sees(place.elsewhere, place.order)
    answer(second_offer, place, accepted=False, reason="no")

    assert not sees(place.elsewhere, place.order)


def test_police_of_the_town_who_refuse_see_what_is_their_business_anyway(place: Place) -> None:
    answer(offer(place), place, accepted=True)
    back = offer(place, to_agency=place.police, by=place.elsewhere)

    answer_transfer(back, accepted=False, reason="no", by=place.liaison, now=NOW)

    assert sees(place.liaison, place.order)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda p: {"to_agency": p.police}, ("to_agency", "own_agency")),
        (lambda p: {"to_agency": p.office}, ("to_agency", "not_police")),
        (lambda p: {"reason": ""}, ("reason", "required")),
    ],
)
def test_an_offer_that_cannot_be_is_refused(
    place: Place, given: Callable[[Place], dict[str, Any]], expected: tuple[str, str]
) -> None:
    assert refused(lambda: offer(place, **given(place))) == expected
    assert not Transfer.objects.exists()


def test_one_offer_at_a_time(place: Place) -> None:
    offer(place)

    assert refused(lambda: offer(place, to_agency=make.agency())) == ("to_agency", "already_offered")
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(
            follow_up=place.follow_up,
            order=place.order,
            from_agency=place.police,
            to_agency=place.other,
            reason="twice",
            offered_at=NOW,
            offered_by=place.liaison,
        )


def test_only_who_is_asked_answers_and_only_the_owner_withdraws(place: Place) -> None:
    offered = offer(place)

    for person in (place.liaison, place.clerk, place.prosecutor):
        with pytest.raises(NotYours):
            answer_transfer(offered, accepted=True, by=person, now=NOW)
    for person in (place.elsewhere, place.clerk):
        with pytest.raises(NotYours):
            withdraw_transfer(offered, by=person, now=NOW)
    assert Transfer.objects.get().is_open


def test_an_offer_is_answered_once(place: Place) -> None:
    offered = offer(place)
    answer(offered, place, accepted=True)

    assert refused(lambda: answer(offered, place, accepted=True)) == ("transfer", "already_answered")
    assert refused(lambda: withdraw_transfer(offered, by=place.liaison, now=NOW)) == (
        "transfer",
        "already_answered",
    )


def test_a_met_deadline_closes_the_task_withdraws_the_offer_and_keeps_the_referral(place: Place) -> None:
    offer(place)
    refer(place.follow_up, agency=place.office, reason="refused", by=place.liaison, now=NOW)

    firearm = list_firearm(place.order, serial="S-1", source="police", by=None, now=NOW)
    record_receipt(
        place.order, kind="police", received_at=NOW, firearms=[firearm], agency=place.police, by=None, now=NOW
    )

    assert place.again().outcome == "met"
    assert Transfer.objects.get().withdrawn_at == NOW
    assert not sees(place.elsewhere, place.order)
    assert Referral.objects.get().outcome == ""
    assert sees(place.prosecutor, place.order)


@pytest.mark.django_db(transaction=True)
def test_two_who_accept_at_once_accept_once() -> None:
    place = set_up()
    colleague = make.person(Role.LIAISON, place.other)
    offered = offer(place)
    start, outcomes = threading.Barrier(2), []

    def accept(person: User) -> None:
        try:
            start.wait(10)
            answer_transfer(offered, accepted=True, by=person, now=NOW)
            outcomes.append("accepted")
        except InvalidFact as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(one,)) for one in (place.elsewhere, colleague)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(outcomes) == ["accepted", "already_answered"]
    assert place.order.history.filter(kind="transfer_accepted").count() == 1


# ---- referral ----------------------------------------------------------------------------------------------


def test_a_prosecutor_sees_what_is_referred_and_decides(place: Place) -> None:
    assert not sees(place.prosecutor, place.order)
    made = refer(place.follow_up, agency=place.office, reason="refused twice", by=place.liaison, now=NOW)
    assert sees(place.prosecutor, place.order)

    record_outcome(made, outcome="warrant", decided_on=NOW.date(), by=place.prosecutor, now=NOW)

    stored = Referral.objects.get()
    assert (stored.outcome, stored.decided_on, stored.decided_by) == (
        ReferralOutcome.WARRANT,
        NOW.date(),
        place.prosecutor,
    )
    assert last_event(place.order).data["referral"] == {"to": place.office.name, "outcome": "warrant"}
    assert place.again().closed_at is None


def test_one_referral_is_open_at_a_time(place: Place) -> None:
    first = refer(place.follow_up, agency=place.office, reason="refused", by=place.liaison, now=NOW)
    again: dict[str, Any] = {"agency": place.office, "reason": "again", "by": place.liaison, "now": NOW}

    assert refused(lambda: refer(place.follow_up, **again)) == ("agency", "already_referred")
    record_outcome(
        first,
        outcome="declined",
        decision_reason="No proof.",
        decided_on=NOW.date(),
        by=place.prosecutor,
        now=NOW,
    )

    assert refer(place.follow_up, **again).outcome == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lambda p: {"agency": p.other}, ("agency", "not_a_prosecutor")),
        (lambda p: {"reason": "\t"}, ("reason", "required")),
    ],
)
def test_a_referral_that_cannot_be_is_refused(
    place: Place, given: Callable[[Place], dict[str, Any]], expected: tuple[str, str]
) -> None:
    facts: dict[str, Any] = {"agency": place.office, "reason": "refused", "by": place.liaison, "now": NOW}

    assert refused(lambda: refer(place.follow_up, **(facts | given(place)))) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"outcome": "fined"}, ("outcome", "unknown_outcome")),
        ({"decided_on": date(2027, 1, 1)}, ("decided_on", "in_the_future")),
        ({"outcome": "declined"}, ("decision_reason", "required")),
        ({"decided_on": date(2026, 12, 1)}, ("decided_on", "decided_before_referred")),
    ],
)
def test_an_outcome_that_cannot_be_is_refused(
    place: Place, given: dict[str, Any], expected: tuple[str, str]
) -> None:
    made = refer(place.follow_up, agency=place.office, reason="refused", by=place.liaison, now=NOW)
    facts: dict[str, Any] = {"outcome": "charged", "decided_on": NOW.date()}

    assert refused(lambda: record_outcome(made, **(facts | given), by=place.prosecutor, now=NOW)) == expected


def test_only_that_office_decides_and_once(place: Place) -> None:
    made = refer(place.follow_up, agency=place.office, reason="refused", by=place.liaison, now=NOW)
    facts: dict[str, Any] = {"outcome": "charged", "decided_on": NOW.date(), "now": NOW}

    for person in (
        place.liaison,
        place.clerk,
        make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR)),
    ):
        with pytest.raises(NotYours):
            record_outcome(made, by=person, **facts)
    record_outcome(made, by=place.prosecutor, **facts)

    assert refused(lambda: record_outcome(made, by=place.prosecutor, **facts)) == (
        "outcome",
        "already_decided",
    )
