"""Callbacks from providers: delivery receipts, and people's replies to text messages.

These URLs need no sign-in. A callback that is unsigned, stale or repeated is refused and changes nothing.
Logs name the provider and the reason, never a person's number or address.
"""

from __future__ import annotations
