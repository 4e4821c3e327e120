"""Mail servers that answer anything at any stage: what it means for the message, over a real connection."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from notifications.channels import smtp_backend
from notifications.channels.email import SmtpChannel
from notifications.channels.protocol import Message, SendResult, SendStatus
from notifications.channels.sequential import MOST_IN_A_ROW
from tests import rude_smtp
from tests.rude_smtp import Act, RudeServer

ADDRESS = "officer@orders.example"
#: Seconds that a session may wait, instead of those of the product.
SHORT, LONGER = 0.25, 0.5

#: Stages before the message leaves.
BEFORE = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA")
CODES = [421, 450, 451, 452, 454, 471, 500, 502, 503, 504, 521, 523, 530, 534, 535, 538]
CODES += [550, 551, 552, 553, 554, 556]
#: Codes to RCPT which by themselves name the mailbox.
OF_MAILBOX = {550, 551, 553, 554, 556}
#: Codes to RCPT which by themselves leave open whose trouble it is: the recipient's server, for now.
OF_LATER = {450, 451, 452, 471}

UNSENT = {SendStatus.DEFERRED, SendStatus.UNREACHABLE}


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[RudeServer]:
    monkeypatch.setattr(smtp_backend, "ANSWER_WITHIN", LONGER)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT = SHORT
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    with rude_smtp.running() as (found, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield found


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as found:
            found.bind(("::1", 0))
    except OSError:
        return False
    return True


def message(address: str = ADDRESS) -> Message:
    return Message(key=str(uuid4()), address=address, subject="A notice", body="It waits.\n")


def sent(*messages: Message) -> list[SendResult]:
    return list(SmtpChannel().send(messages or [message()]))


@pytest.mark.parametrize("stage", [*BEFORE, "END"])
def test_a_bare_code_fails_a_message_only_where_it_names_the_mailbox(stage: str, server: RudeServer) -> None:
    for code in CODES:
        server.answer(stage, f"{code} no")

        [result] = sent()

        if stage == "RCPT" and code in OF_MAILBOX:
            assert result.status is SendStatus.REFUSED, code
        else:
            assert result.status in UNSENT, code
            assert result.is_not_recipient or (stage == "RCPT" and code in OF_LATER), code
        assert ADDRESS not in result.error, code


#: No answer at all, an empty line, no code, no end, a code that does not exist, a line that is too long.
BROKEN: tuple[str | Act, ...] = (*Act, "", "gibberish here", "250-without an end", "999 odd", "2" * 9000)


@pytest.mark.parametrize("stage", BEFORE)
def test_what_breaks_before_the_message_is_no_doubt(stage: str, server: RudeServer) -> None:
    for answer in BROKEN:
        server.answer(stage, answer)
        began = time.monotonic()

        first, second = sent(message(), message())

        assert time.monotonic() - began < 5, "no server holds a sender"
        assert first.status in UNSENT, answer
        assert (first.is_not_recipient, server.taken) == (True, []), answer
        assert second.status is not SendStatus.ACCEPTED, answer
        assert ADDRESS not in first.error, answer


def test_what_breaks_after_the_message_is_a_doubt(server: RudeServer) -> None:
    for answer in BROKEN:
        server.answer("END", answer)
        server.taken.clear()
        began = time.monotonic()

        first, second = sent(message(), message())

        assert time.monotonic() - began < 5
        assert (first.status, first.is_provider_fault) == (SendStatus.IN_DOUBT, True), answer
        assert (second.status, len(server.taken)) == (SendStatus.UNTRIED, 1), answer


@pytest.mark.parametrize("reply", ["200 fine", "251 forwarded", "250-two\r\n250 lines"])
def test_any_reply_that_accepts_the_message_is_taken_as_one(reply: str, server: RudeServer) -> None:
    server.answers = {"END": reply}

    assert sent()[0].status is SendStatus.ACCEPTED


OF_US = (
    "450 4.7.25 Client host rejected: cannot find your hostname",
    "450 4.7.1 Client host rejected: cannot find your reverse hostname",
    "450 4.1.8 <notices@orders.example>: Sender address rejected: Domain not found",
    "451 4.3.5 Server configuration error",
    "451 Temporary local problem - please try later",
    "452 Insufficient system storage",
    "550 5.1.0 sender rejected",
    "550 Administrative prohibition",
    "550 Access denied",
    "550 Verification failed",
    "550 not local host orders.example, not a gateway",
    "550 cannot resolve your domain",
    "550 Connections from this host are not accepted",
    "552 5.2.3 message length exceeds administrative limit",
    "550 5.4.1 Recipient address rejected: Access denied",
    "550 insufficient permission",
    "554 Service unavailable; Client host [192.0.2.7] blocked",
    "471 Sender policy",
)


@pytest.mark.parametrize("reply", OF_US)
def test_a_refusal_of_us_to_a_recipient_waits_for_no_recipient(reply: str, server: RudeServer) -> None:
    server.answers = {"RCPT": reply}

    [result] = sent()

    assert (result.status, result.is_not_recipient) == (SendStatus.DEFERRED, True)


OF_A_RECIPIENT = (
    "550 Unknown host",
    "550 5.1.1 <officer@orders.example>: User unknown in relay recipient table",
    "550 5.1.0 Address unknown",
    "550 5.2.1 The account is disabled",
    "551 User not local",
    "553 5.1.3 bad address syntax",
)


@pytest.mark.parametrize("reply", OF_A_RECIPIENT)
def test_a_refusal_of_the_recipient_is_one(reply: str, server: RudeServer) -> None:
    server.answers = {"RCPT": reply}

    assert sent()[0].status is SendStatus.REFUSED


@pytest.mark.parametrize("reply", ["450 4.7.1 Greylisted, see greylist.example", "450 4.2.0 graylisted"])
def test_a_server_that_asks_to_come_back_is_the_recipients(reply: str, server: RudeServer) -> None:
    server.answers = {"RCPT": reply}

    [result] = sent()

    assert (result.status, result.is_not_recipient) == (SendStatus.DEFERRED, False)


def test_a_server_that_puts_off_every_recipient_is_in_trouble_itself(server: RudeServer) -> None:
    server.answers = {"RCPT": "450 later"}

    answers = sent(*[message(f"officer{number}@orders.example") for number in range(MOST_IN_A_ROW + 1)])

    assert [one.is_provider_fault for one in answers] == [False, False, True, False]
    assert answers[-1].status is SendStatus.UNTRIED
    again = sent(*[message() for _ in range(MOST_IN_A_ROW + 1)])
    assert not any(one.is_provider_fault for one in again), "one full mailbox is that mailbox's"


@pytest.mark.parametrize("reply", ["454 4.7.0 TLS not available", "500 5.5.1 unknown", "502 no", "503 order"])
def test_a_server_without_encryption_gets_no_message(
    reply: str, server: RudeServer, settings: Settings
) -> None:
    settings.EMAIL_USE_TLS = True
    server.answers = {"EHLO": "250-mail.example\r\n250 STARTTLS", "STARTTLS": reply}

    [result] = sent()

    assert (result.status, result.is_provider_fault, server.taken) == (SendStatus.UNREACHABLE, True, [])


def test_encryption_that_is_taken_out_on_the_way_is_noticed(server: RudeServer, settings: Settings) -> None:
    settings.EMAIL_USE_TLS = True

    [result] = sent()

    assert (result.status, result.refuses_us, server.taken) == (SendStatus.UNREACHABLE, True, [])


def certificate(folder: Path, *, days: int, name: str = "localhost") -> ssl.SSLContext:
    """A certificate of no known authority."""
    key, made = folder / "key.pem", folder / "made.pem"
    options = ["-subj", f"/CN={name}", "-days", str(days), "-addext", f"subjectAltName=DNS:{name}"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, *options],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


def test_a_certificate_that_does_not_verify_gets_no_message_and_no_password(
    server: RudeServer, settings: Settings, tmp_path: Path
) -> None:
    settings.EMAIL_USE_TLS = True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "only-for-tests"
    server.answers = {"EHLO": "250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN"}
    server.tls = certificate(tmp_path, days=1)

    [result] = sent()

    assert (result.status, result.refuses_us, server.taken) == (SendStatus.UNREACHABLE, True, [])
    assert "SSL" in result.error


@pytest.mark.parametrize("code", [421, 432, 450, 454, 500, 504, 530, 534, 535, 538, 550, 554])
def test_a_sign_in_that_is_refused_fails_no_message(
    code: int, server: RudeServer, settings: Settings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "only-for-tests"
    server.answers = {"EHLO": "250-mail.example\r\n250 AUTH PLAIN", "AUTH": f"{code} no"}

    [result] = sent()

    assert (result.status, result.is_provider_fault, server.taken) == (SendStatus.UNREACHABLE, True, [])


@pytest.mark.parametrize("host", ["nowhere.invalid", "", "bad host", "x" * 300, "192.0.2.1"])
def test_a_host_that_is_not_there_is_given_up_in_time(
    host: str, server: RudeServer, settings: Settings
) -> None:
    settings.EMAIL_HOST = host
    began = time.monotonic()

    [result] = sent()

    assert (result.status in UNSENT, result.is_provider_fault) == (True, True)
    assert time.monotonic() - began < 5


def test_many_addresses_that_do_not_answer_take_the_time_of_one(
    server: RudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(where: tuple[str, int], timeout: float, *_: object) -> socket.socket:
        time.sleep(timeout / 2)
        raise TimeoutError

    monkeypatch.setattr(smtp_backend, "resolve", lambda *_: [f"192.0.2.{one}" for one in range(1, 60)])
    monkeypatch.setattr(socket, "create_connection", slow)
    began = time.monotonic()

    [result] = sent()

    assert result.status is SendStatus.UNREACHABLE
    assert time.monotonic() - began < 3 * SHORT


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_a_server_with_an_address_of_version_six_only_is_reached(
    settings: Settings, server: RudeServer
) -> None:
    with rude_smtp.running(host="::1") as (found, port):
        settings.EMAIL_HOST, settings.EMAIL_PORT = "::1", port

        [result] = sent()

    assert (result.status, len(found.taken)) == (SendStatus.ACCEPTED, 1)


def test_the_probe_is_held_by_no_server(server: RudeServer) -> None:
    for stage in ("GREETING", "EHLO", "MAIL", "RSET", "QUIT"):
        server.answer(stage, Act.DRIP)
        began = time.monotonic()

        SmtpChannel().probe()

        assert time.monotonic() - began < 5, stage


@pytest.mark.parametrize("answer", [Act.HANG, Act.DRIP, Act.RESET, Act.CLOSE, "421 no", "999 odd", ""])
def test_a_bad_farewell_delays_no_other(
    answer: str | Act, server: RudeServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_backend, "FAREWELL_WITHIN", SHORT)
    settings.EMAIL_TIMEOUT = 30
    server.answer("QUIT", answer)
    began = time.monotonic()

    results = sent(message(), message())

    assert time.monotonic() - began < 5
    assert [one.status for one in results] == [SendStatus.ACCEPTED] * 2


def test_an_answer_without_an_end_is_cut(server: RudeServer, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 30
    server.answer("RCPT", "\r\n".join(["250-once more"] * (smtp_backend.MOST_BYTES // 10)))
    began = time.monotonic()

    [result] = sent()

    assert time.monotonic() - began < 5
    assert (result.status, result.is_provider_fault) == (SendStatus.DEFERRED, True)


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END", "QUIT"])
def test_many_lines_in_any_letters_are_an_answer(stage: str, server: RudeServer) -> None:
    usual = rude_smtp.HEALTHY[stage][:3]
    server.answer(stage, f"{usual}-réponse à hôte\r\n" * 200 + f"{usual} ünd Schluß")

    results = sent(message(), message())

    assert [one.status for one in results] == [SendStatus.ACCEPTED] * 2
