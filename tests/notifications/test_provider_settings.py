"""Providers are configured completely or not at all, and errors are reported at startup."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from notifications.checks import providers_can_answer
from tests.accounts.test_second_factor import settings_with

RESEND = {
    "CTC_EMAIL_PROVIDERS": "resend,smtp",
    "CTC_RESEND_API_KEY": "re_1",
    "CTC_RESEND_SIGNING_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
TWILIO = {
    "CTC_SMS_PROVIDERS": "twilio",
    "CTC_TWILIO_ACCOUNT_SID": "AC1",
    "CTC_TWILIO_AUTH_TOKEN": "token",
    "CTC_TWILIO_FROM": "+18605550199",
}


def test_by_default_email_goes_over_smtp_and_nothing_else_anywhere() -> None:
    found = settings_with({})

    assert (found["EMAIL_PROVIDERS"], found["SMS_PROVIDERS"], found["SERVICES"]) == (["smtp"], [], [])


def test_complete_configuration_is_read_from_the_environment() -> None:
    found = settings_with(RESEND | TWILIO | {"CTC_SERVICES": "slack,workflows"})

    assert found["EMAIL_PROVIDERS"] == ["resend", "smtp"]
    assert found["SMS_PROVIDERS"] == ["twilio"]
    assert found["SERVICES"] == ["slack", "workflows"]
    assert found["RESEND"]["URL"] == "https://api.resend.com"
    assert found["TWILIO"]["URL"] == "https://api.twilio.com"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"CTC_EMAIL_PROVIDERS": "pigeon"}, "CTC_EMAIL_PROVIDERS: unknown or repeated .* smtp, resend"),
        ({"CTC_EMAIL_PROVIDERS": "smtp,smtp"}, "CTC_EMAIL_PROVIDERS: unknown or repeated"),
        ({"CTC_EMAIL_PROVIDERS": ""}, "CTC_EMAIL_PROVIDERS: empty"),
        ({"CTC_SMS_PROVIDERS": "resend"}, "CTC_SMS_PROVIDERS: unknown or repeated .* twilio"),
        (RESEND | {"CTC_RESEND_API_KEY": ""}, "CTC_RESEND_API_KEY: missing"),
        (RESEND | {"CTC_RESEND_SIGNING_SECRET": ""}, "CTC_RESEND_SIGNING_SECRET: missing"),
        (RESEND | {"CTC_RESEND_SIGNING_SECRET": "word"}, "CTC_RESEND_SIGNING_SECRET: invalid"),
        (RESEND | {"CTC_RESEND_URL": "http://a.example"}, "CTC_RESEND_URL: not https"),
        (TWILIO | {"CTC_TWILIO_ACCOUNT_SID": ""}, "CTC_TWILIO_ACCOUNT_SID: missing"),
        (TWILIO | {"CTC_TWILIO_AUTH_TOKEN": ""}, "CTC_TWILIO_AUTH_TOKEN: missing"),
        (TWILIO | {"CTC_TWILIO_FROM": ""}, "CTC_TWILIO_FROM: missing"),
        (TWILIO | {"CTC_TWILIO_FROM": "860 555 0199"}, "CTC_TWILIO_FROM: invalid"),
        (TWILIO | {"CTC_TWILIO_URL": "http://a.example"}, "CTC_TWILIO_URL: not https"),
    ],
)
def test_an_error_names_the_variable(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        settings_with(wrong)


def test_the_deployment_check_asks_whether_receipts_find_us(settings: Settings) -> None:
    assert providers_can_answer() == []

    settings.EMAIL_PROVIDERS, settings.IS_HTTPS = ["resend"], False
    assert [one.id for one in providers_can_answer()] == ["notifications.E001"]
    settings.IS_HTTPS = True
    assert providers_can_answer() == []


def test_the_deployment_check_asks_whether_services_are_known(settings: Settings) -> None:
    settings.SERVICES = ["slack", "pigeon", "workflows"]

    (error,) = providers_can_answer()

    assert (error.id, "“pigeon”" in error.msg) == ("notifications.E002", True)
