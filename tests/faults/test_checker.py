"""The checker finds each kind of fault, and no fault in a clean run."""

from __future__ import annotations

import pytest

from tests.faults.checker import CLEAN, Verdict, judge

DUE = {"a": 100.0, "b": 200.0}


def test_each_once_and_in_time_is_clean() -> None:
    assert judge(DUE, [("b", 204.0), ("a", 100.0), ("other", 1.0)], within=5) == CLEAN


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        ([("a", 101.0)], Verdict(lost={"b"})),
        ([("a", 101.0), ("b", 201.0), ("a", 300.0)], Verdict(doubled={"a": 2})),
        ([("a", 99.0), ("b", 201.0)], Verdict(early={"a"})),
        ([("a", 101.0), ("b", 206.0)], Verdict(late={"b": 6.0})),
        ([("a", 101.0), ("b", 201.0), ("c", 1.0)], Verdict(strange={"c"})),
        ([], Verdict(lost={"a", "b"})),
    ],
    ids=["lost", "doubled", "early", "late", "strange", "nothing"],
)
def test_what_is_wrong_is_found(runs: list[tuple[str, float]], found: Verdict) -> None:
    assert judge(DUE, runs, within=5, strangers=True) == found
