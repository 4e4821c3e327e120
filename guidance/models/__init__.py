"""What administrators changed in the help directory."""

from __future__ import annotations

from guidance.models.directory import HelpEntry, HelpKind

__all__ = ["HelpEntry", "HelpKind"]
