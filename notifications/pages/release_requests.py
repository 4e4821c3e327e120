"""The pages on which an advocate sends a client's release to a court, and a supervisor confirms it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.models import Role, User
from accounts.services.access.access_log import log_access, log_miss
from notifications.pages.client_words import DECLINE_WORDS
from notifications.pages.clients import in_own_language
from notifications.services.contacts import contacts
from orders.errors import InvalidFact
from orders.forms.release_requests import ANSWERS, PURPOSES, ReleaseRequestForm
from orders.models import ConfidentialityRelease, DeclineReason
from orders.services.clients import release_requests
from orders.services.parties.releases import SCOPE
from orders.views.seen import person_in


@method_decorator([in_own_language, sensitive_post_parameters("docket")], name="dispatch")
class AskForRelease(View):
    """Send a client's release to a court; with `public_id`, the renewal of one in force.

    The answer is the same whether the court has the order or not.
    """

    def get(self, request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
        """Show the form."""
        return self._page(request, ReleaseRequestForm(renews=self._renewed(request, public_id)))

    def post(self, request: HttpRequest, public_id: UUID | None = None) -> HttpResponse:
        """Store the request."""
        renews = self._renewed(request, public_id)
        form = ReleaseRequestForm(request.POST, request.FILES, renews=renews)
        if not form.is_valid():
            return self._page(request, form)
        try:
            release_requests.ask(
                form.signed(),
                by=person_in(request, {Role.ADVOCATE}),
                now=timezone.now(),
                renews=renews,
                **form.place(),
            )
        except InvalidFact as refusal:
            form.show_refusal(refusal)
            return self._page(request, form)
        messages.success(request, gettext("Sent to the court. A clerk reads the paper and answers here."))
        return redirect("releases")

    def _page(self, request: HttpRequest, form: ReleaseRequestForm) -> HttpResponse:
        return render(request, "notifications/clients/ask.html", {"form": form})

    def _renewed(self, request: HttpRequest, public_id: UUID | None) -> ConfidentialityRelease | None:
        user = person_in(request, {Role.ADVOCATE})
        if public_id is None:
            return None
        rows = contacts.releases_of(user).select_related("agency", "order__case__court")
        found = rows.filter(public_id=public_id).first()
        if found is None:
            raise Http404
        log_access(request, [found.order.case.public_id])
        return found


@in_own_language
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a request that the court has not answered."""
    user = person_in(request, {Role.ADVOCATE})
    found = release_requests.requests_of(user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    try:
        release_requests.withdraw(found, by=user, now=timezone.now())
    except InvalidFact as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, gettext("Taken back. The paper is erased here."))
    return redirect("releases")


@method_decorator(in_own_language, name="dispatch")
class ToConfirm(View):
    """What advocates of the organization sent, to be confirmed by a supervisor who did not send it.

    The page shows no order, and its answer is the same whether the court has one.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what waits."""
        rows = release_requests.waiting_for(_leader(request)).select_related("asked_by")
        found = [
            {
                "row": row,
                "name": row.renews.alias if row.renews is not None else row.docket,
                "covers": [ANSWERS[one] for one in SCOPE if getattr(row, one)],
                "purpose": PURPOSES[row.purpose],
            }
            for row in rows[: release_requests.MOST_SHOWN]
        ]
        log_access(
            request,
            {one["row"].renews.order.case.public_id for one in found if one["row"].renews is not None},
        )
        # Whether there is an order, only the court knows.
        reasons = [(code, say()) for code, say in DECLINE_WORDS.items() if code != DeclineReason.NO_ORDER]
        context = {"found": found, "reasons": reasons}
        return render(request, "notifications/clients/confirm.html", context)

    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Confirm or decline one."""
        user, now = _leader(request), timezone.now()
        row = release_requests.waiting_for(user).filter(public_id=public_id).first()
        if row is None:
            raise Http404
        try:
            if request.POST.get("answer") == "confirm":
                if not release_requests.confirm_for_organization(row, by=user, now=now):
                    # Counted by the guard against guessing.
                    log_miss(request, str(row.public_id))
                messages.success(
                    request,
                    gettext(
                        "Confirmed. If the court has this one order, it is on the list now. If not, the "
                        "clerk answers."
                    ),
                )
            else:
                release_requests.decline(row, reason=request.POST.get("reason", ""), by=user, now=now)
                messages.success(request, gettext("Not confirmed. The paper is erased here."))
        except InvalidFact as refusal:
            messages.error(request, refusal.message)
        return redirect("releases-to-confirm")


def _leader(request: HttpRequest) -> User:
    """Return the supervisor of an organization. Raises `Http404` for anyone else."""
    user = person_in(request, {Role.SUPERVISOR})
    if not release_requests.organizations_led_by(user):
        raise Http404
    vars(request)["offers_exit"] = True
    return user
