"""Who must act by which rules. Every list of duties asks here, so that all show the same ones.

`Rule.has_duty` decides what is a duty, as for the planner: an order that only ends asks nothing, and one
that ends at a hearing gives the duty to hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final

from orders.rules.model import Rule
from orders.services.planning.rulebooks import bundled

#: The actors of the law that are the court.
COURT: Final = ("court", "clerk")
#: Who asks or not, as they like: the court waits for nothing.
_APPLICANT = "applicant"


@cache
def rules_with_duty() -> Mapping[str, Rule]:
    """Return the rules by which someone must act, by id."""
    return {id_: rule for id_, rule in bundled().by_id.items() if rule.has_duty}


@cache
def duties_of(*actors: str) -> frozenset[str]:
    """Return the ids of the rules by which one of these must act, also only by some of their values."""
    return frozenset(
        id_
        for id_, rule in rules_with_duty().items()
        if rule.actor in actors or any(value.actor in actors for value in rule.values)
    )


def duties_of_court() -> frozenset[str]:
    """Return the ids of the rules by which the court itself must act."""
    return duties_of(*COURT)


@cache
def duties_for_court() -> frozenset[str]:
    """Return the ids of the rules whose duties concern the court: all but what only the applicant may do."""
    return frozenset(id_ for id_, rule in rules_with_duty().items() if rule.actor != _APPLICANT)


def who_must_act(rule_id: str, effective: date) -> str:
    """Return who must act by the value of a rule from the day `effective`; empty if there is no duty."""
    rule = rules_with_duty().get(rule_id)
    if rule is None:
        return ""
    return rule.under(rule.value_on(effective)).actor
