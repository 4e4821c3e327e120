"""The start of a deadline: custody, the order's end, later events, several events of a kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orders.rules.explain import missing_facts, sentences
from orders.rules.facts import Event, Facts, Kind
from orders.rules.model import Binding, Offset
from orders.rules.planned import Clock, Moment
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import DatedBy, Unit
from tests.rules.orders import at, deadline, deadlines, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
DUE = at("2026-12-05T18:30:00-05:00")


def armed(*events: Event, **more: Any) -> Facts:
    return order(firearms_indicated=True, events=events, **more)


def test_clock_waits_for_release_when_served_in_custody(rulebook: Rulebook) -> None:
    served = happened("served", "2027-03-01T09:00:00-05:00", in_custody=True)
    facts = order("temporary_erpo", "2027-03-01", jurisdiction="us_de", events=[served])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert planned.clock is Clock.NOT_STARTED
    assert planned.awaits == "released_from_custody"
    assert planned.checkpoints == ()


def test_release_without_a_date_is_missing(rulebook: Rulebook) -> None:
    served = happened("served", "2027-03-01T09:00:00-05:00", in_custody=True)
    released = Event(kind="released_from_custody")
    facts = order("temporary_erpo", "2027-03-01", jurisdiction="us_de", events=[served, released])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert missing_facts(planned) == ("the day of “the respondent was released from custody”",)


def test_end_of_the_order_is_missing_when_a_return_is_requested(rulebook: Rulebook) -> None:
    facts = order(Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER, events=[happened("return_requested", "2026-12-10")])

    planned = deadline(facts, rulebook, "CT-RET-01")

    assert planned.due == Moment(on=on("2026-12-17"))
    assert missing_facts(planned) == ("the day of “the order ended”",)
    assert any("It is not known whether the order had ended" in sentence for sentence in sentences(planned))


@pytest.mark.parametrize(
    ("vacated", "due"),
    [("2026-12-11T10:00:00-05:00", "2026-12-18"), ("2026-12-09T10:00:00-05:00", "2026-12-17")],
)
def test_return_runs_from_the_later_of_request_and_vacatur(
    rulebook: Rulebook, vacated: str, due: str
) -> None:
    facts = order(
        Kind.RESTRAINING_ORDER,
        expires_on=on("2027-12-04"),
        events=[happened("return_requested", "2026-12-10"), happened("vacated", vacated)],
    )

    assert deadline(facts, rulebook, "CT-RET-01").due == Moment(on=on(due))


def test_several_requests_of_one_day_have_different_names(rulebook: Rulebook) -> None:
    undated = [Event(kind="transfer_notice_received", source=source) for source in ("letter", "fax")]
    facts = order(Kind.RISK_PROTECTION_ORDER, events=undated)

    # Of events without a date only one is used: more would add nothing.
    assert deadline(facts, rulebook, "CT-RPO-05").occurrence == "undated"


def test_first_of_two_is_found_by_the_courts_day(rulebook: Rulebook) -> None:
    evening = happened("served", "2022-12-04T22:00:00-05:00")
    facts = order(
        Kind.RISK_PROTECTION_ORDER, "2022-12-04", events=[happened("served", "2022-12-05"), evening]
    )

    assert deadline(facts, rulebook, "CT-RPO-01").start == evening


def test_deadline_of_each_event_is_named_by_the_courts_day(rulebook: Rulebook) -> None:
    evening = happened("contempt_motion_served", "2026-12-22T22:00:00-05:00")
    facts = order("restraining_order", events=[evening])

    assert deadline(facts, rulebook, "CT-CTM-01").occurrence == "2026-12-22"


@pytest.mark.parametrize(("day", "days_before"), [("2016-09-30", 5), ("2016-10-01", 3)])
def test_value_is_that_of_the_courts_day_where_the_event_dates_it(
    rulebook: Rulebook, day: str, days_before: int
) -> None:
    hearing = happened("hearing_scheduled", f"{day}T22:00:00-04:00")
    rule = replace(rulebook.by_id["CT-SVC-02"], dated_by=DatedBy.START)

    planned = deadline(
        order(issued="2016-09-01", events=[hearing]), replace(rulebook, rules=(rule,)), "CT-SVC-02"
    )

    assert planned.value.due.amount == -days_before


def test_release_on_the_courts_day_of_service_starts_the_time(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T22:00:00-05:00", in_custody=True)
    released = happened("released_from_custody", "2026-12-04")
    facts = order(Kind.TEMPORARY_ERPO, jurisdiction="us_de", events=[served, released])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert planned.start == released
    assert planned.clock is Clock.CANNOT_COMPUTE


def test_deadline_that_waits_for_release_is_the_only_one_of_its_rule(rulebook: Rulebook) -> None:
    served = happened("served", "2026-12-04T22:00:00-05:00", in_custody=True)
    facts = order(Kind.TEMPORARY_ERPO, jurisdiction="us_de", events=[served])

    planned = deadline(facts, rulebook, "DE-SUR")

    assert (planned.occurrence, planned.start, planned.awaits) == ("", served, "released_from_custody")


def test_later_event_moves_the_start_from_the_courts_day_before(rulebook: Rulebook) -> None:
    served = happened("served", "2022-12-04T22:00:00-05:00")
    executed = happened("warrant_executed", "2022-12-05")
    facts = order(Kind.RISK_PROTECTION_ORDER, "2022-12-04", events=[served, executed])

    assert deadline(facts, rulebook, "CT-RPO-01").start == executed


def test_date_of_an_undated_start_is_missing_when_a_later_event_is_recorded(rulebook: Rulebook) -> None:
    executed = happened("warrant_executed", "2022-12-05")
    facts = order(Kind.RISK_PROTECTION_ORDER, "2022-12-04", events=[Event(kind="served"), executed])

    planned = deadline(facts, rulebook, "CT-RPO-01")

    assert planned.clock is Clock.CANNOT_COMPUTE
    assert planned.missing == ("date:served",)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("2026-09-29T22:00:00-04:00", "ended"),
        # Requested on the day on which the order ends.
        ("2026-09-30", "return_requested"),
        ("2026-10-01", "return_requested"),
    ],
)
def test_return_counts_from_the_request_or_the_end_whichever_is_later(
    rulebook: Rulebook, asked: str, kind: str
) -> None:
    facts = order(
        "restraining_order",
        "2025-09-30",
        expires_on=on("2026-09-30"),
        events=[happened("return_requested", asked)],
    )

    start = deadline(facts, rulebook, "CT-RET-01").start

    assert start is not None
    assert start.kind == kind


def hearings(*events: Event) -> Facts:
    return order(Kind.RISK_PROTECTION_ORDER, "2024-12-01", events=events)


def test_petition_belongs_to_the_hearing_before_it(rulebook: Rulebook) -> None:
    heard = [happened("heard", day) for day in ("2025-01-10", "2026-01-10", "2027-01-10")]
    petition = happened("termination_petitioned", "2026-08-10")

    found = deadlines(hearings(*heard, petition), rulebook, "CT-RPO-07")

    assert [one.due is not None for one in found] == [False, True, False]


@pytest.mark.parametrize(
    ("heard", "petition"),
    [
        (["2026-01-10T22:00:00-05:00"], "2026-01-10"),
        (["2026-01-10", "2026-08-11"], "2026-08-10T22:00:00-04:00"),
    ],
    ids=["on the day of the hearing", "the evening before the next hearing"],
)
def test_petition_is_dated_as_the_court_dates_it(rulebook: Rulebook, heard: list[str], petition: str) -> None:
    facts = hearings(*(happened("heard", one) for one in heard), happened("termination_petitioned", petition))

    assert deadlines(facts, rulebook, "CT-RPO-07")[0].due is not None


HOURS = Offset(amount=12, unit=Unit.ELAPSED_HOURS)


@pytest.mark.parametrize(
    ("printed", "alternative"), [("2026-12-04", None), ("2026-12-20", "2026-12-04")], ids=["same", "other"]
)
def test_end_after_hours_is_compared_with_the_printed_day_as_the_court_dates_it(
    rulebook: Rulebook, printed: str, alternative: str | None
) -> None:
    rule = rulebook.by_id["CT-ORD-01"]
    ends = replace(rule, values=(replace(rule.values[-1], due=HOURS, alternative=None),))
    facts = order("restraining_order", issued_at=at("2026-12-04T10:00:00-05:00"), expires_on=on(printed))

    planned = deadline(facts, replace(rulebook, rules=(ends,)), "CT-ORD-01")

    assert planned.printed is (alternative is not None)
    assert planned.alternative_on == (on(alternative) if alternative else None)


def test_other_reading_in_hours_is_a_day_of_the_court(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-01"]
    other = replace(rule, values=(replace(rule.values[-1], alternative=HOURS),))
    served = happened("served", "2026-12-04T10:00:00-05:00")

    planned = deadline(armed(served), replace(rulebook, rules=(other,)), "CT-SUR-01")

    assert planned.alternative_on == on("2026-12-04")


def test_moment_without_instant_or_day_has_no_day(rulebook: Rulebook) -> None:
    with pytest.raises(ValueError, match=r"^A moment needs an instant or a day\.$"):
        Moment().day(rulebook.jurisdictions["us_ct"])


def test_nothing_is_missing_when_the_opening_is_known(rulebook: Rulebook) -> None:
    served = happened("contempt_motion_served", "2026-12-22T10:00:00-05:00")
    planned = deadline(order("restraining_order", events=[served]), rulebook, "CT-CTM-01")

    assert planned.opens == Moment(at=at("2026-12-23T10:00:00-05:00"))
    assert planned.missing == ()


@pytest.mark.parametrize(
    ("rule", "more", "source"),
    [
        ("CT-ORD-01", {}, "issued"),
        ("CT-EXT-01", {}, "computed"),
        ("CT-EXT-01", {"expires_on": on("2027-06-14")}, "printed"),
    ],
)
def test_start_that_the_order_itself_gives_has_its_source(
    rulebook: Rulebook, rule: str, more: dict[str, Any], source: str
) -> None:
    start = deadline(order("restraining_order", **more), rulebook, rule).start

    assert start is not None
    assert start.source == source


def test_nothing_counts_from_the_end_of_an_order_without_end(rulebook: Rulebook) -> None:
    foreign = Binding(kind=Kind.FOREIGN_ORDER)
    rule = replace(rulebook.by_id["CT-EXT-01"], binds=(foreign,))
    book = replace(rulebook, rules=(rule,))

    assert deadlines(order(Kind.FOREIGN_ORDER), book, "CT-EXT-01") == []
    assert deadline(order(Kind.FOREIGN_ORDER, expires_on=on("2027-12-04")), book, "CT-EXT-01").due
