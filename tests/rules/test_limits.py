"""Dates beyond the rules: late hearings, hearings on closed days, last days that are too late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orders.rules.limits import OPEN_DAYS, Beyond, Limit, beyond
from orders.rules.model import Offset, cite
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Unit
from tests.rules.orders import happened, on, order

LATE, CLOSED, LAST_DAY = Limit.HEARING_LATE, Limit.HEARING_CLOSED, Limit.LAST_DAY_LATE


def set_for(day: str, purpose: str = "application", **more: Any) -> Any:
    return happened("hearing_scheduled", day, purpose=purpose, **more)


def short(found: list[Beyond]) -> list[tuple[Limit, str, str]]:
    return [(one.limit, one.day.isoformat(), one.right.isoformat()) for one in found]


def cites(text: str, law: str, rulebook: Rulebook) -> bool:
    """True if the text quotes the rule or entry by its title before its statute, and not by its code."""
    titles = [one.title for one in rulebook.rules if one.id == law]
    titles += [one.title for one in rulebook.entries if one.id == law]
    return law not in text and any(f"{title} (" in text for title in titles)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # Seven days with firearms, fourteen without.
        ({"firearms_indicated": True, "events": [set_for("2026-12-11")]}, []),
        (
            {"firearms_indicated": True, "events": [set_for("2026-12-14")]},
            [(LATE, "2026-12-14", "2026-12-11")],
        ),
        ({"events": [set_for("2026-12-18")]}, []),
        ({"events": [set_for("2026-12-21")]}, [(LATE, "2026-12-21", "2026-12-18")]),
        # Day fourteen is a holiday: the last open day before it.
        (
            {"issued": "2026-12-11", "events": [set_for("2026-12-28")]},
            [(LATE, "2026-12-28", "2026-12-24")],
        ),
        # An earlier hearing was in time, or was set in time and continued.
        ({"events": [set_for("2026-12-10"), set_for("2026-12-21")]}, []),
        ({"events": [happened("hearing_continued", "2026-12-10"), set_for("2026-12-21")]}, []),
        (
            {"events": [happened("hearing_continued", "2026-12-21"), set_for("2026-12-22")]},
            [(LATE, "2026-12-22", "2026-12-18")],
        ),
        # Held late.
        (
            {"events": [set_for("2026-12-21"), happened("heard", "2026-12-21", purpose="application")]},
            [(LATE, "2026-12-21", "2026-12-18")],
        ),
        # Another purpose has no limit.
        ({"events": [set_for("2027-02-01", "contempt")]}, []),
    ],
)
def test_a_late_hearing(facts: dict[str, Any], expected: Any, rulebook: Rulebook) -> None:
    found = beyond(order(**facts), rulebook)

    assert short(found) == expected
    assert all(cites(one.law, one.law_id, rulebook) and "§" in one.law for one in found)


def test_a_hearing_continued_for_want_of_service_has_a_limit_too(rulebook: Rulebook) -> None:
    facts = order(
        events=[
            happened("service_failed", "2026-12-08T09:00:00-05:00"),
            happened("hearing_continued", "2026-12-14"),
            set_for("2026-12-30"),
        ]
    )

    assert [(one.law_id, one.right) for one in beyond(facts, rulebook)] == [("CT-CON-02", on("2026-12-28"))]


@pytest.mark.parametrize(
    ("day", "purpose", "right", "closed"),
    [
        ("2026-12-06", "compliance", "2026-12-07", "Sunday"),
        ("2026-12-05", "application", "2026-12-07", "Saturday"),
        ("2026-12-25", "contempt", "2026-12-28", "Christmas"),
    ],
)
def test_a_hearing_on_a_closed_day(
    day: str, purpose: str, right: str, closed: str, rulebook: Rulebook
) -> None:
    (found,) = beyond(order(events=[set_for(day, purpose, key="h")]), rulebook)

    assert short([found]) == [(CLOSED, day, right)]
    assert closed in found.closed
    assert (found.key, found.purpose) == ("h", purpose)
    assert found.law_id == ("CT-HRG-CLOSED" if purpose == "application" else OPEN_DAYS["us_ct"])
    assert cites(found.law, found.law_id, rulebook)


def test_a_state_without_an_entry_on_open_days_gives_the_reason_only(rulebook: Rulebook) -> None:
    facts = order("final_erpo", jurisdiction="us_wa", events=[set_for("2026-12-06", "compliance")])

    (found,) = beyond(facts, rulebook)

    assert (found.law, found.law_id, found.closed) == ("", "", "Sunday")


@pytest.mark.parametrize(
    ("kind", "expires", "expected"),
    [
        ("restraining_order", "2027-12-04", []),
        ("restraining_order", "2027-12-05", [(LAST_DAY, "2027-12-05", "2027-12-04")]),
        ("restraining_order", None, []),
        ("family_violence_protective_order", "2036-12-04", []),
    ],
)
def test_a_last_day_later_than_the_first_grant_allows(
    kind: str, expires: str | None, expected: Any, rulebook: Rulebook
) -> None:
    facts = order(kind, expires_on=on(expires) if expires else None)

    assert short(beyond(facts, rulebook)) == expected


def test_an_order_until_the_hearing_ends_with_it_even_if_extended(rulebook: Rulebook) -> None:
    facts = order(expires_on=on("2026-12-20"), events=[set_for("2026-12-16")])

    for extended_from in (None, on("2026-12-16")):
        (found,) = beyond(facts, rulebook, extended_from=extended_from)
        assert (found.law_id, short([found])) == ("CT-EXP-04", [(LAST_DAY, "2026-12-20", "2026-12-16")])


def test_an_extension_has_the_limit_of_extensions(rulebook: Rulebook) -> None:
    facts = order("restraining_order", expires_on=on("2028-12-05"))
    rule = rulebook.by_id["CT-ORD-01"]
    year = Offset(amount=1, unit=Unit.YEARS)
    bound = replace(
        rulebook, rules=(replace(rule, values=tuple(replace(one, extends=year) for one in rule.values)),)
    )

    assert beyond(facts, rulebook, extended_from=on("2027-12-04")) == []
    assert short(beyond(facts, bound, extended_from=on("2027-12-04"))) == [
        (LAST_DAY, "2028-12-05", "2028-12-04")
    ]
    assert beyond(facts, bound, extended_from=on("2027-12-05")) == []


@pytest.mark.parametrize(
    ("kind", "served", "more", "expected"),
    [
        ("restraining_order", "2027-12-04", {}, []),
        ("restraining_order", "2027-12-05", {}, [("2027-12-05", "2027-12-04")]),
        # A printed last day is certain: there, later service is refused.
        ("restraining_order", "2027-12-05", {"expires_on": on("2027-12-01")}, []),
        ("family_violence_protective_order", "2036-12-05", {}, []),
        ("ex_parte_restraining_order", "2026-12-05", {}, []),
    ],
)
def test_service_after_the_computed_last_day(
    kind: str, served: str, more: dict[str, Any], expected: Any, rulebook: Rulebook
) -> None:
    facts = order(kind, events=[happened("served", f"{served}T12:00:00-05:00")], **more)

    found = [one for one in beyond(facts, rulebook) if one.limit is Limit.SERVED_LATE]

    assert [(one.day.isoformat(), one.right.isoformat()) for one in found] == expected


@pytest.mark.parametrize("state", ["us_fl", "us_de", "us_wa"])
def test_states_that_limit_an_extension_to_a_year(state: str, rulebook: Rulebook) -> None:
    late = order("final_erpo", jurisdiction=state, expires_on=on("2028-12-05"))

    assert short(beyond(late, rulebook, extended_from=on("2027-12-04"))) == [
        (LAST_DAY, "2028-12-05", "2028-12-04")
    ]
    assert beyond(late, rulebook, extended_from=on("2027-12-05")) == []


@pytest.mark.parametrize("state", OPEN_DAYS)
def test_the_entries_on_open_days_exist(state: str, rulebook: Rulebook) -> None:
    assert [one.jurisdiction for one in rulebook.entries if one.id == OPEN_DAYS[state]] == [state]


def test_last_day_of_a_year_from_february_29_has_both_readings(rulebook: Rulebook) -> None:
    for printed, late in (("2025-03-01", []), ("2025-03-02", [(LAST_DAY, "2025-03-02", "2025-03-01")])):
        facts = order("restraining_order", "2024-02-29", expires_on=on(printed))
        assert short(beyond(facts, rulebook)) == late


def test_hearing_that_is_to_be_continued_is_not_late(rulebook: Rulebook) -> None:
    events = [
        happened("hearing_scheduled", "2026-12-11"),
        happened("ex_parte_extension_requested", "2026-12-10"),
    ]

    assert beyond(order(events=events), rulebook) == []


def test_window_without_an_end_sets_no_last_day(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-ORD-01"]
    day, open_ended = Offset(amount=1, unit=Unit.CALENDAR_DAYS), Offset(amount=0, unit=Unit.INDEFINITE)
    values = tuple(replace(one, opens=day, due=open_ended) for one in rule.values)
    facts = order("restraining_order", expires_on=on("2036-12-04"))

    assert beyond(facts, replace(rulebook, rules=(replace(rule, values=values),))) == []


@pytest.mark.parametrize(
    ("order_of", "more", "right", "laws"),
    [
        # An ex parte order lasts until its hearing. Before that is set: the last day for it.
        (("us_ct", "ex_parte_restraining_order"), {}, "2026-12-18", ("CT-EXP-04", "CT-HRG-14")),
        (
            ("us_ct", "ex_parte_restraining_order"),
            {"firearms_indicated": True},
            "2026-12-11",
            ("CT-EXP-04", "CT-HRG-07"),
        ),
        # After a continuance for want of service, the later limit.
        (
            ("us_ct", "ex_parte_restraining_order"),
            {"events": [happened("hearing_continued", "2026-12-14", purpose="application")]},
            "2026-12-28",
            ("CT-EXP-04", "CT-CON-02"),
        ),
        # A temporary order of another state.
        (("us_fl", "temporary_erpo"), {}, "2026-12-18", ("FL-TMP",)),
        (("us_ca", "temporary_erpo"), {}, "2026-12-25", ("CA-TMP",)),
        (("us_md", "interim_erpo"), {}, "2026-12-08", ("MD-INT",)),
        # Maryland allows six months from issue.
        (("us_md", "temporary_erpo"), {}, "2027-06-04", ("MD-TMP", "MD-TMP-MAX")),
        # Six months at a time.
        (("us_vt", "final_erpo"), {}, "2027-12-04", ("VT-FIN",)),
    ],
)
def test_an_extension_beyond_the_law_of_its_kind(
    order_of: tuple[str, str], more: dict[str, Any], right: str, laws: tuple[str, ...], rulebook: Rulebook
) -> None:
    jurisdiction, kind = order_of
    facts = order(kind, jurisdiction=jurisdiction, expires_on=on("2028-11-03"), **more)
    base = on("2027-06-04") if kind == "final_erpo" else on("2026-12-04")

    (found,) = beyond(facts, rulebook, extended_from=base)

    assert short([found]) == [(LAST_DAY, "2028-11-03", right)]
    assert found.law_id == laws[0]
    assert all(cites(found.law, law, rulebook) for law in laws)
    rules = [rulebook.by_id[law] for law in laws]
    assert found.law == " ".join(cite(one, one.values[-1].sources) for one in rules)
    within = replace(facts, expires_on=on(right))
    assert beyond(within, rulebook, extended_from=base) == []


def test_at_entry_the_hearing_of_an_ex_parte_order_may_follow(rulebook: Rulebook) -> None:
    assert beyond(order(expires_on=on("2027-12-04")), rulebook) == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("restraining_order", {}),
        # The end of support is not that of the order.
        ("restraining_order", {"financial_support": True}),
        ("civil_protection_order", {}),
    ],
)
def test_an_extension_of_an_order_after_hearing_has_no_limit_in_connecticut(
    kind: str, more: dict[str, Any], rulebook: Rulebook
) -> None:
    facts = order(kind, expires_on=on("2029-12-04"), **more)

    assert beyond(facts, rulebook, extended_from=on("2027-12-04")) == []


# Late in the evening of the Pacific coast the next day has begun everywhere else.
@pytest.mark.parametrize(
    ("event", "when", "expected"),
    [
        ("hearing_scheduled", "2026-12-24T22:30:00-08:00", []),
        ("hearing_scheduled", "2026-12-25T22:30:00-08:00", [(CLOSED, "2026-12-25", "2026-12-28")]),
        ("hearing_scheduled", "2026-12-28T22:30:00-08:00", [(LATE, "2026-12-28", "2026-12-24")]),
        ("served", "2026-12-25T22:30:00-08:00", []),
        ("served", "2026-12-26T22:30:00-08:00", [(Limit.SERVED_LATE, "2026-12-26", "2026-12-25")]),
    ],
)
def test_days_are_those_of_the_state(event: str, when: str, expected: Any, rulebook: Rulebook) -> None:
    purpose = "application" if event == "hearing_scheduled" else ""
    facts = order(
        "temporary_erpo", jurisdiction="us_ca", events=[happened(event, when, purpose=purpose, key="k")]
    )

    found = beyond(facts, rulebook)

    assert short(found) == expected
    for one in found:
        is_hearing = one.limit in (LATE, CLOSED)
        assert (one.purpose, one.key) == ((purpose, "k") if is_hearing else ("", ""))
        if one.limit is not CLOSED:
            assert one.law_id == ("CA-HRG" if is_hearing else "CA-TMP")
            assert cites(one.law, one.law_id, rulebook)


def test_a_hearing_continued_on_the_last_day_was_in_time(rulebook: Rulebook) -> None:
    continued = happened("hearing_continued", "2026-12-18", purpose="application")
    other = happened("hearing_continued", "2026-12-18", purpose="contempt")

    assert beyond(order(events=[continued, set_for("2026-12-22")]), rulebook) == []
    assert short(beyond(order(events=[other, set_for("2026-12-22")]), rulebook)) == [
        (LATE, "2026-12-22", "2026-12-18")
    ]
