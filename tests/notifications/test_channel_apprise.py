"""Any further service, through Apprise and over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from notifications.channels import apprise as channel
from notifications.channels.apprise import AppriseChannel, check
from notifications.channels.protocol import Answer, Message, Sent
from notifications.channels.webhook import UnfitError
from tests.ledger import free_port
from tests.notifications.hook_server import HookServer, running


@pytest.fixture
def service(settings: Settings) -> Iterator[HookServer]:
    settings.SERVICES = ["json"]
    with running() as found:
        yield found


def sent(*addresses: str) -> list[Sent]:
    return list(
        AppriseChannel().send(
            [
                Message(key="k", address=one, subject="A notice", body="A notice is waiting.")
                for one in addresses
            ]
        )
    )


def test_a_message_reaches_the_service(service: HookServer) -> None:
    assert sent(f"json://127.0.0.1:{service.port}/hook") == [Sent(answer=Answer.ACCEPTED)]

    (told,) = service.told
    assert told.path == "/hook"
    assert b'"title": "A notice", "message": "A notice is waiting."' in told.body


def test_what_the_channel_says_of_itself() -> None:
    one = AppriseChannel()

    assert (one.name, one.keeps_keys, one.tells) == ("apprise", None, False)


@pytest.mark.parametrize("options", ["", "?retry=3", "?redirect=yes", "?optional=yes", "?verify=no"])
def test_a_failure_is_a_doubt_and_is_tried_once_whatever_the_address_asks_for(
    options: str, service: HookServer
) -> None:
    service.answers = [302, 500, 500, 500]
    service.headers = {"Location": f"http://127.0.0.1:{service.port}/elsewhere"}

    [answer] = sent(f"json://127.0.0.1:{service.port}/{options}")

    assert answer == Sent(answer=Answer.IN_DOUBT, error="the service: failure")
    assert len(service.told) == 1


def test_the_trouble_of_one_service_does_not_hold_up_the_others(service: HookServer) -> None:
    answers = sent(f"json://127.0.0.1:{free_port()}/", f"json://127.0.0.1:{service.port}/")

    assert [one.answer for one in answers] == [Answer.IN_DOUBT, Answer.ACCEPTED]


def test_a_service_that_drips_is_cut(service: HookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "TIMEOUT", 0.3)
    service.trickle = 0.05
    began = time.monotonic()

    [answer] = sent(f"json://127.0.0.1:{service.port}/")

    assert answer == Sent(answer=Answer.IN_DOUBT, error="the service: timeout")
    assert time.monotonic() - began < 2


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
    with pytest.raises(UnfitError) as refused:
        check(url)

    assert refused.value.code == code
    assert sent(url) == [Sent(answer=Answer.REFUSED, error=f"the address is not fit: {code}")]


@pytest.mark.parametrize(
    ("url", "code"), [("jsons://127.0.0.1/", "not_public"), ("json://198.51.100.1/", "not_https")]
)
def test_no_message_goes_into_our_own_network_or_unsealed(
    url: str, code: str, service: HookServer, settings: Settings
) -> None:
    settings.SERVICES, settings.IS_LOCAL = ["json", "jsons"], False

    with pytest.raises(UnfitError) as refused:
        check(url)

    assert refused.value.code == code


def test_nobody_is_named_in_a_log(service: HookServer, caplog: pytest.LogCaptureFixture) -> None:
    """The settings silence the library; it would say whom it told, and whom it could not."""
    service.answers = [200, 500]

    sent(*[f"json://officer:word@127.0.0.1:{service.port}/"] * 2, f"json://127.0.0.1:{free_port()}/")

    assert len(service.told) == 2
    assert "127.0.0.1" not in caplog.text
