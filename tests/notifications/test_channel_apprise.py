"""Any further service, through Apprise and over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications.channels import apprise as channel
from notifications.channels.apprise import AppriseChannel, check
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.public_url import UrlNotAllowedError
from tests.ledger import free_port
from tests.notifications.hook_server import HookServer, running


@pytest.fixture
def service(settings: Settings) -> Iterator[HookServer]:
    settings.SERVICES = ["json"]
    with running() as found:
        yield found


def sent(*addresses: str) -> list[SendResult]:
    return list(
        AppriseChannel().send(
            [
                Message(key="k", address=one, subject="A notice", body="A notice is waiting.")
                for one in addresses
            ]
        )
    )


def test_a_message_reaches_the_service(service: HookServer) -> None:
    assert sent(f"json://127.0.0.1:{service.port}/hook") == [SendResult(status=SendStatus.ACCEPTED)]

    (request,) = service.requests
    assert request.path == "/hook"
    assert b'"title": "A notice", "message": "A notice is waiting."' in request.body


def test_the_properties_of_the_channel() -> None:
    one = AppriseChannel()

    assert (one.name, one.idempotency_window, one.receipts_carry_key) == ("apprise", None, False)


@pytest.mark.parametrize("options", ["", "?retry=3", "?redirect=yes", "?optional=yes", "?verify=no"])
def test_a_failure_is_a_doubt_and_is_tried_once_whatever_the_address_asks_for(
    options: str, service: HookServer
) -> None:
    service.answers = [302, 500, 500, 500]
    service.headers = {"Location": f"http://127.0.0.1:{service.port}/elsewhere"}

    [answer] = sent(f"json://127.0.0.1:{service.port}/{options}")

    assert answer == SendResult(status=SendStatus.IN_DOUBT, error="the service: failure")
    assert len(service.requests) == 1


def test_the_trouble_of_one_service_does_not_hold_up_the_others(service: HookServer) -> None:
    answers = sent(f"json://127.0.0.1:{free_port()}/", f"json://127.0.0.1:{service.port}/")

    assert [one.status for one in answers] == [SendStatus.IN_DOUBT, SendStatus.ACCEPTED]


def test_a_service_that_drips_is_cut(service: HookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.3)
    service.trickle = 0.05
    began = time.monotonic()

    [answer] = sent(f"json://127.0.0.1:{service.port}/")

    assert answer == SendResult(status=SendStatus.IN_DOUBT, error="the service: timeout")
    # It would take most of a minute.
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("slack://TokenA/TokenB/TokenC", "unknown_service"),
        ("file:///etc/passwd", "unknown_service"),
        ("json://", "invalid"),
        ("", "unknown_service"),
    ],
)
def test_what_is_no_address_of_a_service_in_use_is_refused(url: str, code: str, service: HookServer) -> None:
    with pytest.raises(UrlNotAllowedError) as refused:
        check(url)

    assert refused.value.code == code
    status = SendStatus.DEFERRED if code == "unknown_service" else SendStatus.REFUSED
    assert sent(url) == [SendResult(status=status, error=f"address not allowed: {code}")]


def test_a_name_server_that_is_down_is_not_final(service: HookServer) -> None:
    assert sent("json://nowhere.invalid/") == [
        SendResult(status=SendStatus.DEFERRED, error="address not allowed: unknown_host")
    ]


@pytest.mark.parametrize(
    ("url", "code"), [("jsons://127.0.0.1/", "not_public"), ("json://198.51.100.1/", "not_https")]
)
def test_no_message_goes_into_our_own_network_or_unsealed(
    url: str, code: str, service: HookServer, settings: Settings
) -> None:
    settings.SERVICES, settings.IS_LOCAL = ["json", "jsons"], False

    with pytest.raises(UrlNotAllowedError) as refused:
        check(url)

    assert refused.value.code == code


def test_logs_contain_no_address(service: HookServer, caplog: pytest.LogCaptureFixture) -> None:
    """The settings silence the library, whose logs contain the recipients."""
    service.answers = [200, 500]

    sent(*[f"json://officer:word@127.0.0.1:{service.port}/"] * 2, f"json://127.0.0.1:{free_port()}/")

    assert len(service.requests) == 2
    assert "127.0.0.1" not in caplog.text
