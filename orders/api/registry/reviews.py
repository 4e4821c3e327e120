"""Facts to check: rows of imports that wait until a clerk decides them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.access import MATRIX
from accounts.api.fields import InstantField
from accounts.api.pagination import PageQuery
from accounts.models import User
from orders.api.base import ChildAction, CrossOrderList, OrderChildDetail
from orders.api.serializers import OrderChildOutput, ReasonInput
from orders.models import Firearm, ReviewItem, ReviewKind
from orders.services.registry.reviews import confirm_review, match_review, reject_review, reopen_review


class ReviewItemOutput(OrderChildOutput):
    """A row of an import that counts for nothing until it is decided."""

    resource = "review_item"
    kind = serializers.ChoiceField(choices=ReviewKind.choices)
    code = serializers.CharField(help_text="Why it was set aside, as a stable word.")
    file = serializers.CharField(help_text="Empty for two numbers on two dockets of one person.")
    line = serializers.IntegerField(help_text="The line of the file where the row begins; 0 without a file.")
    detail = serializers.CharField(help_text="What is doubtful, and what to decide.")
    firearms = serializers.SerializerMethodField(
        help_text="Ids of the listed firearms that the serial number may belong to, the likeliest first."
    )
    created_at = InstantField()
    resolved_at = InstantField(allow_null=True)
    resolution = serializers.CharField(help_text="Empty until it is decided.")
    reason = serializers.CharField(help_text="The reason of the decision.")

    def get_firearms(self, item: ReviewItem) -> list[str]:
        """Return the ids that the import noted; empty for a fact that is about no serial number."""
        return [str(one) for one in item.payload.get("firearms", ())]


class ReviewItemQuery(PageQuery):
    """Which facts to check; the open ones by default."""

    open = serializers.BooleanField(default=True, help_text="False: the decided ones.")
    order = serializers.UUIDField(required=False, help_text="Those of one order.")
    kind = serializers.ChoiceField(choices=ReviewKind.choices, required=False)


class ReviewItemList(CrossOrderList):
    """The facts to check of the caller's court, the oldest first."""

    resource = "review_item"
    query = ReviewItemQuery
    output = ReviewItemOutput
    ordering = ("id",)

    @override
    def get_queryset(self) -> Any:
        rows = ReviewItem.objects
        return rows.waiting() if self.filters["open"] else rows.filter(resolved_at__isnull=False)

    @override
    def filter_queryset(self, queryset: Any) -> Any:
        lookups = {"order": "order__public_id", "kind": "kind"}
        filters = self.filters
        wanted = {lookups[name]: filters[name] for name in lookups.keys() & filters.keys()}
        return queryset.filter(**wanted).select_related("order__case")


class ReviewItemDetail(OrderChildDetail):
    """One fact to check."""

    resource = "review_item"
    queryset = ReviewItem.objects.all()
    output = ReviewItemOutput


class MatchInput(ReasonInput):
    """The firearm of the list that the receipt names, and the reason."""

    firearm = serializers.UUIDField(help_text="The id of a firearm of the case.")

    def validate_firearm(self, public_id: UUID) -> Firearm:
        """Return the firearm. A firearm of another case counts as not found."""
        order, user = self.context["target"].order, self.context["request"].user
        visible = Firearm.objects.visible_to(user, roles=MATRIX.resources["firearm"].actions["view"])
        found = visible.filter(order__case=order.case_id, public_id=public_id).first()
        if found is None:
            raise serializers.ValidationError(
                "This firearm is not on the list of the case. Use one that is listed.", code="does_not_exist"
            )
        return found


def add_firearm(item: ReviewItem, *, by: User, now: datetime, reason: str) -> ReviewItem:
    """Decide that the receipt names a firearm that was not listed. Raises `InvalidFact`."""
    return match_review(item, firearm=None, by=by, now=now, reason=reason)


class ReviewDecision(ChildAction):
    """Base of the decisions on one fact to check."""

    resource = "review_item"
    actions = {"POST": "resolve"}
    detail_view = ReviewItemDetail
    input = ReasonInput
    output = ReviewItemOutput
    detail_route = "review-item"


class ReviewConfirmationCreate(ReviewDecision):
    """POST: the doubtful fact is true and is recorded now."""

    service = staticmethod(confirm_review)


class ReviewMatchCreate(ReviewDecision):
    """POST: the serial number is that of a listed firearm, which the receipt then names."""

    input = MatchInput
    service = staticmethod(match_review)


class ReviewAdditionCreate(ReviewDecision):
    """POST: the serial number is that of another firearm, which is added to the list and to the receipt."""

    service = staticmethod(add_firearm)


class ReviewRejectionCreate(ReviewDecision):
    """POST: the row is wrong, and nothing is recorded."""

    service = staticmethod(reject_review)


class ReviewReopeningCreate(ReviewDecision):
    """POST: the decision was wrong. It is taken back with what it recorded, and the fact waits again."""

    service = staticmethod(reopen_review)


_ONE = "review-items/<uuid:id>"

urlpatterns = [
    path("review-items", ReviewItemList.as_view(), name="review-items"),
    path(_ONE, ReviewItemDetail.as_view(), name="review-item"),
    path(f"{_ONE}/confirmations", ReviewConfirmationCreate.as_view(), name="review-item-confirmations"),
    path(f"{_ONE}/matches", ReviewMatchCreate.as_view(), name="review-item-matches"),
    path(f"{_ONE}/additions", ReviewAdditionCreate.as_view(), name="review-item-additions"),
    path(f"{_ONE}/rejections", ReviewRejectionCreate.as_view(), name="review-item-rejections"),
    path(f"{_ONE}/reopenings", ReviewReopeningCreate.as_view(), name="review-item-reopenings"),
]
