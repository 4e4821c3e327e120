"""Which rules limit a hearing or a last day, with rules that no state has yet, and where a day ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orders.rules.facts import Event
from orders.rules.limits import Beyond, Limit, beyond
from orders.rules.model import MetBy, Offset, cite
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Pick, Unit
from tests.rules.orders import happened, on, order

LATE, LAST_DAY = Limit.HEARING_LATE, Limit.LAST_DAY_LATE


def set_for(day: str, key: str = "") -> Event:
    return happened("hearing_scheduled", day, purpose="application", key=key)


def short(found: list[Beyond]) -> list[tuple[Limit, str, str]]:
    return [(one.limit, one.day.isoformat(), one.right.isoformat()) for one in found]


def with_one_rule(
    rulebook: Rulebook, id_: str, *, met_by: dict[str, Any] | None = None, **more: Any
) -> Rulebook:
    """Return the rulebook with this rule alone, changed; `met_by` changes what meets it first."""
    rule = rulebook.by_id[id_]
    if met_by:
        more["met_by"] = (replace(rule.met_by[0], **met_by), *rule.met_by[1:])
    return replace(rulebook, rules=(replace(rule, **more),))


def test_a_rule_that_sets_no_last_day_makes_no_hearing_late(rulebook: Rulebook) -> None:
    late = order(events=[set_for("2026-12-21")])

    assert short(beyond(late, with_one_rule(rulebook, "CT-HRG-14"))) == [(LATE, "2026-12-21", "2026-12-18")]
    assert beyond(late, with_one_rule(rulebook, "CT-HRG-14", met_by={"set_by_due": False})) == []


def test_each_time_of_a_rule_has_its_own_last_day(rulebook: Rulebook) -> None:
    """The first continuance has its hearing in time, the second has not."""
    each = with_one_rule(rulebook, "CT-CON-02", pick=Pick.EACH)
    continued = [happened("hearing_continued", day) for day in ("2026-12-10", "2026-12-20")]

    found = beyond(order(events=[*continued, set_for("2026-12-11"), set_for("2027-01-11")]), each)

    assert [(one.limit, one.day) for one in found] == [(LATE, on("2027-01-11"))]


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [("application", [(LATE, "2026-12-22", "2026-12-18")]), ("", [])],
)
def test_continuance_is_of_a_hearing_of_the_purpose_if_the_rule_has_one(
    purpose: str, expected: Any, rulebook: Rulebook
) -> None:
    book = with_one_rule(rulebook, "CT-HRG-14", met_by={"purpose": purpose})
    events = [happened("hearing_continued", "2026-12-18", purpose="contempt"), set_for("2026-12-22")]

    assert short(beyond(order(events=events), book)) == expected


def test_another_event_within_the_time_is_no_continuance(rulebook: Rulebook) -> None:
    events = [happened("served", "2026-12-06"), Event(kind="hearing_continued"), set_for("2026-12-21")]

    assert short(beyond(order(events=events), rulebook)) == [(LATE, "2026-12-21", "2026-12-18")]


def test_evening_of_the_last_day_is_within_the_time(rulebook: Rulebook) -> None:
    """Far west, the next day has begun in Greenwich."""
    evening = "2026-12-25T22:30:00-08:00"
    continued = happened("hearing_continued", evening)
    # Hearings from the day after the last one on meet this rule.
    later = Offset(amount=22, unit=Unit.CALENDAR_DAYS)
    book = with_one_rule(rulebook, "CA-HRG", met_by={"since": later})

    def late(book: Rulebook, *events: Event) -> list[str]:
        facts = order("temporary_erpo", jurisdiction="us_ca", events=events)
        return [one.key for one in beyond(facts, book) if one.limit is LATE]

    assert late(rulebook, continued, set_for("2026-12-28")) == []
    assert late(book, set_for(evening)) == []
    first, second = set_for("2026-12-28T22:30:00-08:00", key="a"), set_for("2026-12-29", key="b")
    assert late(rulebook, second, first) == ["a", "b"]


@pytest.mark.parametrize(
    "met_by",
    [
        {"event": "heard", "purpose": "application"},
        {"event": "hearing_scheduled", "purpose": "extension", "set_by_due": True},
    ],
)
def test_extension_before_the_hearing_counts_only_the_time_for_that_hearing(
    met_by: dict[str, Any], rulebook: Rulebook
) -> None:
    hearing = rulebook.by_id["CT-HRG-14"]
    month = Offset(amount=30, unit=Unit.CALENDAR_DAYS)
    values = tuple(replace(one, due=month) for one in hearing.values)
    other = replace(hearing, id="CT-OTHER", met_by=(MetBy(**met_by),), values=values)
    book = replace(rulebook, rules=(rulebook.by_id["CT-EXP-04"], hearing, other))

    (found,) = beyond(order(expires_on=on("2027-02-01")), book, extended_from=on("2026-12-16"))

    assert short([found]) == [(LAST_DAY, "2027-02-01", "2026-12-18")]


def test_most_that_an_extension_adds_is_for_an_order_that_lasts_from_its_issue(rulebook: Rulebook) -> None:
    """An order that lasts until its hearing ends then, whatever an extension may add."""
    end = rulebook.by_id["CT-EXP-04"]
    year = Offset(amount=1, unit=Unit.YEARS)
    book = with_one_rule(
        rulebook, "CT-EXP-04", values=tuple(replace(one, extends=year) for one in end.values)
    )
    facts = order(expires_on=on("2026-12-20"), events=[set_for("2026-12-16")])

    assert short(beyond(facts, book, extended_from=on("2026-12-16"))) == [
        (LAST_DAY, "2026-12-20", "2026-12-16")
    ]


def test_extension_may_be_counted_in_days_of_the_court(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-ORD-01"]
    day = Offset(amount=1, unit=Unit.COURT_DAYS)
    book = with_one_rule(
        rulebook, "CT-ORD-01", values=tuple(replace(one, extends=day) for one in rule.values)
    )
    facts = order("restraining_order", expires_on=on("2027-12-07"))

    # The third is a Friday.
    assert short(beyond(facts, book, extended_from=on("2027-12-03"))) == [
        (LAST_DAY, "2027-12-07", "2027-12-06")
    ]


def test_law_that_came_later_is_not_cited(rulebook: Rulebook) -> None:
    end, hearing = rulebook.by_id["CT-EXP-04"], rulebook.by_id["CT-HRG-14"]
    later = replace(end, values=tuple(replace(one, effective=on("2030-01-01")) for one in end.values[-1:]))
    facts = order(expires_on=on("2027-02-01"))

    (found,) = beyond(facts, replace(rulebook, rules=(later, hearing)), extended_from=on("2026-12-16"))

    assert found.law == cite(hearing, hearing.values[-1].sources)


def test_services_after_the_last_day_are_in_the_order_of_the_state(rulebook: Rulebook) -> None:
    events = [happened("served", "2026-12-27"), happened("served", "2026-12-26T22:30:00-08:00")]

    found = beyond(order("temporary_erpo", jurisdiction="us_ca", events=events), rulebook)

    assert [(one.limit, one.day) for one in found] == [
        (Limit.SERVED_LATE, on("2026-12-26")),
        (Limit.SERVED_LATE, on("2026-12-27")),
    ]
