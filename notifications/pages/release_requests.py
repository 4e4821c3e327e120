"""The pages on which an advocate sends a client's release to a court, and renews one."""

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

from accounts.models import Role
from accounts.services.access.access_log import log_access
from notifications.pages.clients import in_own_language
from notifications.services.contacts import contacts
from orders.errors import InvalidFact
from orders.forms.release_requests import ReleaseRequestForm
from orders.models import ConfidentialityRelease
from orders.services.clients import release_requests
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
            form.refuse(refusal)
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
