"""Forms: days and times as people type them, and one form for each act."""

from __future__ import annotations
