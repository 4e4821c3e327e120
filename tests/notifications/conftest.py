"""A real provider for the tests that send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests import provider as providers
from tests.provider import Provider

#: What Resend signs with, and Twilio; invented.
RESEND_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TWILIO_TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC00000000000000000000000000000001"


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
