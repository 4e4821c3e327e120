"""Addresses that browsers and other programs look for by themselves. They answer without sign-in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

#: RFC 9116 recommends less than a year. Each answer has a new date.
VALID_FOR = timedelta(days=90)


@login_not_required
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to report a security problem, as RFC 9116 defines it; 404 without `CTC_SECURITY_CONTACT`."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {timezone.now() + VALID_FOR:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: en, es",
        f"Canonical: {settings.BASE_URL}{reverse('security-txt')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@login_not_required
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead a password manager to the page that changes the password.

    Source: W3C, A Well-Known URL for Changing Passwords.
    """
    return redirect("change-password")


@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead to the mark of the site: browsers ask for it beside a file, such as a PDF, that names no icon."""
    return redirect(static("ctcompliance/mark.svg"))
