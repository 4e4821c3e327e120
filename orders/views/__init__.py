"""Pages for people who do not use the admin site."""

from __future__ import annotations
