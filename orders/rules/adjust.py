"""What a court decides about rules: on or off, the time where the law leaves it to the court, reminders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orders.rules.rulebook import WITHOUT_AMOUNT, Checkpoint, Offset, Purpose, Rule, Rulebook, Unit


class AdjustmentError(ValueError):
    """A decision that the rule does not leave to a court; `field` says which part of it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """One court's standing decision about one rule.

    `due` is the time where the law leaves it to the court. `reminders` replace the rule's own, each counted
    from the due moment; None keeps them.
    """

    rule_id: str
    is_on: bool = True
    due: Offset | None = None
    reminders: tuple[Offset, ...] | None = None

    def check(self, rulebook: Rulebook) -> None:
        """Raises `AdjustmentError` unless the rule is known and leaves this to a court."""
        rule = rulebook.by_id.get(self.rule_id)
        if rule is None:
            raise AdjustmentError("rule_id", f"“{self.rule_id}” is no rule; `rules list` names them all.")
        if self.due is not None and not leaves_time_to_court(rule):
            raise AdjustmentError(
                "due", f"The time of {rule.id} is the law's; a court can only switch it off."
            )
        if self.due is not None and (self.due.unit in WITHOUT_AMOUNT or self.due.amount <= 0):
            raise AdjustmentError("due", "Give a number of hours, days or months.")
        if any(one.amount >= 0 or one.unit in WITHOUT_AMOUNT for one in self.reminders or ()):
            raise AdjustmentError(
                "reminders", "A reminder comes before the deadline; give a negative number."
            )
        if len(set(self.reminders or ())) != len(self.reminders or ()):
            raise AdjustmentError("reminders", "A reminder stands twice; name each once.")


def leaves_time_to_court(rule: Rule) -> bool:
    """True where the newest value of the rule is “as ordered”."""
    return rule.values[-1].due.unit is Unit.AS_ORDERED


def adjusted(rulebook: Rulebook, adjustments: Iterable[Adjustment]) -> Rulebook:
    """The rulebook as a court with these decisions applies it."""
    decided = {one.rule_id: one for one in adjustments}
    if not decided:
        return rulebook
    return replace(
        rulebook,
        rules=tuple(
            _adjusted(rule, decided[rule.id]) if rule.id in decided else rule
            for rule in rulebook.rules
            if rule.id not in decided or decided[rule.id].is_on
        ),
    )


def _adjusted(rule: Rule, decision: Adjustment) -> Rule:
    if decision.due is not None:
        rule = replace(rule, values=tuple(replace(value, due=decision.due) for value in rule.values))
    if decision.reminders is not None:
        kept = tuple(one for one in rule.checkpoints if one.purpose is not Purpose.REMIND)
        audience = rule.checkpoints[0].audience if rule.checkpoints else ("court",)
        rule = replace(rule, checkpoints=kept + _reminders(decision.reminders, audience))
    return rule


#: The units in a checkpoint's name.
_SHORT = {
    Unit.ELAPSED_HOURS: "h",
    Unit.CALENDAR_DAYS: "d",
    Unit.COURT_DAYS: "cd",
    Unit.BUSINESS_DAYS: "bd",
    Unit.MONTHS: "m",
    Unit.YEARS: "y",
}


def _reminders(offsets: tuple[Offset, ...], audience: tuple[str, ...]) -> tuple[Checkpoint, ...]:
    return tuple(
        Checkpoint(
            name=f"remind{offset.amount}{_SHORT[offset.unit]}",
            purpose=Purpose.REMIND,
            offset=offset,
            audience=audience,
        )
        for offset in offsets
    )
