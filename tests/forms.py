"""What tests read of the forms in pages."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.test import Client


def keys_of(answer: Any) -> dict[str, str]:
    """The hidden one-time keys of the first form of a page."""
    page = answer.content.decode()
    found = re.findall(r'<input type="hidden" name="(form_\w+)" value="([^"]*)">', page)
    assert found, "the page has a form with a key"
    keys: dict[str, str] = {}
    for name, value in found:
        keys.setdefault(name, unescape(value))
    return keys


def opened(client: Client, address: str) -> dict[str, str]:
    """The keys of the form at an address."""
    return keys_of(client.get(address))
