"""The admin site of the pages without sign-in."""

from __future__ import annotations

from guidance.admin.directory import HelpEntryAdmin

__all__ = ["HelpEntryAdmin"]
