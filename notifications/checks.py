"""System checks of the providers, for `manage.py check --deploy`.

They run with `--deploy` only, because Apprise loads all its services, which takes too long for other
commands.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def providers_can_answer(**_options: Any) -> list[CheckMessage]:
    """Check that receipts can reach us and that Apprise knows every configured service."""
    found: list[CheckMessage] = []
    if not settings.IS_HTTPS and {"resend", "twilio"} & {*settings.EMAIL_PROVIDERS, *settings.SMS_PROVIDERS}:
        found.append(
            Error(
                "Providers send receipts to CTC_BASE_URL, which is not https.",
                hint="Set it to the https:// address that people open.",
                id="notifications.E001",
            )
        )
    from apprise import NotificationManager

    known = NotificationManager()
    found += [
        Error(
            f"CTC_SERVICES names “{name}”, which Apprise does not know.",
            hint="Use the beginnings of Apprise URLs, such as slack or workflows.",
            id="notifications.E002",
        )
        for name in settings.SERVICES
        if name not in known
    ]
    return found
