"""A court's setting for a rule, as a clerk types it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from typing_extensions import override

from accounts.models import Agency
from orders.display import rule_words
from orders.errors import InvalidFact
from orders.forms.base import CHOOSE, FactsForm
from orders.rules.adjust import leaves_time_to_court
from orders.rules.model import Offset
from orders.rules.vocabulary import UNITS_WITHOUT_AMOUNT, Unit
from orders.services.planning.rulebooks import bundled

#: Larger numbers are typing errors, and dates would leave the calendar.
MOST = 999
#: Units that can be counted.
UNITS = [unit for unit in Unit if unit not in UNITS_WITHOUT_AMOUNT]
_UNIT_NAMES = ", ".join(unit.value.replace("_", " ") for unit in UNITS)

_OFFSET = re.compile(r"(?P<amount>[+-]?\d{1,3})\s+(?P<unit>[a-z]+(?:[ _][a-z]+)*)", re.IGNORECASE)
_NONE = "none"


class RemindersField(forms.CharField):
    """Reminders such as “-3 calendar days, -1 calendar days”; None if nothing is typed."""

    @override
    def clean(self, value: Any) -> Any:
        """Return the offsets; an empty list for the word “none”."""
        typed = super().clean(value).strip()
        if not typed:
            return None
        if typed.casefold() == _NONE:
            return []
        return [_offset(part) for part in typed.split(",") if part.strip()]


def _offset(typed: str) -> Offset:
    found = _OFFSET.fullmatch(typed.strip())
    unit = found["unit"].lower().replace(" ", "_") if found else ""
    if found is None or unit not in UNITS:
        raise ValidationError(
            f"“{typed.strip()}” is not a reminder. Write a negative number and one of {_UNIT_NAMES}, such as "
            "-3 calendar days."
        )
    return Offset(amount=int(found["amount"]), unit=Unit(unit))


def rule_choices(states: Collection[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rules of the states. Rules whose time the court sets come before those of the law."""
    book = bundled()
    groups: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for rule in sorted(book.rules, key=lambda one: one.id):
        if rule.jurisdiction in states:
            group = (book.jurisdictions[rule.jurisdiction].name, not leaves_time_to_court(rule))
            groups.setdefault(group, []).append((rule.id, rule_words(rule.id)))
    return [
        (f"{state}: the {'law' if by_law else 'court'} sets the time", choices)
        for (state, by_law), choices in sorted(groups.items())
    ]


class CourtRuleForm(FactsForm):
    """One court's setting for one rule."""

    court = forms.ModelChoiceField(Agency.objects.none())
    rule_id = forms.ChoiceField(
        label="Rule",
        help_text="This setting replaces the court's earlier setting for the rule completely.",
    )
    is_on = forms.TypedChoiceField(
        label="In this court the rule",
        choices=[("on", "applies"), ("off", "does not apply")],
        coerce=lambda chosen: chosen == "on",
        initial="on",
        widget=forms.RadioSelect,
    )
    due_amount = forms.IntegerField(
        min_value=1,
        max_value=MOST,
        required=False,
        label="Time",
        help_text="How many. Only for a rule whose time the court sets; otherwise leave it empty.",
    )
    due_unit = forms.ChoiceField(
        choices=[CHOOSE, *((one.value, one.value.replace("_", " ")) for one in UNITS)],
        required=False,
        label="Unit",
    )
    reminders = RemindersField(
        max_length=200,
        required=False,
        help_text=(
            "Each before the deadline, such as -3 calendar days, -1 calendar days. Leave it empty for the "
            "rule's own reminders; “none” sends no reminder."
        ),
    )
    reason = forms.CharField(max_length=500, help_text="Why the court decided this.")

    def __init__(self, *args: Any, courts: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_rows("court", courts, chooses_only=True)
        self.offer_choices("rule_id", [CHOOSE, *rule_choices({one.jurisdiction for one in courts})])

    @override
    def clean(self) -> dict[str, Any]:
        """Reject an amount without its unit, and a unit without its amount."""
        amount, unit = self.cleaned_data.get("due_amount"), self.cleaned_data.get("due_unit")
        if amount is not None and not unit and "due_unit" not in self.errors:
            self.add_error("due_unit", "Choose the unit.")
        if unit and amount is None and "due_amount" not in self.errors:
            self.add_error("due_amount", "Give the number.")
        return self.cleaned_data

    @override
    def refuse(self, refusal: InvalidFact) -> None:
        """Show a refused time beside its number."""
        if refusal.field == "due":
            self.add_error("due_amount", refusal.message)
        else:
            super().refuse(refusal)

    def decision(self) -> dict[str, Any]:
        """Return the service's keywords. The form must be valid."""
        facts = dict(self.cleaned_data)
        amount, unit = facts.pop("due_amount"), facts.pop("due_unit")
        return {**facts, "due": None if amount is None else Offset(amount=amount, unit=Unit(unit))}
