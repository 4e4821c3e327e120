"""Safe contacts: how the protected person of a release may be told, kept by its organization's advocates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from typing_extensions import override

from accounts.api.body import Given, InstantField, Shown
from accounts.api.problems import Fault, Problem
from accounts.api.views import Acting, Answer, Removing, Showing
from accounts.models import Role
from accounts.services import audit
from notifications.models import ContactChannel, Language, SafeContact
from notifications.services import contacts
from notifications.services.contacts import LONGEST_ADDRESS, LONGEST_PHRASE, Wish
from orders.api.base import OfOrders
from orders.errors import InvalidFact
from orders.models import Release

_Made = TypeVar("_Made")


class SafeContactOut(Shown):
    """How the person is told. The address and the phrase are not given back."""

    thing = "safe_contact"
    release = serializers.UUIDField(source="release.public_id")
    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    has_phrase = serializers.SerializerMethodField()
    language = serializers.ChoiceField(choices=Language.choices)
    hours_from = serializers.TimeField(format="%H:%M", allow_null=True, help_text="Court time.")
    hours_until = serializers.TimeField(format="%H:%M", allow_null=True)
    confirm_every_days = serializers.IntegerField(source="confirm_every.days")
    confirmed_at = InstantField()
    is_unconfirmed = serializers.SerializerMethodField(
        help_text="True: nothing is sent until somebody confirms it again."
    )
    set_at = InstantField()

    def get_has_phrase(self, contact: SafeContact) -> bool:
        """Whether messages carry words that the person chose."""
        return bool(contact.sealed_phrase)

    def get_is_unconfirmed(self, contact: SafeContact) -> bool:
        """Whether nobody confirmed it in its time."""
        return contacts.is_unconfirmed(contact, self.context["now"])


class SafeContactIn(Given):
    """How the person wants to be told: always the whole of it."""

    channel = serializers.ChoiceField(choices=ContactChannel.choices)
    address = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_ADDRESS,
        help_text="An email address or a telephone number; none for `relay`. It is not given back.",
    )
    phrase = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_PHRASE,
        help_text="Words that the person chose; they say nothing of the case. Not given back.",
    )
    language = serializers.ChoiceField(choices=Language.choices, required=False)
    hours_from = serializers.TimeField(required=False, allow_null=True, help_text="Court time.")
    hours_until = serializers.TimeField(required=False, allow_null=True)
    confirm_every_days = serializers.IntegerField(
        required=False,
        min_value=settings.SHORTEST_WORD,
        max_value=settings.LONGEST_WORD,
        help_text="For how many days the person's word holds.",
    )


class OfContacts(OfOrders):
    """An address about the safe contact of one release to the caller's own organization."""

    thing = "safe_contact"
    shows = SafeContactOut

    def release(self, id: UUID) -> Release:  # noqa: A002 - the name in the address
        """The release of that public id. Raises `Http404` where none to the caller's organization stands."""
        releases = contacts.releases_of(self.user).select_related("order__case")
        found = releases.filter(public_id=id).first()
        if found is None:
            raise Http404
        audit.seen(self.request, [found.order.case.public_id])
        return found

    def contact(self, id: UUID) -> SafeContact:  # noqa: A002 - the name in the address
        """The one that stands. Raises `Http404` where there is none."""
        release = self.release(id)
        found = contacts.contact_of(release)
        if found is None:
            raise Http404
        found.release = release
        return found

    @override
    def roles_of(self, rows: Sequence[Any]) -> Callable[[Any], frozenset[str]]:
        """Whatever other roles the caller has, it is as an advocate that this is seen."""
        return lambda _row: frozenset({Role.ADVOCATE.value})

    @override
    def cases_of(self, rows: Sequence[Any]) -> Iterable[UUID]:
        """The cases of the releases' orders."""
        return {row.release.order.case.public_id for row in rows}

    def version_of(self, subject: SafeContact) -> str:
        """As GET gives it."""
        return str(Answer(self.shown([subject])[0], is_versioned=True).headers["ETag"])


class SafeContacts(OfContacts, Showing, Removing):
    """The safe contact of the release. PUT sets it in place of what was; removed, it is wiped."""

    acts = {"GET": "view", "PUT": "set", "DELETE": "end"}
    takes = SafeContactIn

    @override
    def row(self, **ids: Any) -> SafeContact:
        """The one that stands."""
        return self.contact(ids["id"])

    @override
    def subject(self, **ids: Any) -> SafeContact:
        """The one that stands."""
        return self.contact(ids["id"])

    def put(self, request: Request, id: UUID) -> HttpResponse:  # noqa: A002 - as in the address
        """The safe contact as it is from now on."""
        release = self.release(id)
        given = SafeContactIn(data=request.data)
        given.is_valid(raise_exception=True)
        wish = dict(given.validated_data)
        if (days := wish.pop("confirm_every_days", None)) is not None:
            wish["confirm_every"] = timedelta(days=days)
        made = _unless_refused(
            lambda: contacts.set_contact(release, Wish(**wish), by=self.user, now=self.now)
        )
        return Answer(self.shown([made])[0], is_versioned=True)

    @override
    def remove(self, subject: SafeContact) -> None:
        """Nothing is sent by it any more, and it is wiped."""
        contacts.end(subject, now=self.now)


class ConfirmationIn(Given):
    """Nothing more than that the person was asked and says that it is still safe."""


class Confirmations(OfContacts, Acting):
    """POST: the person said again that this way is safe."""

    acts = {"POST": "confirm"}
    body = ConfirmationIn

    @override
    def subject(self, **ids: Any) -> SafeContact:
        """The one that stands."""
        return self.contact(ids["id"])

    @override
    def perform(self, subject: SafeContact, given: dict[str, Any]) -> HttpResponse:
        """The safe contact, confirmed."""
        confirmed = _unless_refused(lambda: contacts.confirm(subject, now=self.now))
        return Answer(self.shown([confirmed])[0], status=HTTPStatus.CREATED, is_versioned=True)


def _unless_refused(do: Callable[[], _Made]) -> _Made:
    try:
        with transaction.atomic():
            return do()
    except InvalidFact as refusal:
        known = SafeContactIn().fields
        field = refusal.field if refusal.field in known else "body"
        fault = Fault(field, refusal.code, refusal.message)
        raise Problem("refused", refusal.message, faults=[fault]) from refusal
