"""What is announced for which facts, and when: the planner alone, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.rules.announcements import announce, is_first, waiting_from
from orders.rules.facts import Event, Facts
from orders.rules.planned import PlannedCheckpoint
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Purpose
from tests.rules.orders import at, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
GUNS: dict[str, Any] = {"firearms_indicated": True}


def found(facts: Facts, rulebook: Rulebook) -> dict[str, set[str]]:
    """The names of the checkpoints by announcement."""
    return {one.rule.id: {check.name for check in one.checkpoints} for one in announce(facts, rulebook)}


@pytest.mark.parametrize(
    ("facts", "announcement", "names"),
    [
        (order(**GUNS), "ANN-EX-PARTE", {"police"}),
        (order(), "ANN-EX-PARTE", None),
        (order(**GUNS, events=[SERVED]), "ANN-EX-PARTE", None),
        (order(events=[SERVED]), "ANN-SERVED", {"protected"}),
        (order(**GUNS, events=[SERVED]), "ANN-SERVED", {"police", "protected"}),
        (order(**GUNS, events=[SERVED, happened("vacated", "2026-12-05")]), "ANN-SERVED", None),
        (
            order(events=[happened("vacated", "2026-12-05")]),
            "ANN-VACATED",
            {"police", "marshal", "protected", "school"},
        ),
        (
            order("foreign_order", expires_on=at("2027-01-04T12:00:00-05:00").date()),
            "ANN-EXPIRY-FOR",
            {"remind-30d", "ended"},
        ),
        (order("foreign_order"), "ANN-EXPIRY-FOR", None),
        (order("final_erpo", jurisdiction="us_ca"), "ANN-EXPIRY", {"remind-30d", "remind-7d", "ended"}),
        (order("civil_protection_order"), "ANN-EXPIRY-CPO", {"remind-30d"}),
        (order(events=[happened("surrendered", "2026-12-05", complete=True)]), "ANN-VERIFIED", {"protected"}),
        (order(events=[happened("surrendered", "2026-12-05")]), "ANN-VERIFIED", None),
    ],
)
def test_facts_decide_what_is_announced(
    facts: Facts, announcement: str, names: set[str] | None, rulebook: Rulebook
) -> None:
    assert found(facts, rulebook).get(announcement) == names


def test_an_event_over_about_the_same_item_alone_ends_it(rulebook: Rulebook) -> None:
    hearings = [
        happened("hearing_scheduled", f"2026-12-{day}", key=key, purpose="extension")
        for day, key in ((14, "a"), (21, "b"))
    ]
    held = happened("heard", "2026-12-14", key="a", purpose="extension")

    days = [
        one.occurrence
        for one in announce(order("restraining_order", events=[*hearings, held]), rulebook)
        if one.rule.id == "ANN-DAY-EXT"
    ]

    assert days == ["b"]


def test_what_happened_is_news_for_a_week_and_what_is_set_until_its_day(rulebook: Rulebook) -> None:
    hearing = happened("hearing_scheduled", "2026-12-21", key="a")
    facts = order(**GUNS, events=[SERVED, hearing])

    until = {
        one.rule.id: {check.news_until for check in one.checkpoints} for one in announce(facts, rulebook)
    }

    midnight = at("2026-12-12T00:00:00-05:00")
    assert until["ANN-SERVED"] == {midnight}
    assert until["ANN-HEARING"] == {midnight + timedelta(days=10)}
    assert until["ANN-NO-RETURN"] == until["ANN-HEARING"], "what is missing counts until its day"


def test_who_must_act_on_what_was_entered_late_has_the_whole_time(rulebook: Rulebook) -> None:
    """From the entry on, if that is later; nothing else of the plan knows of the entry."""
    known = {
        "before": None,
        "at": "2026-12-04T16:00:00-05:00",
        "after": "2026-12-11T16:00:00-05:00",
    }
    found = {}
    for name, known_at in known.items():
        permit = replace(
            happened("permit_known", "2026-12-04T16:00:00-05:00"), known_at=at(known_at) if known_at else None
        )
        found[name] = {
            (one.rule.id, check.name): (check.fires_at, check.waits_from_entry)
            for one in announce(order(events=[permit]), rulebook)
            for check in one.checkpoints
            if one.rule.starts == "permit_known"
        }

    first, second, court = (
        ("ANN-PERMIT", "licensing"),
        ("ANN-PERMIT", "not-revoked"),
        ("ANN-PERMIT-WAIT", "court"),
    )
    assert (
        found["before"]
        == found["at"]
        == {
            first: (at("2026-12-04T16:00:00-05:00"), False),
            second: (at("2026-12-06T16:00:00-05:00"), False),
            court: (at("2026-12-07T09:00:00-05:00"), False),
        }
    )
    assert found["after"] == {
        first: (at("2026-12-04T16:00:00-05:00"), False),
        second: (at("2026-12-13T16:00:00-05:00"), True),
        court: (at("2026-12-14T09:00:00-05:00"), True),
    }


def test_a_second_notice_waits_from_the_instant_that_made_its_event_known(rulebook: Rulebook) -> None:
    permit = happened("permit_known", "2026-12-04T16:00:00-05:00")
    (planned,) = (one for one in announce(order(events=[permit]), rulebook) if one.rule.id == "ANN-PERMIT")
    instant = at("2026-12-11T16:00:00-05:00")

    assert waiting_from(planned, "licensing", instant) is None, "the first is due at once"
    assert waiting_from(planned, "not-revoked", instant) == at("2026-12-13T16:00:00-05:00")
    assert waiting_from(replace(planned, start=None), "not-revoked", instant) is None
    assert [is_first(planned, name) for name in ("licensing", "not-revoked")] == [True, False]


def test_a_second_notice_about_a_day_counts_from_its_entry_too(rulebook: Rulebook) -> None:
    """The entry is an instant: nothing of the day itself stays."""
    permit = replace(happened("permit_known", "2026-12-04"), known_at=at("2026-12-11T16:00:00-05:00"))

    found = {
        check.name: check.fires_at
        for one in announce(order(events=[permit]), rulebook)
        for check in one.checkpoints
        if one.rule.starts == "permit_known"
    }

    assert found == {
        "licensing": at("2026-12-04T00:00:00-05:00"),
        "not-revoked": at("2026-12-13T16:00:00-05:00"),
        "court": at("2026-12-14T09:00:00-05:00"),
    }


def test_a_notice_in_days_waits_at_its_time_of_day_and_one_about_the_end_does_not(rulebook: Rulebook) -> None:
    permit = happened("permit_known", "2026-12-04T16:00:00-05:00")
    ending = order("final_erpo", jurisdiction="us_ca", expires_on=on("2027-03-14"))
    instant = at("2026-12-11T16:00:00-05:00")
    planned = {
        one.rule.id: one for facts in (order(events=[permit]), ending) for one in announce(facts, rulebook)
    }

    assert waiting_from(planned["ANN-PERMIT-WAIT"], "court", instant) == at("2026-12-14T09:00:00-05:00")
    assert waiting_from(planned["ANN-EXPIRY"], "ended", instant) is None


def test_news_and_reminders_have_the_times_of_the_state(rulebook: Rulebook) -> None:
    """Days begin at midnight in California; the clocks change on the last day of the order."""
    hearing = happened("hearing_scheduled", "2026-12-21", key="a")
    facts = order(
        "final_erpo",
        jurisdiction="us_ca",
        expires_on=on("2027-03-14"),
        events=[happened("served", "2026-12-05"), hearing],
    )

    found = {
        (one.rule.id, check.name): check for one in announce(facts, rulebook) for check in one.checkpoints
    }

    informed: dict[str, Any] = {"purpose": Purpose.INFORM, "late": False}
    protected = ("advocate", "protected_person")
    for (id_, name), audience, fires, until in [
        (("ANN-SERVED", "protected"), protected, "2026-12-05T00:00:00-08:00", "2026-12-13T00:00:00-08:00"),
        (("ANN-HEARING", "protected"), protected, "2026-12-04T00:00:00-08:00", "2026-12-22T00:00:00-08:00"),
        (
            ("ANN-NO-RETURN", "court-2d"),
            ("court", "marshal"),
            "2026-12-17T09:00:00-08:00",
            "2026-12-22T00:00:00-08:00",
        ),
        (("ANN-DAY-APP", "passed"), ("court",), "2026-12-22T09:00:00-08:00", "2028-01-26T00:00:00-08:00"),
        (
            ("ANN-EXPIRY", "remind-7d"),
            ("court", *protected),
            "2027-03-07T09:00:00-08:00",
            "2027-03-15T00:00:00-07:00",
        ),
        (
            ("ANN-EXPIRY", "ended"),
            ("respondent_police", *protected),
            "2027-03-15T09:00:00-07:00",
            "2027-03-22T00:00:00-07:00",
        ),
    ]:
        assert found[id_, name] == PlannedCheckpoint(
            **informed,
            name=name,
            audience=audience,
            fires_at=at(fires),
            news_until=at(until) if until else None,
        )


def test_evening_is_part_of_the_day_in_the_state(rulebook: Rulebook) -> None:
    """Late in California, the next day has begun in Greenwich."""
    evening = "2026-12-21T22:30:00-08:00"
    hearing = happened("hearing_scheduled", evening, key="a")
    served = happened("served", evening)
    facts = order("final_erpo", jurisdiction="us_ca", events=[served, hearing])

    checks = {
        (one.rule.id, check.name): (check.fires_at, check.news_until)
        for one in announce(facts, rulebook)
        for check in one.checkpoints
    }

    assert checks["ANN-SERVED", "protected"] == (at(evening), at("2026-12-29T00:00:00-08:00"))
    assert checks["ANN-HEARING", "protected"][1] == at("2026-12-22T00:00:00-08:00")
    assert checks["ANN-DAY-APP", "passed"] == (
        at("2026-12-22T09:00:00-08:00"),
        at("2028-01-26T00:00:00-08:00"),
    )


def test_a_request_for_return_needs_an_answer_of_police(rulebook: Rulebook) -> None:
    facts = order("restraining_order", events=[happened("return_requested", "2026-12-09T10:00:00-05:00")])

    checks = {
        check.name: (check.fires_at, check.needs_answer)
        for one in announce(facts, rulebook)
        if one.rule.id == "ANN-RETURN"
        for check in one.checkpoints
    }

    assert checks["police"] == (at("2026-12-09T10:00:00-05:00"), True)


def test_the_people_concerned_hear_of_a_return_once_it_is_recorded(rulebook: Rulebook) -> None:
    asked = happened("return_requested", "2026-12-01T10:00:00-05:00", key="a")
    recorded = happened("return_recorded", "2026-12-09T10:00:00-05:00", key="a")
    facts = order("risk_protection_order", events=[asked, recorded])

    (one,) = (each for each in announce(facts, rulebook) if each.rule.id == "ANN-RETURN-RISK")

    assert [(check.name, check.fires_at) for check in one.checkpoints] == [
        ("protected", at("2026-12-09T10:00:00-05:00"))
    ]


def test_a_finding_of_contempt_is_not_announced_twice(rulebook: Rulebook) -> None:
    held = happened("heard", "2026-12-14", key="a", purpose="contempt")
    found = happened("contempt_found", "2026-12-14", key="a", purpose="contempt")

    def announced(*events: Event) -> set[str]:
        facts = order("restraining_order", events=list(events))
        return {one.rule.id for one in announce(facts, rulebook)} & {"ANN-CONTEMPT", "ANN-HELD-C"}

    assert announced(held) == {"ANN-HELD-C"}
    assert announced(held, found) == {"ANN-CONTEMPT"}
    assert announced(held, happened("contempt_found", "2026-12-14", key="b")) == {
        "ANN-CONTEMPT",
        "ANN-HELD-C",
    }


def test_announcements_are_found_by_id(rulebook: Rulebook) -> None:
    assert rulebook.announced["ANN-SERVED"].rule.starts == "served"
