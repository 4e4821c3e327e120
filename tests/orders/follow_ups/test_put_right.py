"""Attempts, referrals and decisions of a follow-up are corrected and withdrawn, each by who may record it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AgencyKind, Role, User
from orders.errors import InvalidFact, NotYours
from orders.models import Attempt, FollowUp, HistoryEntry, Order, OrderAgency, Referral
from orders.services.corrections import CORRECTABLE, correct, withdraw
from orders.services.court_days import court_day
from orders.services.follow_ups.actions import reschedule
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.referrals import record_outcome, refer
from tests import make
from tests.orders.corrections.fixtures import plan_of

pytestmark = pytest.mark.django_db

#: The pages take the time of the clock.
NOW = timezone.now()
FIRST, LATER = NOW + timedelta(hours=2), NOW + timedelta(hours=20)
DECISION = CORRECTABLE["referral_decision"]


@pytest.fixture
def order() -> Order:
    return make.served_order(now=NOW, ago=timedelta(hours=30), issued_at=NOW - timedelta(days=3))


@pytest.fixture
def follow_up(order: Order) -> FollowUp:
    deadline = make.deadline(order, "CT-SUR-01")
    return FollowUp.objects.create(
        deadline=deadline, order=order, owner=order.case.respondent.town.police, next_action_at=FIRST
    )


@pytest.fixture
def liaison(follow_up: FollowUp) -> User:
    return make.person(Role.LIAISON, follow_up.owner)


@pytest.fixture
def prosecutor() -> User:
    return make.person(Role.PROSECUTOR, make.agency(AgencyKind.PROSECUTOR))


def office(prosecutor: User) -> Any:
    return prosecutor.memberships.get().agency


def tried(follow_up: FollowUp, by: User, *, hours: int = 20) -> Attempt:
    return record_attempt(
        follow_up,
        attempted_at=NOW - timedelta(minutes=30 + hours),
        kind="visit",
        result="refused",
        next_action_at=NOW + timedelta(hours=hours),
        by=by,
        now=NOW,
    )


def referred(follow_up: FollowUp, by: User, to: User) -> Referral:
    return refer(follow_up, agency=office(to), reason="Refused twice.", by=by, now=NOW)


def decided(referral: Referral, by: User) -> Referral:
    return record_outcome(
        referral,
        outcome="declined",
        decision_reason="No proof.",
        decided_on=court_day(referral.order, NOW),
        by=by,
        now=NOW,
    )


def why(by: User) -> dict[str, Any]:
    return {"by": by, "now": NOW, "reason": "Of another order."}


def next_action(follow_up: FollowUp) -> Any:
    return FollowUp.objects.get(pk=follow_up.pk).next_action_at


def test_a_withdrawn_attempt_gives_the_next_action_back(follow_up: FollowUp, liaison: User) -> None:
    before = plan_of(follow_up.order)
    attempt = tried(follow_up, liaison)
    assert next_action(follow_up) == LATER

    withdraw(attempt, **why(liaison))

    assert next_action(follow_up) == FIRST
    assert not Attempt.objects.exists()
    assert plan_of(follow_up.order) == before
    assert HistoryEntry.objects.latest("id").kind == "follow_up_attempt_withdrawn"


def test_the_next_action_that_someone_set_since_stays(follow_up: FollowUp, liaison: User) -> None:
    attempt = tried(follow_up, liaison)
    moved = NOW + timedelta(hours=5)
    reschedule(follow_up, next_action_at=moved, reason="Sooner.", by=liaison, now=NOW)

    withdraw(attempt, **why(liaison))

    assert next_action(follow_up) == moved


@pytest.mark.parametrize("order_of_withdrawal", [(0, 1), (1, 0)])
def test_two_attempts_are_withdrawn_in_any_order(
    follow_up: FollowUp, liaison: User, order_of_withdrawal: tuple[int, int]
) -> None:
    attempts = [tried(follow_up, liaison, hours=20), tried(follow_up, liaison, hours=30)]

    for place in order_of_withdrawal:
        withdraw(attempts[place], **why(liaison))

    assert next_action(follow_up) == FIRST


def test_only_the_owner_puts_attempts_and_referrals_right(
    follow_up: FollowUp, liaison: User, prosecutor: User
) -> None:
    attempt, referral = tried(follow_up, liaison), referred(follow_up, liaison, prosecutor)
    other = make.person(Role.LIAISON, make.agency())

    for by in (other, prosecutor):
        for row, changes in ((attempt, {"result": "denied"}), (referral, {"why_referred": "Because."})):
            with pytest.raises(NotYours):
                withdraw(row, **why(by))
            with pytest.raises(NotYours):
                correct(row, changes, **why(by))
    correct(attempt, {"result": "denied"}, **why(liaison))
    assert Attempt.objects.get().result == "denied"


def test_facts_of_a_closed_follow_up_are_put_right_too(follow_up: FollowUp, liaison: User) -> None:
    attempt = tried(follow_up, liaison)
    FollowUp.objects.update(closed_at=NOW, outcome="met")

    correct(attempt, {"result": "denied"}, **why(liaison))
    withdraw(attempt, **why(liaison))

    assert not Attempt.objects.exists()


def sees(prosecutor: User, order: Order) -> bool:
    return Order.objects.visible_to(prosecutor).filter(pk=order.pk).exists()


def test_the_office_of_a_withdrawn_referral_no_longer_sees_the_order(
    follow_up: FollowUp, liaison: User, prosecutor: User
) -> None:
    referral = referred(follow_up, liaison, prosecutor)
    assert sees(prosecutor, follow_up.order)

    withdraw(referral, **why(liaison))

    assert not sees(prosecutor, follow_up.order)
    referred(follow_up, liaison, prosecutor)
    assert sees(prosecutor, follow_up.order)


def test_an_office_that_saw_the_order_before_keeps_seeing_it(
    follow_up: FollowUp, liaison: User, prosecutor: User
) -> None:
    OrderAgency.objects.create(order=follow_up.order, agency=office(prosecutor), capacity="prosecutor")
    referral = referred(follow_up, liaison, prosecutor)

    withdraw(referral, **why(liaison))

    assert sees(prosecutor, follow_up.order)


def test_the_second_referral_to_an_office_keeps_the_order_in_its_sight(
    follow_up: FollowUp, liaison: User, prosecutor: User
) -> None:
    first = decided(referred(follow_up, liaison, prosecutor), prosecutor)
    second = referred(follow_up, liaison, prosecutor)
    with pytest.raises(InvalidFact, match="withdraws its decision first"):
        withdraw(first, **why(liaison))
    withdraw(second, **why(liaison))
    DECISION.withdraw(first, **why(prosecutor))
    second = referred_again(first, follow_up, liaison, prosecutor)

    withdraw(first, **why(liaison))

    assert sees(prosecutor, follow_up.order)
    withdraw(second, **why(liaison))
    assert not sees(prosecutor, follow_up.order)


def referred_again(first: Referral, follow_up: FollowUp, liaison: User, prosecutor: User) -> Referral:
    """A referral of another follow-up of the order to the same office, while the first one waits."""
    other = FollowUp.objects.create(
        deadline=follow_up.order.deadlines.exclude(pk=follow_up.deadline_id)[0],
        order=follow_up.order,
        owner=follow_up.owner,
        next_action_at=FIRST,
    )
    assert first.outcome
    return referred(other, liaison, prosecutor)


def test_a_decision_is_withdrawn_by_the_office_and_recorded_again(
    follow_up: FollowUp, liaison: User, prosecutor: User
) -> None:
    referral = referred(follow_up, liaison, prosecutor)
    with pytest.raises(InvalidFact, match="no decision to withdraw"):
        DECISION.withdraw(referral, **why(prosecutor))
    decided(referral, prosecutor)
    with pytest.raises(NotYours):
        DECISION.withdraw(referral, **why(liaison))

    DECISION.withdraw(referral, **why(prosecutor))

    referral.refresh_from_db()
    assert (referral.outcome, referral.decided_on, referral.decided_by) == ("", None, None)
    decided(referral, prosecutor)
    later = referred(follow_up, liaison, prosecutor)
    with pytest.raises(InvalidFact, match="Withdraw that referral first"):
        DECISION.withdraw(referral, **why(prosecutor))
    withdraw(later, **why(liaison))
    DECISION.withdraw(referral, **why(prosecutor))


# The page


def shown(client: Client, follow_up: FollowUp) -> set[str]:
    """The acts that the page offers."""
    page = client.get(f"/follow-ups/{follow_up.public_id}/").context["page"]
    return {one.act.name for one in page.acts}


def send(client: Client, follow_up: FollowUp, name: str, sheet: dict[str, Any]) -> Any:
    return client.post(f"/follow-ups/{follow_up.public_id}/{name}/", sheet)


Signed = Callable[[User], Client]


@pytest.fixture
def signed() -> Signed:
    def client(user: User) -> Client:
        made = Client()
        made.force_login(user)
        return made

    return client


def test_the_page_offers_to_put_right_what_is_recorded(
    follow_up: FollowUp, liaison: User, prosecutor: User, signed: Signed
) -> None:
    desk = signed(liaison)
    acts = {"correct-attempt", "withdraw-attempt", "correct-referral", "withdraw-referral"}
    assert not shown(desk, follow_up) & acts
    attempt, referral = tried(follow_up, liaison), referred(follow_up, liaison, prosecutor)
    assert shown(desk, follow_up) >= acts
    assert "withdraw-decision" not in shown(signed(prosecutor), follow_up)

    sheet = {"row": attempt.pk, "result": "denied", "reason": "Read the wrong line."}
    assert send(desk, follow_up, "correct-attempt", sheet).status_code == 302
    attempt.refresh_from_db()
    assert (attempt.result, attempt.kind) == ("denied", "visit")
    texts = {"row": attempt.pk, "place": "Front door", "note": "-", "reason": "A name was in the note."}
    Attempt.objects.update(note="Robin was there.", officers="Lee Ash")
    assert send(desk, follow_up, "correct-attempt", texts).status_code == 302
    attempt.refresh_from_db()
    assert (attempt.place, attempt.officers, attempt.note) == ("Front door", "Lee Ash", "")
    assert send(desk, follow_up, "correct-attempt", {**sheet, "result": ""}).status_code == 200
    sheet = {"row": referral.pk, "why_referred": "Refused three times.", "reason": "One more."}
    assert send(desk, follow_up, "correct-referral", sheet).status_code == 302
    decided(referral, prosecutor)
    assert "withdraw-decision" in shown(signed(prosecutor), follow_up)
    sheet = {"row": referral.pk, "reason": "A slip."}
    assert send(signed(prosecutor), follow_up, "withdraw-decision", sheet).status_code == 302
    assert send(desk, follow_up, "withdraw-referral", sheet).status_code == 302
    assert send(desk, follow_up, "withdraw-attempt", {"row": attempt.pk, "reason": "No."}).status_code == 302
    assert not Attempt.objects.exists()
    assert not Referral.objects.exists()


def test_a_closed_follow_up_offers_only_to_put_right(
    follow_up: FollowUp, liaison: User, signed: Signed
) -> None:
    tried(follow_up, liaison)
    FollowUp.objects.update(closed_at=NOW, outcome="met")

    assert shown(signed(liaison), follow_up) == {"correct-attempt", "withdraw-attempt"}
