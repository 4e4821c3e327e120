"""Second factors: which a person has, and that a code works once."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction
from django.http import HttpRequest

from accounts.crypto import seal, unseal
from accounts.models import Act, User
from accounts.services.audit import record_for
from accounts.services.sign_in import has_second_factor

#: What counts as a second factor. Recovery codes stand in for a lost one and are none by themselves.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_set_up(user: User) -> bool:
    """True when the person has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user.pk, type__in=FACTORS).exists()


def is_last(authenticator: Authenticator) -> bool:
    """True when the person would be left without a second factor."""
    others = Authenticator.objects.filter(user=authenticator.user_id, type__in=FACTORS)
    return not others.exclude(pk=authenticator.pk).exists()


def is_code_of(user: User, code: str) -> Authenticator | None:
    """The authenticator app or the recovery codes that `code` belongs to; from now on it is used up."""
    one: Authenticator
    for one in Authenticator.objects.filter(user=user.pk).exclude(type=Authenticator.Type.WEBAUTHN):
        is_app = one.type == Authenticator.Type.TOTP
        if _take(one.pk, code) if is_app else RecoveryCodes(one).validate_code(code):
            return one
    return None


def added(request: HttpRequest, factor: str) -> None:
    """The new factor is on record; who just proved to hold a first one has signed in with it."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - narrows
    record_for(request, Act.FACTOR_ADDED, subject=user, detail={"factor": factor})
    if factor in FACTORS and not has_second_factor(request, user):
        record_authentication(request, user, "mfa", type=factor)


def removed(request: HttpRequest, factor: str) -> None:
    """The factor's end is on record."""
    record_for(request, Act.FACTOR_REMOVED, subject=request.user, detail={"factor": factor})


@transaction.atomic
def _take(pk: int, code: str) -> bool:
    """True once for each code of an app: allauth would remember used ones in each process by itself."""
    app = Authenticator.objects.select_for_update().get(pk=pk)
    data: dict[str, Any] = app.data
    secret = unseal(data["secret"])
    steps = (
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    )
    step = next(steps, 0)
    if step <= data.get("step", 0):
        return False
    # Sealed anew, so that what is used moves on to the newest secret.
    app.data = {**data, "secret": seal(secret), "step": step}
    app.save(update_fields=["data"])
    return True
