"""The access log and its chain, the enumeration guard, API tokens and idempotency records."""

from __future__ import annotations
