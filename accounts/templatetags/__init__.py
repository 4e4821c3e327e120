"""What templates of every page ask about signing in."""

from __future__ import annotations
