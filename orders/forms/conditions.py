"""Conditions that a judge sets, and notices that the law requires: forms and acts of the court's page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from typing_extensions import override

from orders.display import condition_words
from orders.forms.base import CHOOSE, Act, ActForm, Section
from orders.forms.fields import InstantField, LabeledChoiceField
from orders.models import Order, OrderCondition
from orders.services.conditions import conditions, notices
from orders.services.planning.lasting import lasting_conditions


def details_field() -> forms.CharField:
    """The judge's own words."""
    return forms.CharField(
        required=False,
        max_length=1_000,
        label="Words of the judge",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What the order states about it, such as a place or what to bring. Only the court sees it.",
    )


def for_police_field() -> forms.CharField:
    """What officers read."""
    return forms.CharField(
        required=False,
        max_length=300,
        label="Words for officers",
        help_text="What officers must know of it. Do not name the protected person or an address.",
    )


def condition_choices(order: Order) -> list[Any]:
    """Return what a judge may order, by whether a day or a time belongs to it."""
    dated = {name: rule.title for name, rule in conditions.available_conditions(order).items()}
    lasting = {name: one.title for name, one in lasting_conditions(order).items() if name not in dated}
    groups = [
        ("By a day or a time", [*dated.items()]),
        ("As long as the order lasts", [*lasting.items()]),
    ]
    return [group for group in groups if group[1]]


class ConditionForm(ActForm):
    """The judge set a condition of the order, due on a day or at a time."""

    takes_confirm = True

    condition = forms.ChoiceField()
    due_at = InstantField(
        label="Due", needs_time=False, required=False, help_text="Empty if it lasts as long as the order."
    )
    details = details_field()
    for_police = for_police_field()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the conditions that a judge may set in such an order."""
        self.offer_choices("condition", [CHOOSE, *condition_choices(order)])


class SatisfyConditionForm(ActForm):
    """The respondent did what the judge ordered."""

    takes_confirm = True
    target_field = "condition"

    condition = LabeledChoiceField(condition_words, OrderCondition.objects.none())
    satisfied_at = InstantField(label="Satisfied", needs_time=False)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the conditions with a day that are not satisfied yet."""
        rows = OrderCondition.objects.in_force(order).filter(due_on__isnull=False).select_related("order")
        self.offer_rows("condition", rows)


class NoticeSentForm(ActForm):
    """A document or notice that the law requires was sent."""

    takes_confirm = True

    entry = forms.ChoiceField(label="What was sent")
    sent_at = InstantField(label="Sent", needs_time=False)

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer what the law requires to be sent, what was not sent yet first."""
        # The button “Mark as sent” of the checklist asks for no time.
        self.fields["sent_at"].required = not self._is_just_now
        waiting: list[tuple[str, str]] = []
        sent: list[tuple[str, str]] = []
        for one in notices.required_notices(order):
            choice = (one.entry.id, one.entry.short)
            (sent if one.notices_sent else waiting).append(choice)
        groups = [("Not sent yet", waiting), ("Sent before", sent)]
        self.offer_choices("entry", [CHOOSE, *(group for group in groups if group[1])])

    @override
    def settle(self, now: datetime) -> None:
        """Take the moment of saving if the checklist's button was pressed."""
        if self._is_just_now and not self.cleaned_data["sent_at"]:
            self.cleaned_data["sent_at"] = now

    @property
    def _is_just_now(self) -> bool:
        return bool(self.data.get("just_now"))


ACTS = (
    Act(
        name="condition",
        resource="condition",
        action="add",
        section=Section.ORDER,
        title="Set a condition",
        form=ConditionForm,
        service=conditions.set_condition,
        needs=lambda record: record.takes_conditions,
        done="The condition is set.",
        undo="withdraw-condition",
    ),
    Act(
        name="satisfy-condition",
        resource="condition",
        action="satisfy",
        section=Section.ORDER,
        title="Record a condition satisfied",
        form=SatisfyConditionForm,
        service=conditions.mark_satisfied,
        needs=lambda record: record.open_conditions,
        done="The condition is recorded as satisfied.",
        undo="withdraw-satisfaction",
    ),
    Act(
        name="sent",
        resource="notice_sent",
        action="add",
        section=Section.NOTICES,
        title="Record a notice as sent",
        form=NoticeSentForm,
        service=notices.record_notice_sent,
        needs=lambda record: record.required_notices,
        done="The notice is recorded as sent.",
        undo="withdraw-sent",
    ),
)
