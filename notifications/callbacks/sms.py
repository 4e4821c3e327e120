"""What became of SMS, and what people wrote back, as Twilio tells it."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from notifications.callbacks.frame import RefusedError, callback, once
from notifications.services import receipts, stops
from notifications.services.answers import acknowledge_by_code
from notifications.services.receipts import Outcome

_TWILIO = "twilio"

_ARRIVED = frozenset({"delivered", "read"})
_LOST = frozenset({"undelivered", "failed", "canceled"})
#: Twilio's codes for what another day may mend: queue full, handset off, a reason unknown, the carrier
#: congested, the rate or the day's amount used up, the carrier too slow. Every other code is final.
_TEMPORARY = frozenset({"30001", "30003", "30008", "30017", "30022", "30023", "30410"})
#: The person stopped messages by a word that Twilio heard.
_UNSUBSCRIBED = "21610"

#: Words that stop and resume messages, without what people write around them.
STOP = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ALTO", "PARAR"}
)
RESUME = frozenset({"START", "YES", "UNSTOP"})
#: Letters of an answer code, at the most; what is longer is a letter, and nobody reads it.
_LONGEST_CODE = 20

_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@callback
def status(request: HttpRequest, key: UUID) -> HttpResponse:
    """What became of the SMS with this key, as Twilio tells it."""
    _signed(request)
    said, code = request.POST.get("MessageStatus", ""), request.POST.get("ErrorCode", "")
    now = timezone.now()
    if code == _UNSUBSCRIBED and (number := request.POST.get("To")):
        stops.stop(number, now)
    outcome = _outcome(said, code)
    if outcome is not None:
        receipts.record(
            _TWILIO,
            ref=request.POST.get("MessageSid", ""),
            key=str(key),
            outcome=outcome,
            reason=code if code.isdecimal() else "",
            now=now,
        )
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _outcome(status: str, code: str) -> Outcome | None:
    """None for what is on its way."""
    if status in _ARRIVED:
        return Outcome.DELIVERED
    if status in _LOST:
        return Outcome.UNDELIVERED if code in _TEMPORARY else Outcome.FAILED
    return None


@callback
def inbound(request: HttpRequest) -> HttpResponse:
    """What a person wrote back: a word that stops or resumes messages, or an answer code; no answer to it."""
    _signed(request)
    number, word = request.POST.get("From", ""), re.sub(r"[\W_]", "", request.POST.get("Body", "")).upper()
    # Where the account has words of its own, Twilio says which it was.
    said = request.POST.get("OptOutType", "").upper()
    now = timezone.now()
    if said == "STOP" or word in STOP:
        stops.stop(number, now)
    elif said == "START" or word in RESUME:
        stops.resume(number)
    elif word and len(word) <= _LONGEST_CODE:
        acknowledge_by_code(number, word, now=now)
    return HttpResponse(_EMPTY, content_type="text/xml")


def _signed(request: HttpRequest) -> None:
    """Raises `RefusedError` for what Twilio did not sign, or signed and has told before.

    The signature is over the address that was called and everything that was said, so that only the very
    same callback has it again. It holds no time: one is remembered for as long as the table is kept.
    """
    token = settings.TWILIO["AUTH_TOKEN"]
    if not token:
        raise RefusedError(_TWILIO, "not used here")
    expected = signature(
        f"{settings.BASE_URL}{request.get_full_path()}",
        {name: request.POST.getlist(name) for name in request.POST},
        token,
    )
    given = request.headers.get("X-Twilio-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise RefusedError(_TWILIO, "not signed")
    once(_TWILIO, expected)


def signature(url: str, said: dict[str, list[str]], token: str) -> str:
    """Twilio's signature: HMAC-SHA1 over the URL and every name with its values, in the names' order."""
    pairs = (f"{name}{value}" for name in sorted(said) for value in sorted(set(said[name])))
    signed = f"{url}{''.join(pairs)}".encode()
    return b64encode(hmac.new(token.encode(), signed, hashlib.sha1).digest()).decode()
