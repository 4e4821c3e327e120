"""The record of who did and saw what."""

from __future__ import annotations

from typing import Any

from accounts.models import Act, AuditEntry, Door


def record(act: Act, door: Door, **facts: Any) -> AuditEntry:
    """The act is on record, in the transaction that is open. `facts` are the entry's other fields."""
    return AuditEntry.objects.create(act=act, door=door, **facts)
