"""Facts change through services: stored whole or not at all, planned anew, and an event says so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import AgencyKind, Role
from orders.errors import InvalidFact
from orders.models import (
    Capacity,
    Checkpoint,
    CheckpointState,
    Concern,
    Deadline,
    DeadlineState,
    Event,
    Firearm,
    FirearmStatus,
    Hearing,
    Order,
    Receipt,
    ReceiptItem,
)
from orders.services import entry, hearings, service, surrender, term
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

LICENCE = "6-06-014-01-7M-12345"


def deadline(order: Order, rule: str) -> Deadline:
    return Deadline.objects.get(order=order, rule_id=rule)


def pending(order: Order, rule: str) -> set[str]:
    rows = Checkpoint.objects.filter(
        deadline__order=order, deadline__rule_id=rule, state=CheckpointState.PENDING
    )
    return set(rows.values_list("name", flat=True))


def test_entry_stores_case_parties_concerns_plan_and_event() -> None:
    order = make.order(protected_person="Robin Elm", address_confidential=True, hearing_on=date(2026, 12, 8))

    assert order.case.respondent.name == "Ash Birch"
    assert order.protected_persons.get().address_confidential
    assert set(order.concerns.values_list("capacity", flat=True)) == {"court", "respondent_police"}
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED
    assert deadline(order, "CT-HRG-07").state == DeadlineState.MET
    event = order.events.get()
    assert event.kind == "entered"
    assert event.data["deadlines"]["CT-SUR-01"] == "opened"


def test_orders_of_one_docket_and_respondent_share_a_case() -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    first = make.order(docket_number="D-1", court=court, respondent_town=town)
    second = make.order(docket_number="D-1", court=court, respondent_town=town)
    other = make.order(docket_number="D-1", court=court, respondent_town=town, respondent_name="Elm Oak")

    assert first.case == second.case
    assert other.case != first.case


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"docket_number": " "}, "docket_number", "required"),
        ({"respondent_name": ""}, "respondent_name", "required"),
        ({"kind": "peace_bond"}, "kind", "unknown_order_kind"),
        ({"issued_at": None}, "issued_at", "required"),
        ({"expires_on": date(2026, 12, 1)}, "expires_on", "expires_before_issue"),
        ({"hearing_on": date(2026, 12, 1)}, "hearing_on", "hearing_before_issue"),
        ({"served_at": NOW - timedelta(days=3)}, "served_at", "served_before_issued"),
    ],
)
def test_bad_order_is_refused_whole(given: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidFact) as refused:
        make.order(**given)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert not Order.objects.exists()
    assert not Event.objects.exists()


def test_one_bad_order_of_many_refuses_all() -> None:
    with pytest.raises(InvalidFact):
        entry.enter_orders([make.new_order(), make.new_order(kind="peace_bond")], by=None, now=NOW)

    assert not Order.objects.exists()


def test_registry_number_is_entered_once() -> None:
    make.order(por_number="POR1")

    with pytest.raises(InvalidFact, match="entered already"):
        make.order(por_number="POR1")


def test_service_starts_the_clock_to_the_second() -> None:
    order = make.order()
    at = NOW - timedelta(minutes=7)

    service.record_service(order, at=at, method="in_hand", by=None, now=NOW)

    found = deadline(order, "CT-SUR-01")
    assert found.due_at is not None
    assert (found.due_at - at).total_seconds() == 86_400
    assert pending(order, "CT-SUR-01") == {"remind-6h", "check", "escalate-24h"}


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - timedelta(days=2, seconds=1), "served_before_issued"),
        (NOW + timedelta(seconds=1), "in_the_future"),
        (NOW.replace(tzinfo=None), "invalid_timestamp"),
    ],
)
def test_impossible_service_is_refused(at: Any, code: str) -> None:
    order = make.order()

    with pytest.raises(InvalidFact) as refused:
        service.record_service(order, at=at, method="in_hand", by=None, now=NOW)

    assert refused.value.code == code
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED


def test_service_is_recorded_once_and_then_corrected() -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact, match="Correct it instead"):
        service.record_service(order, at=NOW, method="in_hand", by=None, now=NOW)


def test_correction_moves_the_deadline_and_its_checkpoints_and_keeps_the_reason() -> None:
    order = make.served_order()
    before = deadline(order, "CT-SUR-01")

    service.correct_service(
        order, at=NOW - timedelta(minutes=30), reason="the marshal wrote p.m.", by=None, now=NOW
    )

    after = deadline(order, "CT-SUR-01")
    assert after.due_at is not None
    assert before.due_at is not None
    assert after.due_at - before.due_at == timedelta(minutes=30)
    assert after.revision == 0, "nothing had fired"
    check = Checkpoint.objects.get(deadline=after, name="check")
    assert check.fires_at == after.due_at
    event = order.events.get(kind="service_corrected")
    assert event.reason == "the marshal wrote p.m."
    assert event.data["deadlines"]["CT-SUR-01"] == "moved"
    assert "served_at" in event.data["changes"]


def test_correction_without_reason_is_refused() -> None:
    order = make.served_order()

    with pytest.raises(InvalidFact) as refused:
        service.correct_service(order, at=NOW, reason=" ", by=None, now=NOW)

    assert refused.value.field == "reason"


def test_withdrawn_service_stops_the_clock() -> None:
    order = make.served_order()

    service.withdraw_service(order, reason="another order's return", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED
    assert pending(order, "CT-SUR-01") == set()


def test_failed_attempt_is_kept_and_starts_nothing() -> None:
    order = make.order()

    service.record_failed_attempt(order, at=NOW, method="in_hand", reason="nobody at home", by=None, now=NOW)

    assert order.service_attempts.count() == 1
    assert deadline(order, "CT-SUR-01").state == DeadlineState.NOT_STARTED


def test_every_listed_firearm_on_a_receipt_meets_the_deadline() -> None:
    order = make.served_order()
    police = make.agency()
    one, two = (
        surrender.list_firearm(order, serial=serial, source="police", by=None, now=NOW)
        for serial in ("S1", "S2")
    )

    surrender.record_receipt(order, kind="police", at=NOW, firearms=[one], agency=police, by=None, now=NOW)
    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN

    surrender.record_receipt(
        order, kind="dealer", at=NOW, firearms=[two], dealer_licence=LICENCE, by=None, now=NOW
    )
    found = deadline(order, "CT-SUR-01")
    assert (found.state, found.met_at, found.met_in_time) == (DeadlineState.MET, NOW, True)
    assert pending(order, "CT-SUR-01") == set()
    assert list(Firearm.objects.values_list("status", flat=True)) == [
        FirearmStatus.SURRENDERED,
        FirearmStatus.SOLD,
    ]


def test_firearm_found_after_surrender_opens_the_deadline_again() -> None:
    order = make.served_order()
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    surrender.record_receipt(
        order, kind="police", at=NOW, firearms=[one], agency=make.agency(), by=None, now=NOW
    )

    surrender.list_firearm(order, serial="S2", source="police", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert "check" in pending(order, "CT-SUR-01")


def test_withdrawn_receipt_opens_the_deadline_again() -> None:
    order = make.served_order()
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    receipt = surrender.record_receipt(
        order, kind="police", at=NOW, firearms=[one], agency=make.agency(), by=None, now=NOW
    )

    surrender.withdraw_receipt(order, receipt=receipt, reason="wrong case", by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert not Receipt.objects.exists()
    assert Firearm.objects.get().status == FirearmStatus.ALLEGED


def test_receipt_for_a_firearm_of_another_order_is_refused() -> None:
    order, other = make.served_order(), make.served_order()
    foreign = surrender.list_firearm(other, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact) as refused:
        surrender.record_receipt(
            order, kind="police", at=NOW, firearms=[foreign], agency=make.agency(), by=None, now=NOW
        )

    assert (refused.value.field, refused.value.code) == ("firearms", "firearm_of_another_order")
    assert not Receipt.objects.exists()


def test_database_refuses_a_receipt_for_a_firearm_of_another_case() -> None:
    order, other = make.served_order(), make.served_order()
    mine = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)
    foreign = surrender.list_firearm(other, serial="S2", source="police", by=None, now=NOW)
    receipt = surrender.record_receipt(
        order, kind="police", at=NOW, firearms=[mine], agency=make.agency(), by=None, now=NOW
    )

    with pytest.raises(IntegrityError, match="another case"), transaction.atomic():
        ReceiptItem.objects.create(receipt=receipt, firearm=foreign)


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("6-06-014-03-7M-12345", "collector"),
        ("6-06-014-06-7M-12345", "ammunition"),
        ("6-06-014-01-7M-1234", "R-DD-CCC-TT-EX-SSSSS"),
        ("6-06-014-01-7I-12345", "R-DD-CCC-TT-EX-SSSSS"),
        ("", "R-DD-CCC-TT-EX-SSSSS"),
    ],
)
def test_receipt_of_somebody_who_is_no_dealer_is_refused(licence: str, said: str) -> None:
    order = make.served_order()
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match=said) as refused:
        surrender.record_receipt(
            order, kind="dealer", at=NOW, firearms=[one], dealer_licence=licence, by=None, now=NOW
        )

    assert refused.value.field == "dealer_licence"


def test_receipt_of_a_private_person_is_refused() -> None:
    order = make.served_order()
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match="no friend or relative may take them") as refused:
        surrender.record_receipt(
            order, kind="third_party", taker_name="Oak Elm", at=NOW, firearms=[one], by=None, now=NOW
        )

    assert refused.value.code == "unlawful_recipient"
    assert "CT-SUR-03" in refused.value.message


def test_transfer_to_an_eligible_person_under_a_risk_protection_order_is_recorded() -> None:
    order = make.served_order(kind="risk_protection_order")
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact) as refused:
        surrender.record_receipt(order, kind="third_party", at=NOW, firearms=[one], by=None, now=NOW)
    assert refused.value.field == "taker_name"

    surrender.record_receipt(
        order, kind="third_party", taker_name="Oak Elm", at=NOW, firearms=[one], by=None, now=NOW
    )
    assert Firearm.objects.get().status == FirearmStatus.TRANSFERRED


def test_court_is_no_police() -> None:
    order = make.served_order()
    one = surrender.list_firearm(order, serial="S1", source="police", by=None, now=NOW)

    with pytest.raises(InvalidFact, match="police agency"):
        surrender.record_receipt(
            order,
            kind="police",
            at=NOW,
            firearms=[one],
            agency=make.agency(AgencyKind.COURT),
            by=None,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("firearms_indicated", "permit_indicated", "state"),
    [
        (False, False, DeadlineState.MET),
        (True, False, DeadlineState.OPEN),
        (False, True, DeadlineState.OPEN),
    ],
)
def test_denial_meets_the_deadline_only_where_nothing_speaks_against_it(
    *, firearms_indicated: bool, permit_indicated: bool, state: str
) -> None:
    order = make.served_order(firearms_indicated=firearms_indicated, permit_indicated=permit_indicated)

    surrender.record_statement(order, kind="non_possession", at=NOW, by=None, now=NOW)

    assert deadline(order, "CT-SUR-01").state == state


def test_duty_without_anything_indicated_alarms_nobody() -> None:
    order = make.served_order(firearms_indicated=False)

    assert deadline(order, "CT-SUR-01").state == DeadlineState.OPEN
    assert pending(order, "CT-SUR-01") == set()

    surrender.list_firearm(order, make="COL", source="police", by=None, now=NOW)
    assert "check" in pending(order, "CT-SUR-01")


def test_orders_of_a_case_share_one_inventory() -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    common: dict[str, Any] = {"docket_number": "D-1", "court": court, "respondent_town": town}
    ex_parte = make.served_order(**common)
    one = surrender.list_firearm(ex_parte, serial="S1", source="police", by=None, now=NOW)
    final = make.served_order(kind="restraining_order", **common)

    surrender.record_receipt(
        ex_parte, kind="police", at=NOW, firearms=[one], agency=town.police, by=None, now=NOW
    )

    assert deadline(ex_parte, "CT-SUR-01").state == DeadlineState.MET
    assert deadline(final, "CT-SUR-01").state == DeadlineState.MET
    assert final.events.get(kind="replanned").data["deadlines"]["CT-SUR-01"] == "met"


def test_continued_hearing_moves_what_counts_from_it() -> None:
    order = make.order(hearing_on=date(2026, 12, 9))
    before = deadline(order, "CT-SVC-02").due_on

    hearings.continue_hearing(Hearing.objects.get(), to=date(2026, 12, 16), by=None, now=NOW)

    assert (before, deadline(order, "CT-SVC-02").due_on) == (date(2026, 12, 6), date(2026, 12, 13))
    assert Hearing.objects.count() == 2


def test_compliance_hearing_reminds_at_its_offsets_until_it_is_held() -> None:
    order = make.served_order()
    hearing = hearings.schedule_hearing(order, purpose="compliance", on=date(2026, 12, 18), by=None, now=NOW)
    assert pending(order, "CT-CMP-01") == {"remind-7d", "remind-1d", "check"}

    later = NOW + timedelta(days=14)
    hearings.record_hearing(hearing, outcome="compliant", held_on=date(2026, 12, 18), by=None, now=later)

    assert deadline(order, "CT-CMP-01").state == DeadlineState.MET
    assert pending(order, "CT-CMP-01") == set()


def test_extension_plans_expiry_and_its_windows_anew() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))
    term.record_happening(order, kind="extension_moved", on=date(2026, 12, 4), by=None, now=NOW)

    term.extend_order(order, expires_on=date(2028, 12, 1), by=None, now=NOW)

    window = deadline(order, "CT-EXT-01")
    assert (window.opens_on, window.due_on) == (date(2028, 11, 10), date(2028, 11, 17))
    assert deadline(order, "CT-EXT-03").due_on == date(2028, 12, 1)


def test_extension_must_lie_after_the_last_day() -> None:
    order = make.order(kind="restraining_order", expires_on=date(2027, 12, 1))

    with pytest.raises(InvalidFact, match="not after"):
        term.extend_order(order, expires_on=date(2027, 12, 1), by=None, now=NOW)


def test_vacated_order_has_nothing_pending() -> None:
    order = make.served_order(hearing_on=date(2026, 12, 9))

    term.vacate_order(order, at=NOW, reason="application withdrawn", by=None, now=NOW)

    assert not Checkpoint.objects.filter(state=CheckpointState.PENDING).exists()
    assert deadline(order, "CT-SUR-01").state == DeadlineState.WITHDRAWN
    assert deadline(order, "CT-HRG-07").state == DeadlineState.MET, "what was met stays met"


def test_correction_of_the_firearms_box_changes_the_hearing_rule() -> None:
    order = make.order()

    entry.correct_order(order, firearms_indicated=False, reason="wrong box", by=None, now=NOW)

    assert deadline(order, "CT-HRG-07").state == DeadlineState.WITHDRAWN
    assert deadline(order, "CT-HRG-14").state == DeadlineState.OPEN


def test_correction_refuses_what_is_not_the_orders() -> None:
    order = make.order()

    with pytest.raises(TypeError, match="public_id"):
        entry.correct_order(order, public_id="x", reason="because", by=None, now=NOW)


def test_moved_respondent_concerns_the_other_towns_police() -> None:
    order, town = make.order(), make.town()

    entry.correct_respondent_town(order, town=town, reason="moved", by=None, now=NOW)

    concern = Concern.objects.get(order=order, capacity=Capacity.RESPONDENT_POLICE)
    assert concern.agency == town.police


def test_service_in_another_town_concerns_its_police_too() -> None:
    order, town = make.order(), make.town()

    service.record_service(order, at=NOW, method="in_hand", town=town, by=None, now=NOW)

    assert Concern.objects.get(order=order, capacity=Capacity.SERVICE_POLICE).agency == town.police


def test_deadline_that_is_past_when_entered_is_overdue_at_once_without_reminders() -> None:
    order = make.order(issued_at=NOW - timedelta(days=30))

    assert deadline(order, "CT-HRG-07").state == DeadlineState.OVERDUE
    assert pending(order, "CT-HRG-07") == set()


def test_surrender_that_is_past_when_entered_still_alarms() -> None:
    order = make.served_order(ago=timedelta(days=20), issued_at=NOW - timedelta(days=30))

    assert pending(order, "CT-SUR-01") == {"check"}


def test_unknown_time_of_issue_cannot_be_computed_and_names_what_is_missing() -> None:
    order = make.order(issued_at=None, issued_on=date(2026, 12, 2))

    found = deadline(order, "CT-LE-48")
    assert found.state == DeadlineState.CANNOT_COMPUTE
    assert "time of day" in found.missing[0]
    assert found.due_at is None


@pytest.mark.parametrize("statement", ["UPDATE orders_event SET reason = 'x'", "DELETE FROM orders_event"])
def test_database_refuses_to_change_history(statement: str) -> None:
    make.order()

    with pytest.raises(IntegrityError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("expires_on", "2020-01-01"),
        ("served_at", "2020-01-01T00:00Z"),
        ("kind", "peace_bond"),
        ("vacated_at", "2026-12-04T00:00Z"),
    ],
)
def test_database_refuses_what_must_never_be(column: str, value: str) -> None:
    order = make.served_order()

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**{column: value})


def test_each_act_says_who_did_it() -> None:
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    order = make.order()

    service.record_service(order, at=NOW, method="in_hand", by=clerk, now=NOW)

    event = order.events.get(kind="served")
    assert (event.actor, event.occurred_at) == (clerk, NOW)


def test_planning_many_orders_takes_a_fixed_number_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    court, town = make.agency(AgencyKind.COURT), make.town()
    many = [
        make.new_order(court=court, respondent_town=town, hearing_on=date(2026, 12, 9)) for _ in range(60)
    ]

    with django_assert_max_num_queries(30):
        entry.enter_orders(many, by=None, now=NOW)
