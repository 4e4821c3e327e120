"""Court rule settings: a rule on or off, the time if the law leaves it to the court, the reminders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orders.rules.model import CheckpointRule, Offset, Rule, Value
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import UNITS_WITHOUT_AMOUNT, Purpose, Unit


class AdjustmentError(ValueError):
    """A setting that the rule does not leave to a court; `field` names the part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, kw_only=True, slots=True)
class Adjustment:
    """A court's setting for a rule.

    `due` is the time if the law leaves it to the court: that of the opening if the court sets that.
    `reminders` replace the rule's own and count from the due moment; None keeps the rule's own.
    """

    rule_id: str
    is_on: bool = True
    due: Offset | None = None
    reminders: tuple[Offset, ...] | None = None

    def check(self, rulebook: Rulebook) -> None:
        """Raise `AdjustmentError` unless the rule exists and leaves this to a court."""
        rule = rulebook.by_id.get(self.rule_id)
        if rule is None:
            raise AdjustmentError(
                "rule_id", f"“{self.rule_id}” is not a rule. `manage.py rules list` lists them."
            )
        if self.due is not None and not leaves_time_to_court(rule):
            raise AdjustmentError(
                "due", f"The law sets the time of {rule.id}. A court can only turn the rule off."
            )
        if self.due is not None and (self.due.unit in UNITS_WITHOUT_AMOUNT or self.due.amount <= 0):
            raise AdjustmentError("due", "Enter a number of hours, days or months above zero.")
        if self.due is not None and _is_after_due(rule, self.due):
            raise AdjustmentError(
                "due", f"{rule.id} would be due before it opens. Enter a time of no more than the law's."
            )
        if any(one.amount >= 0 or one.unit in UNITS_WITHOUT_AMOUNT for one in self.reminders or ()):
            raise AdjustmentError(
                "reminders", "A reminder comes before the deadline. Enter a negative number."
            )
        if len(set(self.reminders or ())) != len(self.reminders or ()):
            raise AdjustmentError("reminders", "The same reminder appears twice. Enter each one once.")


def leaves_time_to_court(rule: Rule) -> bool:
    """True if the rule's newest value is `as_ordered`, or if the court sets its opening."""
    return rule.court_sets_opening or rule.values[-1].due.unit is Unit.AS_ORDERED


def _is_after_due(rule: Rule, opens: Offset) -> bool:
    """True for an opening of a rule after its due moment, as far as their units can be compared."""
    due = rule.values[-1].due
    return rule.court_sets_opening and due.unit is opens.unit and opens.amount > due.amount


def adjusted(rulebook: Rulebook, adjustments: Iterable[Adjustment]) -> Rulebook:
    """Return the rulebook as a court with these settings applies it."""
    settings = {one.rule_id: one for one in adjustments}
    if not settings:
        return rulebook
    return replace(
        rulebook,
        rules=tuple(
            _adjusted(rule, settings[rule.id]) if rule.id in settings else rule
            for rule in rulebook.rules
            if rule.id not in settings or settings[rule.id].is_on
        ),
    )


def _adjusted(rule: Rule, setting: Adjustment) -> Rule:
    if setting.due is not None:
        rule = replace(rule, values=tuple(_set_time(rule, one, setting.due) for one in rule.values))
    if setting.reminders is not None:
        kept = tuple(one for one in rule.checkpoints if one.purpose is not Purpose.REMIND)
        audience = rule.checkpoints[0].audience if rule.checkpoints else ("court",)
        rule = replace(rule, checkpoints=kept + _reminders(setting.reminders, audience))
    return rule


def _set_time(rule: Rule, value: Value, time: Offset) -> Value:
    """Return the value with the court's time; without an opening it keeps its own."""
    if not rule.court_sets_opening:
        return replace(value, due=time)
    return replace(value, opens=time) if value.opens else value


#: The units in the name of a checkpoint.
_ABBREVIATIONS = {
    Unit.ELAPSED_HOURS: "h",
    Unit.CALENDAR_DAYS: "d",
    Unit.COURT_DAYS: "cd",
    Unit.BUSINESS_DAYS: "bd",
    Unit.MONTHS: "m",
    Unit.YEARS: "y",
}


def _reminders(offsets: tuple[Offset, ...], audience: tuple[str, ...]) -> tuple[CheckpointRule, ...]:
    return tuple(
        CheckpointRule(
            name=f"remind{offset.amount}{_ABBREVIATIONS[offset.unit]}",
            purpose=Purpose.REMIND,
            offset=offset,
            audience=audience,
        )
        for offset in offsets
    )
