"""Security headers that every response has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.accounts.test_second_factor import settings_with

pytestmark = pytest.mark.django_db

TEMPLATES = Path("ctcompliance/templates")


@pytest.mark.parametrize(
    "address", ["/sign-in/", "/", "/no-such-page/", "/healthz", "/admin/", "/static/ctcompliance/site.css"]
)
def test_every_response_has_the_policies(address: str, client: Client) -> None:
    answer = client.get(address)
    # A file is streamed and stays open until the response is closed.
    answer.close()
    headers = answer.headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy, "the default holds for scripts"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]


def test_no_template_has_inline_scripts_or_styles() -> None:
    found = list(Path().glob("*/templates/**/*.html"))
    assert len(found) > 20
    for template in found:
        text = template.read_text()
        for script in re.findall(r"<script\b([^>]*)>", text):
            assert "src=" in script or 'type="application/json"' in script, template
        assert not re.search(r"<style\b|\bstyle=|\son\w+=\"", text), template


def test_production_is_https_only() -> None:
    found = settings_with({})

    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]
