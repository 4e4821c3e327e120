"""The page at which a protected person answers a message, reads more with the PIN, or ends the messages.

Without the PIN it shows nothing, to anyone. It names no one: neither person, court, docket nor organization.
"""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from notifications.models import Language, SafeContact
from notifications.pages.client_words import ClientWords
from notifications.pages.clients import in_words
from notifications.services.contacts.answers import answer_by_pin, contact_of_message, opened_by_pin
from notifications.services.contacts.stopping import end_by_pin
from notifications.services.delivery.links import alert_of_person
from orders.models import ConfidentialityRelease


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
# No session and no cookie, so that nothing stays on the device: the PIN is all that counts.
@csrf_exempt
@sensitive_post_parameters("pin")
def by_pin(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the PIN; the same page for every link, also for one that opens nothing.

    The access log must not show that there is a contact, so only the contact keeps that it was read.
    """
    alert = alert_of_person(token)
    contact = contact_of_message(alert)
    is_sent, pin = request.method == "POST", request.POST.get("pin", "")
    # Asked twice, each time with the PIN, because no session remembers the first.
    stop = request.POST.get("stop", "")
    is_ending, is_answered = False, False
    if is_sent and stop:
        opened = opened_by_pin(alert, pin)
        is_ending, is_answered = opened is not None and stop == "ask", opened is not None and stop == "sure"
        if opened is not None and is_answered:
            end_by_pin(opened, now=timezone.now())
    elif is_sent:
        is_answered = answer_by_pin(alert, pin, now=timezone.now())
    language = contact.language if contact else Language.ENGLISH.value
    with translation.override(language):
        context = {
            "is_answered": is_answered,
            "is_ending": is_ending or (stop == "sure" and not is_answered),
            "is_wrong": is_sent and not is_answered and not is_ending,
            "language": language,
            "exit_url": settings.EXIT_URL,
            "words": _words(contact) if contact is not None and is_answered and not stop else None,
        }
        page = render_to_string("notifications/by_pin.html", context)
    status = HTTPStatus.OK if is_answered or is_ending or not is_sent else HTTPStatus.BAD_REQUEST
    return HttpResponse(page, status=status)


def _words(contact: SafeContact) -> ClientWords:
    """Return the answers that the release covers, in words."""
    rows = ConfidentialityRelease.objects.select_related("agency", "order__case__court")
    (found,) = in_words(rows.filter(pk=contact.release_id), timezone.now())
    return found
