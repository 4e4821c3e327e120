"""Every write of this app."""

from __future__ import annotations
