"""Doubts that matter only in some cases: a closed last day, a way of service."""

from __future__ import annotations

import pytest

from orders.rules.explain import sentences
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Certainty
from tests.rules.orders import at, deadline, happened, order


@pytest.mark.parametrize(
    ("issued", "english", "spanish"),
    [
        ("2026-06-01", "This reading is considered certain.", "Esta interpretación se considera segura."),
        (
            "2026-12-11",
            "Debatable: Whether the court may deliberately set the hearing for a last day on which it is "
            "closed and rely on the next open day. Set it earlier.",
            "Discutible: Si el tribunal puede fijar deliberadamente la audiencia para un último día en que "
            "está cerrado y contar con el siguiente día en que abre. Fíjela antes.",
        ),
    ],
)
def test_doubt_about_a_closed_day_is_shown_for_a_closed_day_alone(
    rulebook: Rulebook, issued: str, english: str, spanish: str
) -> None:
    planned = deadline(order("restraining_order_application", issued), rulebook, "CT-HRG-14")

    assert [one for one in sentences(planned) if one.startswith(("This reading", "Debatable"))] == [english]
    assert spanish in sentences(planned, "es")


@pytest.mark.parametrize(
    ("way", "due", "check", "certainty"),
    [
        ("in_hand", "2026-08-14T14:00:00-07:00", "2026-08-14T16:00:00-07:00", Certainty.DEBATABLE),
        ("in_court", "2026-08-15T00:00:00-07:00", "2026-08-15T00:00:00-07:00", Certainty.CERTAIN),
        ("abode", "2026-08-15T14:00:00-07:00", "2026-08-15T14:00:00-07:00", Certainty.DEBATABLE),
        ("mail", "2026-08-15T14:00:00-07:00", "2026-08-15T14:00:00-07:00", Certainty.DEBATABLE),
        ("unknown", "2026-08-15T14:00:00-07:00", "2026-08-15T14:00:00-07:00", Certainty.DEBATABLE),
        ("", "2026-08-15T14:00:00-07:00", "2026-08-15T14:00:00-07:00", Certainty.DEBATABLE),
    ],
)
def test_way_of_service_gives_the_time_to_surrender(
    rulebook: Rulebook, way: str, due: str, check: str, certainty: Certainty
) -> None:
    served = [happened("served", "2026-08-14T14:00:00-07:00", way=way)]
    planned = deadline(order("final_erpo", jurisdiction="us_wa", events=served), rulebook, "WA-SUR")

    checks = [one.fires_at for one in planned.checkpoints if one.name == "check"]
    assert (planned.due_at, planned.certainty) == (at(due), certainty)
    assert checks in ([], [at(check)])


def test_doubt_about_a_way_of_service_is_its_own(rulebook: Rulebook) -> None:
    served = [happened("served", "2026-08-14T14:00:00-07:00", way="in_hand")]
    facts = order("final_erpo", jurisdiction="us_wa", events=served, firearms_indicated=True)
    planned = deadline(facts, rulebook, "WA-SUR")

    assert [one.fires_at for one in planned.checkpoints if one.name == "check"] == [
        at("2026-08-14T16:00:00-07:00")
    ]
    assert [one for one in sentences(planned) if one.startswith("Debatable")] == [
        "Debatable: “Immediately” is read as the instant of service. Police check two hours later, to allow "
        "time to enter a receipt."
    ]
    assert [one for one in sentences(planned, "es") if one.startswith("Discutible")] == [
        "Discutible: «De inmediato» se entiende como el instante de la notificación. La policía verifica dos "
        "horas después, para dar tiempo a registrar un recibo."
    ]
