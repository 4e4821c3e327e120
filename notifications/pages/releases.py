"""Pages for advocates: the status of orders with a release to their organization, without names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from accounts.access import MATRIX
from accounts.models import Role, User
from accounts.services.access.access_log import log_access, log_miss
from notifications.forms.contacts import AliasForm, ChoiceForm, ContactForm, NewsForm, ReportForm, news_words
from notifications.models import SafeContact
from notifications.pages.client_words import report_words, request_words
from notifications.pages.clients import clients_of, in_own_language, in_words
from notifications.pages.released_orders import released_orders
from notifications.pages.sent_messages import sent_lines
from notifications.services.contacts import choices, contacts
from notifications.services.contacts.stopping import is_stopped
from notifications.services.contacts.testing import send_test
from orders.errors import InvalidFact, UnseenFact
from orders.forms.release_requests import ANSWERS, PURPOSES
from orders.models import (
    ConfidentialityRelease,
)
from orders.services.clients.release_requests import requests_of
from orders.services.clients.reports import own_reports, report_firearms
from orders.services.parties.releases import SCOPE, revoke_release, set_alias, views_under
from orders.views.seen import person_in

#: Orders on one page of the list.
PAGE = 25
#: The newest requests for a release that the list shows.
MOST_REQUESTS = 10
#: Session key of the address that was just saved, by the public id of its release.
_SAVED = "safe_contact_saved"

_SHOWN = ("case", "deadline", "hearing", "order", "confidentiality_release")
#: The fields that an advocate sees, as `object.field` of the matrix.
SEES = MATRIX.sees({Role.ADVOCATE}, _SHOWN)


@in_own_language
@require_GET
def releases(request: HttpRequest) -> HttpResponseBase:
    """The orders with a release in force to the advocate's organization, the most urgent first."""
    user, now = person_in(request, {Role.ADVOCATE}), timezone.now()
    page = Paginator(clients_of(user, now), PAGE).get_page(request.GET.get("page"))
    waiting = contacts.unconfirmed(user).select_related("release__order__case")
    unconfirmed = list(waiting.order_by("confirmed_at", "id")[: contacts.MAX_COUNTED])
    cases = {one.client.order.case.public_id for one in page}
    log_access(request, cases | {one.release.order.case.public_id for one in unconfirmed})
    asked = list(requests_of(user).select_related("court", "renews").order_by("-id")[:MOST_REQUESTS])
    recorded = ConfidentialityRelease.objects.in_force().filter(pk__in=[one.release_id for one in asked])
    live = set(recorded.values_list("pk", flat=True))
    context = {
        "page": page,
        "unconfirmed": unconfirmed,
        "most": contacts.MAX_COUNTED,
        "requests": [(one, request_words(one, is_in_force=one.release_id in live)) for one in asked],
    }
    return render(request, "notifications/releases.html", context)


