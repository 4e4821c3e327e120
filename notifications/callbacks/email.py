"""What became of emails."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from notifications.callbacks.frame import RefusedError, callback


@callback
def receipt(request: HttpRequest) -> HttpResponse:
    """What became of an email, as Resend tells it."""
    secret = settings.RESEND["SIGNING_SECRET"]
    if not secret:
        # Without one anymail would believe everybody.
        raise RefusedError("resend", "not used here")
    # What checks the signatures takes a third of a second to import, and many commands read the addresses.
    from notifications.callbacks.resend import ResendView

    answered: HttpResponse = ResendView.as_view(signing_secret=secret)(request)
    return answered
