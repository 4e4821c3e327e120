"""The comparison of states: equal for equal facts, and for no others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from accounts.dates import COURT_TIME
from orders.rules.facts import DutyProof, Event, Facts, Kind
from tests.orders.corrections.fixtures import difference, without_keys

#: The same wall time is another instant in court time.
AT = datetime(2026, 12, 4, 13, 0, tzinfo=COURT_TIME)
FIRST = Event(kind="surrendered", at=datetime(2026, 12, 4, 17, 10, tzinfo=UTC), key="1")
WHOLE = Event(
    kind="surrendered",
    at=AT.astimezone(UTC),
    key="2",
    complete=True,
    proof=DutyProof.PROVEN,
)
IN_COURT_TIME = replace(WHOLE, at=AT, key="3")


def differ(*events: Event) -> bool:
    """True if facts with these events differ from facts with the first and the whole receipt."""
    facts = Facts(
        jurisdiction="us_ct", kind=Kind.RISK_PROTECTION_ORDER, issued_on=date(2026, 12, 2), events=events
    )
    same = replace(facts, events=(FIRST, WHOLE))
    return bool(difference((Counter(), [without_keys(facts)]), (Counter(), [without_keys(same)])))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((WHOLE, FIRST), id="in another order"),
        pytest.param((IN_COURT_TIME, FIRST), id="in court time"),
    ],
)
def test_equal_facts_do_not_differ(events: tuple[Event, ...]) -> None:
    assert not differ(*events)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param((FIRST, replace(IN_COURT_TIME, complete=False, proof=None)), id="not complete"),
        pytest.param((replace(FIRST, complete=True), WHOLE), id="complete too early"),
        pytest.param((FIRST, replace(WHOLE, at=AT.replace(tzinfo=UTC))), id="another instant"),
        pytest.param((WHOLE,), id="one missing"),
        pytest.param((FIRST, WHOLE, IN_COURT_TIME), id="one twice"),
    ],
)
def test_other_facts_differ(events: tuple[Event, ...]) -> None:
    assert differ(*events)
