"""Delivery receipts for text messages, and people's replies, from Twilio."""

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

from notifications.callbacks.base import CallbackRefusedError, callback, refuse_repeat
from notifications.services.acknowledgments import acknowledge_by_code
from notifications.services.contacts.stopping import ask_after_stop
from notifications.services.delivery import receipts, sms_opt_out
from notifications.services.delivery.receipts import ReceiptOutcome

_TWILIO = "twilio"

_DELIVERED = frozenset({"delivered", "read"})
_FAILED = frozenset({"undelivered", "failed", "canceled"})
#: Twilio's codes for temporary failures: queue full, phone off, unknown reason, carrier congested, rate or
#: daily limit reached, carrier too slow; and for trouble of our own account or text: suspended, filtered, not
#: registered. Every other code is final.
_TEMPORARY = frozenset(
    {"30001", "30003", "30008", "30017", "30022", "30023", "30410"}
    | {"30002", "30007", "30024", "30032", "30034", "30035"}
)
#: The person opted out with a word that Twilio recognized.
_UNSUBSCRIBED = "21610"

#: Words that stop and resume messages, without punctuation and spaces.
STOP = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "ALTO", "PARAR"}
)
RESUME = frozenset({"START", "YES", "UNSTOP"})
#: The longest reply, in characters, that can be an answer code. A longer reply is ignored.
_LONGEST_CODE = 20

_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@callback
def status(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record the receipt of the text message with this key."""
    _verify(request)
    state, code = request.POST.get("MessageStatus", ""), request.POST.get("ErrorCode", "")
    now = timezone.now()
    if code == _UNSUBSCRIBED and (number := request.POST.get("To")):
        sms_opt_out.opt_out(number, now)
    outcome = _outcome(state, code)
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


def _outcome(state: str, code: str) -> ReceiptOutcome | None:
    """Return the outcome; None while the message is on its way."""
    if state in _DELIVERED:
        return ReceiptOutcome.DELIVERED
    if state in _FAILED:
        return ReceiptOutcome.UNDELIVERED if code in _TEMPORARY else ReceiptOutcome.FAILED
    return None


@callback
def inbound(request: HttpRequest) -> HttpResponse:
    """Process a reply: a word that stops or resumes messages, or an answer code. Send no reply to it."""
    _verify(request)
    number, word = request.POST.get("From", ""), re.sub(r"[\W_]", "", request.POST.get("Body", "")).upper()
    # If the Twilio account defines its own words, Twilio reports which kind of word it was.
    opt_out_type = request.POST.get("OptOutType", "").upper()
    now = timezone.now()
    if opt_out_type == "STOP" or word in STOP:
        sms_opt_out.opt_out(number, now)
        ask_after_stop(number, now=now)
    elif opt_out_type == "START" or word in RESUME:
        sms_opt_out.opt_in(number)
    elif word and len(word) <= _LONGEST_CODE:
        acknowledge_by_code(number, word, now=now)
    return HttpResponse(_EMPTY, content_type="text/xml")


def _verify(request: HttpRequest) -> None:
    """Raise `CallbackRefusedError` for a callback that Twilio did not sign, or sent before.

    The signature covers the URL and every parameter, so only an identical callback has the same one. It
    contains no time: repeats are recognized for as long as the table of callbacks keeps its rows.
    """
    token = settings.TWILIO["AUTH_TOKEN"]
    if not token:
        raise CallbackRefusedError(_TWILIO, "not used here")
    expected = signature(
        f"{settings.BASE_URL}{request.get_full_path()}",
        {name: request.POST.getlist(name) for name in request.POST},
        token,
    )
    given = request.headers.get("X-Twilio-Signature", "")
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise CallbackRefusedError(_TWILIO, "not signed")
    refuse_repeat(_TWILIO, expected)


def signature(url: str, parameters: dict[str, list[str]], token: str) -> str:
    """Return Twilio's signature: HMAC-SHA1 over the URL and each name with its values, sorted by name."""
    pairs = (f"{name}{value}" for name in sorted(parameters) for value in sorted(set(parameters[name])))
    signed = f"{url}{''.join(pairs)}".encode()
    return b64encode(hmac.new(token.encode(), signed, hashlib.sha1).digest()).decode()
