"""Idempotency records: reserve a key, and expire records. The API and the forms share them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.crypto import digests
from accounts.models import IdempotencyRecord, User

#: How long a repeated request gets the response of the first.
KEPT_FOR = timedelta(hours=24)


def reserve(user: User, key: str, digest: bytes, *, now: datetime) -> IdempotencyRecord | None:
    """Return the record of an earlier request with this key; None if the key is new and now reserved.

    Call it in the transaction of the act. While the first request with a key is not finished, this waits for
    it, and raises `OperationalError` after the time limit for locks.
    """
    IdempotencyRecord.objects.filter(user=user, key=key, at__lt=now - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            IdempotencyRecord.objects.create(user=user, key=key, request=digest, at=now)
    except IntegrityError:
        return IdempotencyRecord.objects.get(user=user, key=key)
    return None


def request_digests(parts: Sequence[object]) -> list[bytes]:
    """Return the digests of a request under every key, the current one first.

    They are keyed, because names could be found from a plain digest by trying them.
    """
    return [bytes.fromhex(one) for one in digests("request", json.dumps(parts, sort_keys=True))]


def delete_expired() -> int:
    """Delete records older than `KEPT_FOR`. Return how many."""
    return IdempotencyRecord.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
