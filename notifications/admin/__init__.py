"""The admin site's pages of alerts, dispositions, findings, rehearsals, webhooks and what else is here."""

from __future__ import annotations

from notifications.admin import (
    absences,
    alerts,
    dispositions,
    findings,
    ladder,
    rehearsals,
    webhooks,
    wordings,
)

#: Importing the modules registers their pages.
__all__ = [
    "absences",
    "alerts",
    "dispositions",
    "findings",
    "ladder",
    "rehearsals",
    "webhooks",
    "wordings",
]
