"""When a return may be made: by its request, its record, and the court's order, on the clock of the state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.rules.facts import Event
from orders.rules.model import CheckpointRule, Offset
from orders.rules.planned import Moment
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Purpose, Unit
from tests.rules.orders import at, deadlines, happened, on, order

#: In Los Angeles. In New York and in Greenwich the next day has begun.
FIRST = happened("return_requested", "2026-12-08T23:00:00-08:00", key="a")
SECOND = happened("return_requested", "2026-12-09T23:00:00-08:00", key="b")
ORDERED = Event(kind="release_ordered", at=at("2026-12-09T10:00:00-08:00"), on=on("2026-12-09"))


@pytest.fixture
def in_california(rulebook: Rulebook) -> Rulebook:
    """The rulebook with Connecticut's rule about returns, on the clock of California."""
    return replace(rulebook, rules=(replace(rulebook.by_id["CT-RET-01"], jurisdiction="us_ca"),))


def opens(rulebook: Rulebook, *events: Event) -> list[Moment | None]:
    facts = order("restraining_order", expires_on=on("2026-12-05"), jurisdiction="us_ca", events=events)
    return [one.opens for one in deadlines(facts, rulebook, "CT-RET-01")]


@pytest.mark.parametrize(
    ("recorded", "day"),
    [
        ((), "2026-12-10"),
        ((happened("return_recorded", "2026-12-10", key="a"),), "2026-12-14"),
        # By the clock of California the record is of the day after the request.
        ((happened("return_recorded", "2026-12-09", key="a"),), "2026-12-11"),
        ((happened("return_recorded", "2026-12-07", key="a"),), "2026-12-10"),
        ((happened("return_recorded", "2026-12-14", key="b"),), "2026-12-10"),
    ],
)
def test_a_return_opens_after_the_record_of_its_own_request(
    in_california: Rulebook, recorded: tuple[Event, ...], day: str
) -> None:
    assert opens(in_california, FIRST, *recorded) == [Moment(on=on(day))]


@pytest.mark.parametrize("ordered", [happened("release_ordered", "2026-12-09"), ORDERED], ids=["day", "time"])
def test_an_order_of_release_opens_the_request_before_it(in_california: Rulebook, ordered: Event) -> None:
    """An order of the day of the second request is not before it: only what is before opens the first."""
    found = Moment(at=ordered.at) if ordered.at else Moment(on=ordered.on)

    assert opens(in_california, FIRST, ordered) == [found]
    assert opens(in_california, FIRST, SECOND, happened("release_ordered", "2026-12-09")) == [
        Moment(on=on("2026-12-10")),
        Moment(on=on("2026-12-09")),
    ]


def test_a_request_before_the_end_keeps_its_key(rulebook: Rulebook) -> None:
    rule = replace(rulebook, rules=(rulebook.by_id["CT-RET-01"],))
    facts = order(
        "restraining_order",
        expires_on=on("2026-12-09"),
        events=[
            happened("return_requested", "2026-12-07", key="a"),
            happened("return_completed", "2026-12-11", key="a"),
        ],
    )

    (planned,) = deadlines(facts, rule, "CT-RET-01")

    assert planned.start == Event(kind="ended", on=on("2026-12-09"), key="a")
    assert planned.met == Moment(on=on("2026-12-11"))


def test_a_value_with_another_start_and_check_replaces_both_and_no_more(rulebook: Rulebook) -> None:
    remind, check = (
        CheckpointRule(name=name, purpose=purpose, audience=("court",), offset=Offset(amount=-1, unit=unit))
        for name, purpose, unit in (
            ("remind", Purpose.REMIND, Unit.COURT_DAYS),
            ("check", Purpose.CHECK, Unit.COURT_DAYS),
        )
    )
    later = Offset(amount=2, unit=Unit.CALENDAR_DAYS)
    rule = replace(
        rulebook.by_id["CT-RPO-01"],
        starts="served",
        else_starts="issued",
        not_before="heard",
        awaited=True,
        checkpoints=(remind, check),
    )

    under = rule.under(replace(rule.values[0], starts="warrant_executed", actor="police", check=later))

    assert under == replace(
        rule,
        actor="police",
        starts="warrant_executed",
        else_starts="",
        not_before="",
        awaited=False,
        checkpoints=(remind, replace(check, offset=later)),
    )
