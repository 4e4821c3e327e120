"""A real mail server and a real provider for the tests that send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests import ledger as ledgers
from tests import provider as providers
from tests.ledger import Ledger
from tests.provider import Provider

#: What Resend signs with, and Twilio; invented.
RESEND_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TWILIO_TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC00000000000000000000000000000001"


@pytest.fixture
def ledger(tmp_path: Path, settings: Settings) -> Iterator[Ledger]:
    """The mailbox ledger, with Django's mail going to it over SMTP."""
    with ledgers.running(tmp_path / "ledger.jsonl") as (found, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield found


@pytest.fixture
def provider(tmp_path: Path, settings: Settings) -> Iterator[Provider]:
    """The provider of email and SMS, with Resend and Twilio configured to be it."""
    with providers.running(tmp_path / "provider.jsonl") as found:
        settings.RESEND = {"API_KEY": "re_test", "SIGNING_SECRET": RESEND_SECRET, "URL": found.url}
        settings.TWILIO = {
            "ACCOUNT_SID": ACCOUNT,
            "AUTH_TOKEN": TWILIO_TOKEN,
            "FROM": "+18605550199",
            "URL": found.url,
        }
        yield found
