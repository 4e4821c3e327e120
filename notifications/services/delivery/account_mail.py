"""Mail about an account itself. It is sent at once, and not as an alert: no one has to acknowledge it."""

from __future__ import annotations

import uuid

from accounts.models import User
from notifications.channels.protocol import Message
from notifications.models import Channel
from notifications.services.delivery import providers

_SUBJECT = "A new password"
_BODY = """\
Someone asked for a new password for your account. If it was you, open this link within 30 minutes:

{link}

You then need your second factor. If it was not you, you can ignore this message.
"""


def mail_reset_link(user: User, link: str, **_signal: object) -> None:
    """Mail the link through the first provider that works."""
    message = Message(
        key=f"reset-{uuid.uuid4()}", address=user.email, subject=_SUBJECT, body=_BODY.format(link=link)
    )
    list(providers.send(Channel.EMAIL, [message], begin=lambda _provider, waiting: waiting))
