"""The key by which a page keeps what was typed on the device until there is a connection."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.narrowing import expect
from accounts.services.access.access_log import skip_done_entry
from accounts.services.device_keys import key_for, new_token


@require_POST
def device_key(request: HttpRequest) -> JsonResponse:
    """Return the key of the token that was sent, or a new token with its key."""
    user = expect(User, request.user)
    skip_done_entry(request)
    token = request.POST.get("token", "") or new_token(user)
    return JsonResponse({"token": token, "key": key_for(token, user)})
