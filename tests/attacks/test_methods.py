"""No page answers a method that it does not know, whether or not its row is there."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.attacks.test_hostile_pages import addresses


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "CONNECT"])
def test_no_page_takes_another_method_for_a_get(method: str) -> None:
    client, answered = Client(raise_request_exception=False), {}
    for address in addresses("1"):
        answer = client.generic(method, address)
        if answer.status_code != 405 or answer.content:
            answered[address] = answer.status_code
        assert "frame-ancestors" in answer.headers["Content-Security-Policy"]

    assert not answered
    assert client.generic(method, "/api/v1/orders").status_code in (401, 405)