@in_own_language
@require_GET
def sheet(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """The four answers on one sheet in large type, without a name. Raises `Http404`."""
    release = _release(request, public_id)
    (words,) = in_words([release], timezone.now())
    return render(request, "notifications/client_sheet.html", {"words": words})


@method_decorator(
    [in_own_language, sensitive_post_parameters("address", "second_address", "phrase", "pin", "alias")],
    name="dispatch",
)
class OneRelease(View):
    """One order, its safe contact and its release.

    All actions post to this one URL, because the access log records URLs and must not show that there is a
    safe contact.
    """

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Show the order."""
        return self._page(request, _release(request, public_id))

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Do the action of the pressed button. Raises `Http404` for an unknown action."""
        release = _release(request, public_id)
        acts: dict[str, Callable[[HttpRequest, ConfidentialityRelease], HttpResponse]] = {
            "set": self._set,
            "confirm": partial(self._of_contact, is_end=False),
            "end": partial(self._of_contact, is_end=True),
            "test": self._test,
            "revoke": self._revoke,
            "report": self._report,
            "alias": self._name,
            "news": self._news,
            "choice": self._choice,
        }
        act = acts.get(request.POST.get("action", ""))
        if act is None:
            raise Http404
        return act(request, release)

    def _set(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = ContactForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, form=form)
        try:
            contact = contacts.set_contact(
                release, form.to_settings(), by=person_in(request, {Role.ADVOCATE}), now=timezone.now()
            )
        except InvalidFact as refusal:
            form.show_refusal(refusal)
            return self._page(request, release, form=form)
        messages.success(request, gettext("Saved. The person is notified only in this way."))
        # In the session, which is encrypted: a message could travel in a cookie.
        request.session[_SAVED] = {str(release.public_id): contacts.readable_address(contact)}
        return redirect("advocate-release", public_id=release.public_id)

    def _of_contact(
        self, request: HttpRequest, release: ConfidentialityRelease, *, is_end: bool
    ) -> HttpResponse:
        contact, now = contacts.contact_of(release), timezone.now()
        if contact is None:
            messages.error(
                request, gettext("The safe contact has already ended. Nothing is sent to the person.")
            )
        elif is_end and request.POST.get("sure") != "yes":
            # A page of its own asks again, at the same address: the access log must not show it.
            (words,) = in_words([release], now)
            context = {"release": release, "title": words.title}
            return render(request, "notifications/clients/end_contact.html", context)
        elif is_end:
            contacts.end(contact, now=now)
            messages.success(request, gettext("Ended and erased. Nothing more is sent to the person."))
        else:
            contacts.confirm(contact, now=now)
            messages.success(request, gettext("Confirmed again."))
        return redirect("advocate-release", public_id=release.public_id)

    def _test(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        contact = contacts.contact_of(release)
        try:
            if contact is None:
                raise Http404
            is_sent = send_test(contact, now=timezone.now())
        except InvalidFact as refusal:
            messages.error(request, refusal.message)
        else:
            if is_sent:
                messages.success(request, gettext("The test went out. Ask the person if it came."))
            else:
                messages.error(request, gettext("The test did not go out. Use another way for now."))
        return redirect("advocate-release", public_id=release.public_id)

    def _revoke(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        if request.POST.get("sure") != "yes":
            messages.error(
                request,
                gettext("Check the box: the person revokes the release. Then press the button again."),
            )
            return redirect("advocate-release", public_id=release.public_id)
        revoke_release(release, by=person_in(request, {Role.ADVOCATE}), now=timezone.now())
        messages.success(
            request, gettext("The release is revoked. Your organization no longer sees the order.")
        )
        return redirect("releases")

    def _report(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = ReportForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, report=form)
        try:
            report_firearms(release, **form.cleaned_data, now=timezone.now())
        except InvalidFact as refusal:
            form.refuse(refusal)
            return self._page(request, release, report=form)
        messages.success(
            request, gettext("Reported to the court and police. The guns count as not handed in.")
        )
        return redirect("advocate-release", public_id=release.public_id)

    def _name(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = AliasForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, alias=form)
        try:
            set_alias(release, alias=form.cleaned_data["alias"])
        except UnseenFact as refusal:
            log_miss(request, form.cleaned_data["alias"])
            form.add_error("alias", refusal.message)
            return self._page(request, release, alias=form)
        messages.success(request, gettext("Saved."))
        return redirect("advocate-release", public_id=release.public_id)

    def _news(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        contact, form = contacts.contact_of(release), NewsForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, news=form)
        if contact is None:
            raise Http404
        contacts.choose_news(contact, form.cleaned_data["news"])
        messages.success(request, gettext("Saved. Only this news is sent to the person from now on."))
        return redirect("advocate-release", public_id=release.public_id)

    def _choice(self, request: HttpRequest, release: ConfidentialityRelease) -> HttpResponse:
        form = ChoiceForm(request.POST)
        if not form.is_valid():
            return self._page(request, release, choice=form)
        try:
            choices.choose(
                release, **form.cleaned_data, by=person_in(request, {Role.ADVOCATE}), now=timezone.now()
            )
        except InvalidFact as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, gettext("Saved for you and this client. Others choose for themselves."))
        return redirect("advocate-release", public_id=release.public_id)

    def _page(
        self, request: HttpRequest, release: ConfidentialityRelease, **refused: forms.Form
    ) -> HttpResponse:
        """Show the order, with the form that was refused under its name on the page."""
        now, reader = timezone.now(), person_in(request, {Role.ADVOCATE})
        (words,) = in_words([release], now)
        (watched,) = released_orders([release], now)
        # Shown once, so that the advocate sees what is stored, and not to the next reader.
        saved = request.session.pop(_SAVED, {}).get(str(release.public_id), "")
        context = {
            **_forms(release, watched.contact, reader),
            **refused,
            "watched": watched,
            "words": words,
            "sees": SEES,
            "saved_address": saved,
            "is_stopped": watched.contact is not None and is_stopped(watched.contact, now),
            "can_reply": bool(settings.REPLY_ADDRESS),
            "scope": [ANSWERS[one] for one in SCOPE if getattr(release, one)],
            "purpose": PURPOSES.get(release.purpose, ""),
            "views": views_under(release),
            "not_covered": gettext(choices.NOT_COVERED),
            "reports": [(one.on, report_words(one)) for one in own_reports(release)],
            "sent": sent_lines(contacts.sent_under(release), watched.contact),
        }
        return render(request, "notifications/release.html", context)


def _forms(release: ConfidentialityRelease, contact: SafeContact | None, reader: User) -> dict[str, Any]:
    """Return the forms of the page with what is stored."""
    found: dict[str, Any] = {
        "form": ContactForm.showing(contact),
        "report": ReportForm(),
        "alias": AliasForm(initial={"alias": release.alias}),
        "choice": ChoiceForm.of(choices.choice_of(release, reader)),
    }
    if contact is not None:
        wanted = contacts.wanted_news(contact)
        found |= {"news": NewsForm.of(contact), "wanted": news_words(wanted)}
    return found


def _release(request: HttpRequest, public_id: UUID) -> ConfidentialityRelease:
    """Return a release visible to the advocate. Raises `Http404`."""
    release = _releases(person_in(request, {Role.ADVOCATE})).filter(public_id=public_id).first()
    if release is None:
        raise Http404
    log_access(request, [release.order.case.public_id])
    return release


def _releases(user: User) -> QuerySet[ConfidentialityRelease]:
    return contacts.releases_of(user).select_related("agency", "order__case__court")
