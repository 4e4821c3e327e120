"""Idempotency records: reserve a key, and expire records. The API and the forms share them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts.crypto import digests
from accounts.isolation import delete_isolated
from accounts.models import IdempotencyRecord, Membership, User

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
            IdempotencyRecord.objects.create(
                user=user, key=key, request=digest, at=now, rights=rights_of(user)
            )
    except IntegrityError:
        return IdempotencyRecord.objects.get(user=user, key=key)
    return None


def request_digests(parts: Sequence[object]) -> list[bytes]:
    """Return the digests of a request under every key, the current one first.

    They are keyed, because names could be found from a plain digest by trying them.
    """
    return [bytes.fromhex(one) for one in digests("request", json.dumps(parts, sort_keys=True))]


def rights_of(user: User) -> str:
    """Return a digest of the roles that the user holds now, each with its agency."""
    held = Membership.objects.filter(user=user).order_by("role", "agency").values_list("role", "agency")
    return hashlib.sha256(repr(list(held)).encode()).hexdigest()


def has_same_rights(stored: IdempotencyRecord) -> bool:
    """Return True if the user of the record still holds the roles of that time.

    Otherwise a person who left an agency could read again what that agency's person was once shown.
    """
    return stored.rights == rights_of(stored.user)


def delete_expired() -> int:
    """Delete records older than `KEPT_FOR`. Return how many."""
    return delete_isolated("stored answer", IdempotencyRecord.objects.filter(at__lt=Now() - KEPT_FOR))
