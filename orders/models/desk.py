"""What the lists of a court are sorted and filtered by, and the views that people save of them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models import Agency
from orders.models.fields import public_id
from orders.models.orders import Order


class OrderUrgency(models.Model):
    """The next deadline of an order that concerns its court, when the order ends, and its judge.

    They follow from the deadlines and the hearings and are written with them, in the same transaction.
    Without this table a list could not be sorted by urgency without a look at every deadline of the court.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="urgency")
    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty if nothing is due.")
    ends_on = models.DateField(
        null=True,
        blank=True,
        help_text="The day of the vacatur, else the last day. Empty: not known.",
    )
    is_ended = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The order had ended when this row was written: what ended with it is left out.",
    )
    judge = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="The judge of the latest hearing that names one.",
    )
    heard_on = models.DateField(null=True, blank=True, help_text="The day of that hearing.")
    issued_on = models.DateField(null=True, blank=True, help_text="The day of issue, as the order has it.")

    class Meta:
        indexes = [
            # The list of a court's orders, the most urgent first; also those that are overdue or due soon.
            models.Index(fields=["court", "due_at", "order"], name="order_urgency_of_court"),
            # The hourly search for orders that have ended since.
            models.Index(
                fields=["ends_on", "order"],
                name="order_urgency_to_end",
                condition=models.Q(is_ended=False, ends_on__isnull=False),
            ),
            # The judges of a court, each with the latest hearing: a step for each judge, none for an order.
            models.Index(
                fields=["court", "judge", "heard_on"],
                name="order_urgency_judge",
                condition=~models.Q(judge=""),
            ),
            # The report of a period, of the court's orders of that period alone.
            models.Index(fields=["court", "issued_on"], name="order_urgency_issued"),
            # The windows for a motion to extend, which open before the end.
            models.Index(fields=["court", "ends_on"], name="order_urgency_ends"),
        ]

    def __str__(self) -> str:
        return f"Urgency of {self.order_id}"


class SavedView(models.Model):
    """A name that a person gave to the filters of a list, to open them again."""

    public_id = public_id()
    # Without an index of its own: `saved_view_once` starts with the person.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views", db_index=False
    )
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500, blank=True, help_text="The filters, as in the address.")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["person", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name
