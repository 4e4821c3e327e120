"""The admin site of the pages without sign-in."""

from __future__ import annotations

from guidance.admin.directory import HelpEntryAdmin
from guidance.admin.statistics import StatisticsReleaseAdmin

__all__ = ["HelpEntryAdmin", "StatisticsReleaseAdmin"]
