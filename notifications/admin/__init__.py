"""The admin site's pages of absences, alerts, findings, escalation steps, rehearsals and message wordings."""

from __future__ import annotations

from notifications.admin import absences, alerts, findings, ladder, rehearsals, wordings

#: Importing the modules registers their pages.
__all__ = ["absences", "alerts", "findings", "ladder", "rehearsals", "wordings"]
