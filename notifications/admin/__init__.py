"""The admin site's pages of absences, alerts, findings, escalation steps and message wordings."""

from __future__ import annotations

from notifications.admin import absences, alerts, findings, ladder, wordings

#: Importing the modules registers their pages.
__all__ = ["absences", "alerts", "findings", "ladder", "wordings"]
