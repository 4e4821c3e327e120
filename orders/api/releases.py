"""Written leave for advocacy organizations to watch an order."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers
from typing_extensions import override

from accounts.api.body import DayField, Given, InstantField, NamedField
from accounts.models import Agency, AgencyKind
from orders.api.base import OneRow, OrderAct, OrderRows, RowAct
from orders.api.shapes import OfOrderOut
from orders.models import Order, Release
from orders.services import releases


class ReleaseOut(OfOrderOut):
    """While it stands, the organization's advocates see how the order stands. Who signed it is not kept."""

    thing = "release"
    agency = serializers.CharField(source="agency.name", help_text="The organization.")
    signed_on = serializers.DateField()
    begins_at = InstantField()
    ends_at = InstantField(help_text="From here on nothing is seen by it.")
    revoked_at = InstantField(allow_null=True)


class ReleaseIn(Given):
    """A written release, limited in time."""

    agency = NamedField(
        queryset=Agency.objects.filter(kind=AgencyKind.ADVOCACY), help_text="The advocacy organization."
    )
    signed_on = DayField(help_text="The day on the release.")
    begins_at = InstantField()
    ends_at = InstantField()


def every() -> QuerySet[Release]:
    """Of every order, with all that is shown of one."""
    return Release.objects.select_related("agency")


class Releases(OrderRows, OrderAct):
    """The order's releases; an advocate sees those to the own organization. POST records one."""

    thing = "release"
    acts = {"GET": "view", "POST": "add"}
    every = staticmethod(every)
    shows = ReleaseOut
    body = ReleaseIn
    service = staticmethod(releases.record_release)
    route = "release"

    @override
    def rows_of(self, order: Order) -> QuerySet[Release]:
        """Those of this order that the caller sees."""
        visible = Release.objects.visible_to(self.user, roles=self.viewers)
        return visible.filter(order=order).select_related("agency")


class OneRelease(OneRow):
    """One release."""

    thing = "release"
    every = staticmethod(every)
    shows = ReleaseOut


class RevocationIn(Given):
    """Nothing need be said."""


class Revocations(RowAct):
    """POST: it is taken back, at this instant."""

    thing = "release"
    acts = {"POST": "revoke"}
    of = OneRelease
    shows = ReleaseOut
    body = RevocationIn
    service = staticmethod(releases.revoke_release)
    route = "release"
