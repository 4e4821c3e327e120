"""Template tags about sign-in, used on every page."""

from __future__ import annotations
