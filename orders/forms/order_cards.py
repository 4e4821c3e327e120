"""The card of an order: form and act of the court's page."""

from __future__ import annotations

from django import forms
from typing_extensions import override

from orders.forms.base import Act, ActForm, Section
from orders.models import Order
from orders.services.orders import order_cards


class OrderCardForm(ActForm):
    """The protected person asks for a card that shows the order elsewhere."""

    telephone = forms.CharField(
        max_length=20,
        label="Telephone of the clerk's office",
        help_text="It is on the card, for an officer who cannot look up the number.",
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )

    @override
    def prepare_fields(self, order: Order) -> None:
        """Offer the telephone of the court's last card."""
        self.fields["telephone"].initial = order_cards.last_telephone(order)


ACTS = (
    Act(
        name="issue-card",
        resource="order_card",
        action="add",
        section=Section.ORDER,
        title="Issue a card",
        form=OrderCardForm,
        service=order_cards.issue_card,
        done="The card is issued. Print it under “Order”, in English or Spanish.",
        undo="withdraw-card",
    ),
)
