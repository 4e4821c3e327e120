"""The words for the state of a deadline: what is set for a later day is not met yet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.display import clock_words, shown_state
from orders.models import Deadline, DeadlineState
from tests.make import NOW


@pytest.mark.parametrize(
    ("ahead", "in_time", "proof", "words"),
    [
        (1, True, "", "Set in time"),
        (1, False, "", "Set, but after it was due"),
        (0, True, "", "Met"),
        (-1, True, "", "Met"),
        (-1, True, "proven", "Proven"),
    ],
)
def test_what_is_set_for_a_later_day_is_not_met(ahead: int, in_time: bool, proof: str, words: str) -> None:
    deadline = Deadline(
        state=DeadlineState.MET,
        due_at=NOW + timedelta(days=3),
        met_at=NOW + timedelta(days=ahead),
        met_in_time=in_time,
        proof=proof,
    )

    assert str(shown_state(deadline, NOW).label) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (30, "under 1 min left"),
        (-30, "due just now"),
        (60, "1 min left"),
        (-61, "1 min late"),
        (-7200, "2 h late"),
    ],
)
def test_a_clock_never_counts_zero_minutes(seconds: int, words: str) -> None:
    deadline = Deadline(state=DeadlineState.OPEN, due_at=NOW + timedelta(seconds=seconds))

    assert clock_words(deadline, NOW) == words
