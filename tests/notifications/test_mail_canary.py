"""A canary travels by real mail to a mailbox; if it does not come back, people learn of it by another way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role
from notifications.channels.mailbox import Mailbox, MailboxError
from notifications.models import Heartbeat, PeriodicRun, Provider
from notifications.services import last_hop, mail_canary
from notifications.services.watch import canary
from notifications.services.watch.findings import open_findings
from notifications.services.watch.mailbox import MAILED, NOT_RETURNED, READ
from tests import make
from tests.ledger import Ledger, free_port
from tests.notifications import imap_server
from tests.notifications.hook_server import running
from tests.notifications.imap_server import ImapServer
from tests.production import NEEDED, settings_under

pytestmark = pytest.mark.django_db

MAILBOX_URL = "imaps://canary%40court.example:p%2Fw@imap.example:1993/Canary"


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch, settings: Settings, ledger: Ledger) -> list[str]:
    """The subjects in the mailbox, which tests fill and a visit takes."""
    settings.CANARY_MAILBOX, settings.CANARY_ADDRESS = MAILBOX_URL, "canary@court.example"
    subjects: list[str] = []

    def take(self: Mailbox, pattern: object) -> list[str]:
        found = [one.removeprefix("Mail check ") for one in subjects]
        subjects.clear()
        return found

    monkeypatch.setattr(Mailbox, "take_subjects", take)
    make.person(Role.ADMINISTRATOR)
    Heartbeat.objects.create(name="w", last_pulse_at=timezone.now())
    return subjects


@pytest.fixture
def real(settings: Settings) -> Iterator[ImapServer]:
    """A real mailbox and the mail server that delivers into it."""
    if imap_server.DOVECOT is None:
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    with imap_server.running() as found:
        settings.CANARY_MAILBOX, settings.CANARY_ADDRESS = found.url, "canary@court.example"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.smtp_port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        make.person(Role.ADMINISTRATOR)
        Heartbeat.objects.create(name="w", last_pulse_at=timezone.now())
        yield found


def health() -> tuple[int, float | None]:
    response = Client().get("/healthz/deadlines")
    return response.status_code, response.json()["mailbox_age_s"]


def pass_time(seconds: float) -> None:
    PeriodicRun.objects.update(ran_at=F("ran_at") - timedelta(seconds=seconds))


def subjects(ledger: Ledger) -> list[str]:
    return [line["headers"]["Subject"] for line in ledger.lines() if "canary@court.example" in line["to"]]


def found() -> dict[str, str]:
    return {one.subject: one.detail for one in open_findings().filter(code="mailbox")}


def test_one_a_minute_comes_back_and_all_is_well(box: list[str], ledger: Ledger) -> None:
    mail_canary.fly()
    mail_canary.fly()
    assert len(subjects(ledger)) == 1, "one a minute"
    box += subjects(ledger)
    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()

    assert box == [], "it was taken"
    status, age = health()
    assert status == 200
    assert age is not None
    assert age < 60
    pass_time(mail_canary.MAIL_EVERY)
    mail_canary.fly()
    assert len(subjects(ledger)) == 2
    assert subjects(ledger)[0] != subjects(ledger)[1]


def test_while_nothing_is_on_its_way_the_mailbox_is_left_alone(box: list[str], ledger: Ledger) -> None:
    mail_canary.fly()
    box += subjects(ledger)
    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()
    read = PeriodicRun.objects.get(name=READ).ran_at

    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()

    assert read - PeriodicRun.objects.get(name=READ).ran_at > timedelta(seconds=mail_canary.READ_EVERY)


def test_a_lost_one_is_a_finding_that_takes_another_way(
    box: list[str], ledger: Ledger, settings: Settings
) -> None:
    settings.FINDINGS_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert mail_canary.MAIL_EVERY + 120 >= NOT_RETURNED, "two minutes after the lost one was mailed"
    mail_canary.fly()
    pass_time(NOT_RETURNED - 5)
    with running() as system:
        settings.FINDINGS_URL = system.url
        last_hop.watch()
        assert (health()[0], found()) == (200, {})

        pass_time(10)
        last_hop.watch()

        assert health()[0] == 503
        assert list(found()) == [""]
        (request,) = system.requests
        assert json.loads(request.body)["data"]["code"] == "mailbox"
    assert not canary.plant(), "the outside monitor alarms"

    # The next one comes back.
    mail_canary.fly()
    box += subjects(ledger)[-1:]
    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()
    last_hop.watch()
    assert (health()[0], found()) == (200, {})
    assert canary.plant()


def test_it_goes_on_while_the_mail_server_refuses_it(box: list[str], ledger: Ledger) -> None:
    ledger.refuses_to = {"canary@court.example": "550 5.1.1 unknown"}
    mail_canary.fly()
    pass_time(mail_canary.MAIL_EVERY + 1)
    mail_canary.fly()
    pass_time(NOT_RETURNED)
    last_hop.watch()

    assert list(found()) == [""]


@pytest.mark.parametrize(
    "change", [lambda token: "9" + token[1:], lambda token: token[:-1] + ("A" if token[-1] != "A" else "B")]
)
def test_mail_of_a_stranger_keeps_nothing_quiet(change: object, box: list[str], ledger: Ledger) -> None:
    mail_canary.fly()
    token = subjects(ledger)[0].removeprefix("Mail check ")
    assert callable(change)
    box.append("Mail check " + change(token))
    pass_time(NOT_RETURNED + 1)
    mail_canary.fly()

    assert health()[0] == 503


def test_an_old_one_is_no_proof_for_today(box: list[str]) -> None:
    mail_canary.fly()
    pass_time(NOT_RETURNED + 1)
    box.append(mail_canary.subject_of(timezone.now() - timedelta(seconds=NOT_RETURNED + 1)))
    mail_canary.fly()
    assert health()[0] == 503

    box.append(mail_canary.subject_of(timezone.now()))
    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()
    assert health()[0] == 200


def test_a_mailbox_that_cannot_be_read_is_a_finding_with_its_reason(
    box: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Mailbox, pattern: object) -> list[str]:
        raise MailboxError("the server refuses the sign-in")

    with monkeypatch.context() as patched:
        patched.setattr(Mailbox, "take_subjects", refuse)
        for _ in range(mail_canary.FAILED_VISITS):
            assert found() == {}
            mail_canary.fly()
            pass_time(mail_canary.READ_EVERY + 1)
        last_hop.watch()
        assert "the server refuses the sign-in" in found()["reading"]
        assert not open_findings().filter(code="provider").exists(), "no channel uses it"

    mail_canary.fly()
    last_hop.watch()
    assert found() == {}
    assert Provider.objects.get(name="mailbox").failures == 0


def test_after_a_pause_the_time_starts_again(box: list[str]) -> None:
    mail_canary.fly()
    pass_time(mail_canary.PAUSE.total_seconds() + 1)
    assert health()[0] == 503

    mail_canary.fly()

    assert health()[0] == 200, "the first one has not had its time yet"


def test_without_a_mailbox_nothing_is_sent(ledger: Ledger, settings: Settings) -> None:
    settings.CANARY_MAILBOX = ""
    mail_canary.fly()

    assert not PeriodicRun.objects.filter(name=MAILED).exists()
    assert ledger.lines() == []
    assert health()[1] is None


def test_the_parts_of_the_address() -> None:
    read = Mailbox.from_url(MAILBOX_URL)

    assert (read.host, read.port, read.folder, read.has_tls) == ("imap.example", 1993, "Canary", True)
    assert (read.user, read.password) == ("canary@court.example", "p/w")
    assert "p/w" not in repr(read)
    assert Mailbox.from_url("imaps://a:b@h").port == 993
    with pytest.raises(ValueError, match="mailbox"):
        Mailbox.from_url("imaps://h")


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"CTC_CANARY_MAILBOX": MAILBOX_URL}, "CTC_CANARY_ADDRESS"),
        ({"CTC_CANARY_ADDRESS": "a@b.example"}, "CTC_CANARY_MAILBOX"),
        ({"CTC_CANARY_MAILBOX": "imap://a:b@h", "CTC_CANARY_ADDRESS": "a@b.example"}, "imaps://"),
    ],
)
def test_a_wrong_setting_stops_the_start(given: dict[str, str], named: str) -> None:
    with pytest.raises(Exception, match="non-zero") as refused:
        settings_under(NEEDED | given)

    assert ImproperlyConfigured.__name__ in str(getattr(refused.value, "stderr", ""))
    assert named in str(getattr(refused.value, "stderr", ""))


def test_a_real_mailbox(real: ImapServer) -> None:
    real.deliver(b"Subject: Rent is due\r\nFrom: a@b.example\r\n\r\nPay.\r\n")
    mail_canary.fly()
    assert len(real.messages()) <= 2
    pass_time(mail_canary.READ_EVERY + 1)
    mail_canary.fly()

    assert health()[0] == 200
    assert real.messages() == ["Rent is due"], "ours is deleted, others stay"
    assert PeriodicRun.objects.filter(name="mail canary returned").exists()

    real.delivers = False
    pass_time(mail_canary.MAIL_EVERY + 1)
    mail_canary.fly()
    pass_time(NOT_RETURNED)
    mail_canary.fly()
    last_hop.watch()
    assert list(found()) == [""], "the server accepted the message and lost it"
    assert health()[0] == 503


def test_what_a_real_server_refuses_has_its_reason(real: ImapServer) -> None:
    nowhere = Mailbox.from_url(real.url.replace(str(real.imap_port), str(free_port())))
    with pytest.raises(MailboxError, match="no connection: ConnectionRefusedError"):
        nowhere.take_subjects(mail_canary.SUBJECT)
    with pytest.raises(MailboxError, match="refuses the sign-in"):
        Mailbox.from_url(real.url.replace("secret", "wrong")).take_subjects(mail_canary.SUBJECT)
    with pytest.raises(MailboxError, match="folder cannot be opened"):
        Mailbox.from_url(real.url.replace("INBOX", "Nowhere")).take_subjects(mail_canary.SUBJECT)
