"""The page at which a protected person answers a message. It shows nothing, to anyone, before or after."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from notifications.models import Language
from notifications.services.contacts.answers import answer_by_pin, contact_of_message
from notifications.services.delivery.links import alert_of_person


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
# No session and no cookie, so that nothing stays on the device: the PIN is all that counts.
@csrf_exempt
@sensitive_post_parameters("pin")
def by_pin(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the PIN; the same page for every link, also for one that opens nothing."""
    alert = alert_of_person(token)
    contact = contact_of_message(alert)
    is_sent = request.method == "POST"
    is_answered = is_sent and answer_by_pin(alert, request.POST.get("pin", ""), now=timezone.now())
    language = contact.language if contact else Language.ENGLISH.value
    with translation.override(language):
        context = {"is_answered": is_answered, "is_wrong": is_sent and not is_answered, "language": language}
        page = render_to_string("notifications/by_pin.html", context)
    status = HTTPStatus.OK if is_answered or not is_sent else HTTPStatus.BAD_REQUEST
    return HttpResponse(page, status=status)
