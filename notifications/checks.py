"""What `manage.py check --deploy` asks of the providers.

With `--deploy` only: Apprise reads all its services, which no other command should wait for.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register(deploy=True)
def providers_can_answer(**_options: Any) -> list[CheckMessage]:
    """Receipts find their way back, and every further service is one that there is."""
    found: list[CheckMessage] = []
    if not settings.IS_HTTPS and {"resend", "twilio"} & {*settings.EMAIL_PROVIDERS, *settings.SMS_PROVIDERS}:
        found.append(
            Error(
                "Receipts come to CTC_BASE_URL, which is not https.",
                hint="Set it to the address that people open, https://…",
                id="notifications.E001",
            )
        )
    from apprise import NotificationManager

    known = NotificationManager()
    found += [
        Error(
            f"CTC_SERVICES names “{name}”, which Apprise does not know.",
            hint="Name services as their addresses begin, such as slack or workflows.",
            id="notifications.E002",
        )
        for name in settings.SERVICES
        if name not in known
    ]
    return found
