"""The reader of a page and the order that the reader sees: what each page checks first."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.models import User
from accounts.services.access.access_log import log_access
from orders.models import Order
from orders.services.parties.visibility import roles_over


def person_in(request: HttpRequest, roles: Collection[str]) -> User:
    """Return the person. Raises `Http404` without one of these roles."""
    if not isinstance(request.user, User) or request.user.roles.isdisjoint(roles):
        raise Http404
    return request.user


def seen_order(
    request: HttpRequest, public_id: UUID, viewers: Collection[str]
) -> tuple[Order, frozenset[str]]:
    """Return the order with those of the roles in which the person sees it, and log the access.

    Raises `Http404` if the person does not see the order in one of these roles.
    """
    person = person_in(request, viewers)
    visible = Order.objects.visible_to(person, roles=viewers)
    order = (
        visible.filter(public_id=public_id)
        .select_related("case__court", "case__respondent__town__police")
        .first()
    )
    if order is None:
        raise Http404
    log_access(request, [order.case.public_id])
    return order, roles_over(person, [order.pk])[order.pk] & frozenset(viewers)
