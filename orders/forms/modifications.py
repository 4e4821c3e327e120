"""Modification of an order by the court: form and acts of the court's page."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from typing_extensions import override

from orders.display import condition_words
from orders.forms.base import CHOOSE, Act, ActForm, CorrectionForm, Fieldsets, ReasonForm, Section
from orders.forms.conditions import condition_choices, details_field, for_police_field
from orders.forms.fields import DayField, InstantField, LabeledChoicesField
from orders.models import Order, OrderCondition
from orders.services.conditions.conditions import WITH_WORDS
from orders.services.court_days import zone_of
from orders.services.orders import modification
from orders.services.planning.lasting import is_limited, lasting_conditions


class ModifyForm(ActForm):
    """The court changed what the order requires. It stays the same order."""

    takes_confirm = True
    subjects: ClassVar[Fieldsets] = [
        (None, {"fields": ["modified_at", "expires_on"]}),
        ("What the order requires", {"fields": ["ended", "added"]}),
        ("A further condition", {"fields": ["condition", "due_at", "details", "for_police"]}),
        ("Another protected person", {"fields": ["protected_person", "address_confidential"]}),
    ]

    modified_at = InstantField(label="When the court decided", needs_time=False)
    expires_on = DayField(
        required=False,
        label="Earlier last day",
        help_text="Empty if it stays. If the court gave more time, extend the order instead.",
    )
    ended = LabeledChoicesField(
        condition_words,
        OrderCondition.objects.none(),
        required=False,
        label="No longer required",
        widget=forms.CheckboxSelectMultiple,
    )
    added = forms.MultipleChoiceField(
        required=False,
        label="Required from now on, as long as the order lasts",
        widget=forms.CheckboxSelectMultiple,
    )
    condition = forms.ChoiceField(
        required=False, help_text="One with a day or a time, or with words of its own."
    )
    due_at = InstantField(
        label="Due", needs_time=False, required=False, help_text="Empty if it lasts as long as the order."
    )
    details = details_field()
    for_police = for_police_field()
    protected_person = forms.CharField(
        required=False,
        max_length=200,
        label="Name",
        help_text="For example a child that the order now protects.",
    )
    address_confidential = forms.BooleanField(required=False, label="The address is confidential")

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the conditions that the court may end or set. Those that the law limits are not offered."""
        rows = OrderCondition.objects.in_force(order).select_related("order")
        limited = [one.pk for one in rows if is_limited(order, one.condition)]
        self.offer_rows("ended", rows.exclude(pk__in=limited))
        if len(limited) == len(rows):
            self.fields["ended"].help_text = "No condition is on record that the court may end here."
        held = {one.condition for one in rows if one.due_on is None}
        self.offer_choices(
            "added",
            [
                (name, one.title)
                for name, one in lasting_conditions(order).items()
                if name not in held and not is_limited(order, name) and name not in WITH_WORDS
            ],
        )
        self.offer_choices("condition", [CHOOSE, *condition_choices(order)])

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts; the rows that end as a list."""
        facts = super().service_kwargs()
        return facts | {"ended": list(facts["ended"])}


class CorrectModificationForm(CorrectionForm):
    """The latest modification was recorded with errors."""

    takes_confirm = True
    columns = ("expires_on",)
    field_order = ["modified_at", "expires_on", "ended", "reason"]

    modified_at = InstantField(label="When the court decided", needs_time=False)
    expires_on = DayField(
        required=False, label="Earlier last day", help_text="Empty if the court did not change it."
    )
    ended = LabeledChoicesField(
        condition_words,
        OrderCondition.objects.none(),
        required=False,
        label="No longer required",
        widget=forms.CheckboxSelectMultiple,
        help_text="What it set is corrected on the condition or the protected person.",
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Start with the stored values. What it ended and what is in force can be chosen."""
        super().prepare_fields(order)
        row = order.modifications.order_by("-id").first()
        if row is None:
            return
        self.remember([order.expires_on, row.modified_on, row.modified_at])
        self.fields["modified_at"].initial = (
            row.modified_at.astimezone(zone_of(order)) if row.modified_at else row.modified_on
        )
        self.fields["expires_on"].initial = row.expires_on
        ended = OrderCondition.objects.filter(ended_by=row)
        in_force = OrderCondition.objects.in_force(order)
        limited = [one.pk for one in in_force if is_limited(order, one.condition)]
        kept = in_force.exclude(pk__in=limited).values("pk")
        rows = OrderCondition.objects.filter(Q(pk__in=kept) | Q(ended_by=row)).select_related("order")
        self.offer_rows("ended", rows)
        self.fields["ended"].initial = list(ended)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts; the rows that end as a list."""
        facts = super().service_kwargs()
        return facts | {"ended": list(facts["ended"])}


ACTS = (
    Act(
        name="modify",
        resource="order",
        action="modify",
        section=Section.ORDER,
        title="Modify the order",
        form=ModifyForm,
        service=modification.modify_order,
        done="The modification is recorded.",
        ends=True,
        undo="withdraw-modification",
    ),
    Act(
        name="correct-modification",
        resource="order",
        action="modify",
        section=Section.ORDER,
        title="Correct the modification",
        form=CorrectModificationForm,
        service=modification.correct_modification,
        done="The modification is corrected.",
        needs=lambda record: record.modifications,
        undo="correct-modification",
    ),
    Act(
        name="withdraw-modification",
        resource="order",
        action="modify",
        section=Section.ORDER,
        title="Withdraw the modification",
        form=ReasonForm,
        service=modification.withdraw_modification,
        done="The modification is withdrawn. The order is as it was before.",
        needs=lambda record: record.modifications,
        undo="modify",
    ),
)
