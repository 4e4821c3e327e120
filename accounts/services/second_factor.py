"""Second factors: which ones a person has, and one-time use of codes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import HttpRequest

from accounts.allauth_internals import (
    compare_user_code,
    format_hotp_value,
    hotp_value,
    record_authentication,
    yield_hotp_counters_from_time,
)
from accounts.crypto import decrypt, encrypt
from accounts.models import AuditAction, User
from accounts.narrowing import expect
from accounts.services.access.access_log import record_for
from accounts.services.sign_in import has_second_factor

#: What counts as a second factor. Recovery codes only replace a lost one.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_set_up(user: User) -> bool:
    """Return True if the person has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user.pk, type__in=FACTORS).exists()


def is_last(authenticator: Authenticator) -> bool:
    """Return True if removing it would leave the person without a second factor."""
    others = Authenticator.objects.filter(user=authenticator.user_id, type__in=FACTORS)
    return not others.exclude(pk=authenticator.pk).exists()


def authenticator_of_code(user: User, code: str) -> Authenticator | None:
    """Return the authenticator app or recovery codes that `code` belongs to, and mark the code as used."""
    one: Authenticator
    for one in Authenticator.objects.filter(user=user.pk).exclude(type=Authenticator.Type.WEBAUTHN):
        is_app = one.type == Authenticator.Type.TOTP
        if _take(one.pk, code) if is_app else _take_recovery_code(one, code):
            return one
    return None


def log_added(request: HttpRequest, factor: str) -> None:
    """Log a new factor. A first factor, which was just proven, also counts as used for this sign-in."""
    user = expect(User, request.user)
    record_for(request, AuditAction.FACTOR_ADDED, subject=user, detail={"factor": factor})
    if factor in FACTORS and not has_second_factor(request, user):
        record_authentication(request, user, "mfa", type=factor)


def log_removed(request: HttpRequest, factor: str) -> None:
    """Log the removal of a factor."""
    record_for(request, AuditAction.FACTOR_REMOVED, subject=request.user, detail={"factor": factor})


def _take_recovery_code(codes: Any, code: str) -> bool:
    """Return True once for each recovery code."""
    return bool(codes.wrap().validate_code(code))


@transaction.atomic
def _take(pk: int, code: str) -> bool:
    """Return True once for each code of an app.

    allauth remembers used codes per process; this check holds across processes.
    """
    app = Authenticator.objects.select_for_update().get(pk=pk)
    data: dict[str, Any] = app.data
    secret = decrypt(data["secret"])
    steps = (
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    )
    step = next(steps, 0)
    if step <= data.get("step", 0):
        return False
    # Encrypt again, so that a key in use moves to the newest secret key.
    app.data = {**data, "secret": encrypt(secret), "step": step}
    app.save(update_fields=["data"])
    return True
