"""What administrators changed in the help directory, and the figures that they released."""

from __future__ import annotations

from guidance.models.directory import HelpEntry, HelpKind
from guidance.models.statistics import StatisticsRelease

__all__ = ["HelpEntry", "HelpKind", "StatisticsRelease"]
