"""Corrections of what was entered about the respondent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.urls import path
from rest_framework import serializers

from accounts.api.fields import DayField
from accounts.api.problems import FieldError, Problem
from accounts.models import Town, User
from accounts.text import clean
from orders.api.base import OrderAction
from orders.api.serializers import ConfirmInput, OrderOutput, ReasonInput, TownField
from orders.models import Order
from orders.services.parties import respondents


class RespondentCorrectionInput(ConfirmInput, ReasonInput):
    """What was entered about the respondent is wrong, or has changed. Give what is to be changed."""

    name = serializers.CharField(max_length=200, required=False)
    date_of_birth = DayField(required=False, allow_null=True)

    town = TownField(
        required=False,
        help_text="The police of the town are notified.",
    )
    address = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Empty if it is not known."
    )


def correct_respondent(
    order: Order,
    *,
    by: User,
    now: datetime,
    reason: str,
    town: Town | None = None,
    address: str | None = None,
    confirm: str = "",
    **person: str | date | None,
) -> Order:
    """Correct name and date of birth, the town and the address, each as its own history entry.

    Raises `InvalidFact`, or `Problem` if nothing is given.
    """
    if town is None and address is None and not person:
        message = "Give the name, the date of birth, the town or the address."
        raise Problem("refused", errors=[FieldError("body", "required", message)])
    given: dict[str, object] = {"town": town, "address": address}
    given = {name: value for name, value in given.items() if value is not None} | {**person}
    changed = _only_changed(order, given)
    if person := {name: value for name, value in person.items() if name in changed}:
        order = respondents.correct_respondent(
            order, by=by, now=now, reason=reason, confirm=confirm, **person
        )
    if town is not None and "town" in changed:
        order = respondents.correct_respondent_town(order, town=town, by=by, now=now, reason=reason)
    if address is not None and "address" in changed:
        order = respondents.correct_respondent_address(order, address=address, by=by, now=now, reason=reason)
    return order


def _only_changed(order: Order, given: Mapping[str, object]) -> frozenset[str]:
    """Return the names of what differs from what is stored; all if nothing does, which a service refuses."""
    stored = order.case.respondent
    changed = (
        name
        for name, value in given.items()
        if getattr(stored, name) != (clean(value) if isinstance(value, str) else value)
    )
    return frozenset(changed) or frozenset(given)


class RespondentCorrectionCreate(OrderAction):
    """POST: correct the respondent. All orders against the respondent involve the police of the new town."""

    resource = "respondent"
    actions = {"POST": "correct"}
    input = RespondentCorrectionInput
    output = OrderOutput
    service = staticmethod(correct_respondent)
    detail_route = "order"
    undo = "order-respondent-corrections"


urlpatterns = [
    path(
        "orders/<uuid:id>/respondent-corrections",
        RespondentCorrectionCreate.as_view(),
        name="order-respondent-corrections",
    )
]
