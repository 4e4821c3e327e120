"""Pages for people who have no desk in the admin site."""

from __future__ import annotations
