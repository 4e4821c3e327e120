"""A POST that is repeated does its work once, and is answered as it was the first time."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.utils import OperationalError
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from accounts.api.problems import Fault, Problem
from accounts.crypto import seal, unseal
from accounts.models import MAX_KEY, KeptAnswer, User
from accounts.services import audit
from accounts.services.answers import KEPT_FOR

HEADER = "Idempotency-Key"

#: Headers of the answer that are kept with it.
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")

_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_KEY}}}")


def once(request: Request, user: User, do: Callable[[], HttpResponse]) -> HttpResponse:
    """What `do` answers; for a repetition of the request, what it answered the first time.

    The key is kept in the transaction of the work itself: both are there or neither. What was refused has
    done nothing and keeps no key. Raises `Problem`.
    """
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        fault = Fault(HEADER, "required", f"Send 1 to {MAX_KEY} visible ASCII characters, new for each act.")
        raise Problem("idempotency_key_missing", faults=[fault])
    asked = _digest(request)
    now = timezone.now()
    with transaction.atomic():
        KeptAnswer.objects.filter(user=user, key=key, at__lt=now - KEPT_FOR).delete()
        kept = _kept(user, key, asked)
        if kept is not None:
            audit.seen(request, kept.cases)
            return _repeated(kept, asked)
        answer = do()
        KeptAnswer.objects.filter(user=user, key=key).update(
            status=answer.status_code,
            headers={name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers},
            # Some answers show a secret.
            body=seal(answer.content.decode()).encode(),
            cases=audit.cases_seen(request),
        )
    return answer


def _kept(user: User, key: str, asked: bytes) -> KeptAnswer | None:
    """The answer that was kept for the key; None when it is this request's now."""
    try:
        with transaction.atomic():
            KeptAnswer.objects.create(user=user, key=key, request=asked, at=timezone.now())
    except IntegrityError:
        return KeptAnswer.objects.get(user=user, key=key)
    except OperationalError as error:
        # The first request with this key still holds the row.
        raise Problem("in_progress", headers={"Retry-After": "1"}) from error
    return None


def _repeated(kept: KeptAnswer, asked: bytes) -> HttpResponse:
    if bytes(kept.request) != asked:
        fault = Fault(HEADER, "reused", "This key came with another request. Use a new one for a new act.")
        raise Problem("idempotency_key_reused", faults=[fault])
    answer = HttpResponse(unseal(bytes(kept.body)), status=kept.status, headers=kept.headers)
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _digest(request: Request) -> bytes:
    """What was asked: method, address and what the body says, however it is spaced."""
    asked = [request.method, request.get_full_path(), request.data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()
