"""The history of an order: what was done to it, by whom, when and why."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.fields import InstantField
from accounts.api.serializers import OutputSerializer
from orders.api.base import OrderChildList
from orders.models import AttachmentKind, HistoryEntry, Order
from orders.services.attachments.attaching import OF_FILES, kinds_to_see
from orders.services.cautions import OF_CAUTIONS
from orders.services.orders.order_cards import OF_CARDS
from orders.services.parties.agencies import OF_SCHOOLS
from orders.services.parties.protected_persons import OF_PROTECTED_PERSONS
from orders.services.parties.releases import OF_RELEASES
from orders.services.parties.visibility import roles_over


class HistoryEntryOutput(OutputSerializer):
    """An entry in an order's history. It never changes."""

    resource = "history_entry"
    number = serializers.IntegerField(
        help_text="Counts the entries of the order that you see, beginning with 1 for the oldest."
    )
    order = serializers.UUIDField(source="order.public_id")
    kind = serializers.CharField()
    occurred_at = InstantField(help_text="When it happened.")
    recorded_at = InstantField(help_text="When it was recorded here.")
    actor = serializers.CharField(source="actor.name", allow_null=True)
    reason = serializers.CharField()
    data: Any = serializers.JSONField(
        help_text="What changed, with old and new values, and which deadlines moved."
    )


class HistoryList(OrderChildList):
    """What was done to the order, the newest entry first."""

    resource = "history_entry"
    queryset = HistoryEntry.objects.select_related("actor")
    output = HistoryEntryOutput
    ordering = ("-id",)

    @override
    def get_children(self, queryset: Any, order: Order) -> QuerySet[Any]:
        """Leave out entries about releases, cards, cautions, protected persons, schools and files.

        A caller who may not know of them must not see that there are any either, nor how many.
        """
        entries = super().get_children(queryset, order)
        roles = roles_over(self.user, {order.pk})[order.pk]
        if not MATRIX.may(roles, "view", "confidentiality_release"):
            entries = entries.exclude(kind__in=OF_RELEASES)
        if not MATRIX.may(roles, "view", "order_card"):
            entries = entries.exclude(kind__in=OF_CARDS)
        if not MATRIX.may(roles, "view", "caution"):
            entries = entries.exclude(kind__in=OF_CAUTIONS)
        if not MATRIX.may(roles, "view", "protected_person"):
            entries = entries.exclude(OF_PROTECTED_PERSONS)
        unseen = set(AttachmentKind) - set(kinds_to_see(roles))
        entries = entries.exclude(kind__in=OF_FILES, data__kind__in=unseen)
        return entries if roles & MATRIX.capacities["court"].seen_by else entries.exclude(OF_SCHOOLS)

    @override
    def paginate_queryset(self, queryset: Any, **options: Any) -> list[Any]:
        """Return one page, numbered within the order: a global number would show how many there are."""
        page = super().paginate_queryset(queryset, **options)
        if page:
            newest = page[0]
            numbered = self.get_children(HistoryEntry.objects.all(), newest.order)
            number = numbered.filter(id__lte=newest.pk).count()
            for back, entry in enumerate(page):
                entry.number = number - back
        return page


urlpatterns = [path("orders/<uuid:id>/history", HistoryList.as_view(), name="order-history")]
