"""Idempotency keys: a repeated POST does its work once and gets the first response."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection

from django.db import transaction
from django.db.utils import OperationalError
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.problems import FieldError, Problem
from accounts.crypto import decrypt, encrypt
from accounts.models import MAX_KEY, IdempotencyRecord, User
from accounts.services.access import access_log
from accounts.services.access.idempotency import has_same_rights, request_digests, reserve

HEADER = "Idempotency-Key"

#: Response headers that are stored with the response.
_STORED_HEADERS = ("ETag", "Location")

_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY}}}")


def idempotent(
    request: Request, user: User, action: Callable[[], Response], *, check: Callable[[], object]
) -> Response:
    """Return the response of `action`, or for a repeated request the stored first response.

    The key is stored in the transaction of the action: both are committed, or neither. A refused request has
    changed nothing and its key is not stored. A repeated request has the rights of now: `check` raises if the
    action is not permitted any more. Raises `Problem`.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        message = f"Send 1 to {MAX_KEY} visible ASCII characters, new for each act."
        raise Problem("idempotency_key_missing", errors=[FieldError(HEADER, "required", message)])
    digests = _digests(request)
    with transaction.atomic():
        stored = _stored_record(user, key, digests[0])
        if stored is not None:
            check()
            if not has_same_rights(stored):
                raise Problem("not_permitted", "Your roles changed since the first request, which was done.")
            access_log.log_access(request, stored.cases)
            return _replay(stored, digests)
        response = action()
        IdempotencyRecord.objects.filter(user=user, key=key).update(
            status=response.status_code,
            headers={name: response.headers[name] for name in _STORED_HEADERS if name in response.headers},
            # Encrypted: some responses hold a secret.
            body=encrypt(JSONRenderer().render(response.data).decode()).encode(),
            cases=access_log.cases_logged(request),
        )
    return response


def _stored_record(user: User, key: str, digest: bytes) -> IdempotencyRecord | None:
    """Return the record of an earlier request with this key; None if the key is new and now reserved."""
    try:
        return reserve(user, key, digest, now=timezone.now())
    except OperationalError as error:
        # The first request with this key still locks the row.
        raise Problem("in_progress", headers={"Retry-After": "1"}) from error


def _replay(stored: IdempotencyRecord, digests: Collection[bytes]) -> Response:
    if bytes(stored.request) not in digests:
        message = "This key was sent with another request. Use a new key for a new act."
        raise Problem("idempotency_key_reused", errors=[FieldError(HEADER, "reused", message)])
    data = json.loads(decrypt(bytes(stored.body)))
    return Response(data, status=stored.status, headers={**stored.headers, "Idempotent-Replayed": "true"})


def _digests(request: Request) -> list[bytes]:
    """Return the digests of the method, the URL and the parsed body, whatever its whitespace."""
    return request_digests([request.method, request.get_full_path(), request.data])
