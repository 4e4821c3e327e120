"""People, agencies, sign-in and user administration."""

from __future__ import annotations
