"""What a court decides about a rule, as a clerk types it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from typing_extensions import override

from accounts.models import Agency
from orders.forms.entry import FactsForm
from orders.rules.adjust import leaves_time_to_court
from orders.rules.rulebook import WITHOUT_AMOUNT, Offset, Unit
from orders.services.calendar import bundled

#: The state whose rules are offered first.
HERE = "us_ct"
#: Larger numbers are slips of the keyboard, and lead out of the calendar.
MOST = 999
#: Units that can be counted.
UNITS = [unit for unit in Unit if unit not in WITHOUT_AMOUNT]

_OFFSET = re.compile(r"(?P<amount>[+-]?\d{1,3})\s+(?P<unit>[a-z]+(?:[ _][a-z]+)*)", re.IGNORECASE)
_NONE = "none"


class RemindersField(forms.CharField):
    """Reminders such as “-3 calendar_days, -1 calendar_days”; None where nothing is typed."""

    @override
    def clean(self, value: Any) -> Any:
        """The offsets, none of them for the word “none”."""
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
            f"“{typed.strip()}” is no reminder. Write a negative number and one of {', '.join(UNITS)}, "
            "such as -3 calendar_days."
        )
    return Offset(amount=int(found["amount"]), unit=Unit(unit))


def rule_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every rule by state, parted by who sets its time; those whose time is the court's come first."""
    book = bundled()
    groups: dict[tuple[bool, str, bool], list[tuple[str, str]]] = {}
    for rule in sorted(book.rules, key=lambda one: one.id):
        state = book.jurisdictions[rule.jurisdiction].name
        group = (rule.jurisdiction != HERE, state, not leaves_time_to_court(rule))
        groups.setdefault(group, []).append((rule.id, f"{rule.id}: {rule.title.rstrip('.')}"))
    return [
        (f"{state}: the {'law' if by_law else 'court'} sets the time", choices)
        for (_, state, by_law), choices in sorted(groups.items())
    ]


class CourtRuleForm(FactsForm):
    """One decision of one court about one rule."""

    stands_in = {"due": "due_amount"}

    court = forms.ModelChoiceField(Agency.objects.none())
    rule_id = forms.ChoiceField(
        label="Rule",
        help_text="This decision takes the place of the court's earlier one about the rule, whole.",
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
        help_text="How many. Only for a rule whose time the court sets; empty otherwise.",
    )
    due_unit = forms.ChoiceField(
        choices=[("", "---------"), *((one.value, one.value.replace("_", " ")) for one in UNITS)],
        required=False,
        label="Unit",
    )
    reminders = RemindersField(
        max_length=200,
        required=False,
        help_text=(
            "Each before the deadline, such as -3 calendar_days, -1 calendar_days. Empty keeps the rule's "
            "own; “none” sends no reminder."
        ),
    )
    reason = forms.CharField(max_length=500, help_text="Why the court decides so.")

    def __init__(self, *args: Any, courts: QuerySet[Agency], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        court, rule = self.fields["court"], self.fields["rule_id"]
        assert isinstance(court, forms.ModelChoiceField)  # noqa: S101 - narrows
        assert isinstance(rule, forms.ChoiceField)  # noqa: S101 - narrows
        court.queryset = courts
        only = list(courts[:2])
        if len(only) == 1:
            court.initial = only[0]
        rule.choices = [("", "---------"), *rule_choices()]

    @override
    def clean(self) -> dict[str, Any]:
        """Refuses half a time."""
        amount, unit = self.cleaned_data.get("due_amount"), self.cleaned_data.get("due_unit")
        if amount is not None and not unit and "due_unit" not in self.errors:
            self.add_error("due_unit", "Say what is counted.")
        if unit and amount is None and "due_amount" not in self.errors:
            self.add_error("due_amount", "Say how many.")
        return self.cleaned_data

    def decision(self) -> dict[str, Any]:
        """What the service is told. Asked for once the form is valid."""
        facts = dict(self.cleaned_data)
        amount, unit = facts.pop("due_amount"), facts.pop("due_unit")
        return {**facts, "due": None if amount is None else Offset(amount=amount, unit=Unit(unit))}
