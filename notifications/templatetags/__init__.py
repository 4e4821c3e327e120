"""Template tags of pages with alerts."""

from __future__ import annotations
