"""Filer, standard of proof and area are refused if the law of the order does not allow them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orders.errors import InvalidFact
from orders.models import Case, Deadline, Order
from orders.services import hearings
from orders.services.court_days import zone_of
from orders.services.orders import corrections
from orders.services.planning.load_facts import load_facts
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

INDIANA: dict[str, Any] = {"jurisdiction": "us_in", "kind": "temporary_erpo"}


@pytest.mark.parametrize(
    ("given", "field", "code", "expected"),
    [
        (
            {"filed_by": "law_enforcement"},
            "filed_by",
            "may_not_file",
            "A person who needs protection from a family or household member may apply. The grounds are "
            "physical harm, a threat of it, stalking, a pattern of threatening, and coercive control. "
            "(C.G.S. § 46b-15(a); C.G.S. § 46b-1(b); WomensLaw.org, Connecticut, ",
        ),
        (
            {"kind": "risk_protection_order", "filed_by": "household_member"},
            "filed_by",
            "may_not_file",
            "the court may order police to investigate. (",
        ),
        (
            {"filed_by": "neighbour"},
            "filed_by",
            "unknown_filer",
            "“neighbour” is not a choice. Use one of: law_",
        ),
        (
            {"jurisdiction": "us_ca", "kind": "final_erpo", "proof_found": "preponderance"},
            "proof_found",
            "too_little_proof",
            "Proof for a final order: clear and convincing. (Extreme-risk laws of thirteen "
            "states (table), California, “Length and proof”)",
        ),
        (
            {"proof_found": "belief"},
            "proof_found",
            "unknown_standard",
            "“belief” is not a choice. Use one of: ",
        ),
        (
            {"area": "Lake"},
            "area",
            "unknown_area",
            "“Lake” has no time zone of its own in Connecticut. Leave this field empty.",
        ),
        (
            {**INDIANA, "area": "Marion"},
            "area",
            "unknown_area",
            "“Marion” has no time zone of its own in Indiana. Leave this field empty, or use one of: Gibson",
        ),
    ],
)
def test_what_the_law_does_not_allow_is_refused_in_its_words(
    given: dict[str, Any], field: str, code: str, expected: str
) -> None:
    with pytest.raises(InvalidFact) as refused:
        make.order(**given)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert expected in refused.value.message
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"filed_by": "intimate_partner", "proof_found": "preponderance"},
        {"kind": "risk_protection_order", "filed_by": "states_attorney", "proof_found": "probable_cause"},
        {"kind": "civil_protection_order", "filed_by": "other_person"},
        {"jurisdiction": "us_ri", "kind": "final_erpo", "filed_by": "household_member"},
    ],
)
def test_what_the_law_allows_or_is_silent_about_is_kept(given: dict[str, Any]) -> None:
    order = make.order(**given)

    assert (order.filed_by, order.proof_found) == (given.get("filed_by", ""), given.get("proof_found", ""))


def correct(order: Order, **changes: Any) -> Order:
    return corrections.correct_order(order, by=None, now=NOW, reason="typed the wrong line", **changes)


def test_correction_asks_what_the_law_of_the_corrected_order_asks() -> None:
    order = make.order(filed_by="household_member")

    with pytest.raises(InvalidFact, match="the court may order police to investigate"):
        correct(order, kind="risk_protection_order")
    correct(order, kind="risk_protection_order", filed_by="law_enforcement", proof_found="probable_cause")

    order.refresh_from_db()
    assert (order.filed_by, order.proof_found) == ("law_enforcement", "probable_cause")
    assert order.history.get(kind="corrected").data["changes"]["filed_by"] == [
        "household_member",
        "law_enforcement",
    ]


def test_hearing_asks_more_than_the_warrant_did() -> None:
    order = make.order(kind="risk_protection_order", proof_found="probable_cause")
    hearing = hearings.schedule_hearing(
        order, purpose="application", scheduled_on=date(2026, 12, 4), by=None, now=NOW
    )
    hearings.record_hearing(hearing, held_on=date(2026, 12, 4), outcome="granted", by=None, now=NOW)

    # What was found before the hearing prevents nothing else.
    correct(order, expires_on=date(2027, 12, 4))
    with pytest.raises(InvalidFact, match="clear and convincing evidence"):
        correct(order, proof_found="preponderance")
    correct(order, proof_found="clear_and_convincing")


def test_area_decides_the_zone_of_every_day() -> None:
    # Half past midnight in Indianapolis is still the day before in Lake County.
    issued_at = datetime(2026, 12, 2, 0, 30, tzinfo=ZoneInfo("America/Indiana/Indianapolis"))

    order = make.order(**INDIANA, issued_at=issued_at, area="LAKE ")

    assert order.area == "Lake"
    assert order.issued_on == date(2026, 12, 1)
    assert str(zone_of(order)) == "America/Chicago"
    assert load_facts([order])[order.pk].area == "Lake"
    hearing = Deadline.objects.get(order=order, rule_id="IN-TMP")
    assert hearing.due_on is not None
    assert hearing.due_at == datetime.combine(
        hearing.due_on + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo("America/Chicago")
    )


def test_corrected_area_moves_the_day_of_issue_and_what_counts_from_it() -> None:
    issued_at = datetime(2026, 12, 2, 0, 30, tzinfo=ZoneInfo("America/Indiana/Indianapolis"))
    order = make.order(**INDIANA, issued_at=issued_at)
    before = Deadline.objects.get(order=order, rule_id="IN-TMP").due_on
    assert before is not None

    correct(order, area="perry")

    order.refresh_from_db()
    assert (order.area, order.issued_on, order.issued_at) == ("Perry", date(2026, 12, 1), issued_at)
    assert Deadline.objects.get(order=order, rule_id="IN-TMP").due_on == before - timedelta(days=1)
    with pytest.raises(InvalidFact, match="“Elm” has no time zone of its own in Indiana"):
        correct(order, area="Elm")


def test_area_without_a_time_of_issue_moves_no_day() -> None:
    order = make.order(**INDIANA, issued_at=None, issued_on=date(2026, 12, 2))

    correct(order, area="Starke")

    order.refresh_from_db()
    assert (order.area, order.issued_on, order.issued_at) == ("Starke", date(2026, 12, 2), None)
