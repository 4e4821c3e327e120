"""Callbacks from providers: accepted if signed, once, and never backward."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Role, User
from notifications.callbacks import base
from notifications.callbacks import sms as sms_callbacks
from notifications.channels.webhook import sign
from notifications.models import Alert, AlertState, Callback, OptedOutNumber
from notifications.services.delivery import receipts, sms_opt_out
from notifications.services.delivery.receipts import ReceiptOutcome
from notifications.services.firing.fire import Firer
from tests import make
from tests.make import NOW
from tests.notifications.conftest import RESEND_SECRET, TWILIO_TOKEN
from tests.provider import resend_event, tell, twilio_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("provider")]

NUMBER = "+18605550100"
REF = "56761188-7520-42d8-8898-ff6fc54ce618"
UNDER_WAY = [AlertState.SENDING, AlertState.ACCEPTED, AlertState.IN_DOUBT]


@pytest.fixture
def key() -> UUID:
    """The key of one message with two alerts, both accepted."""
    liaison: User = make.person(Role.LIAISON, make.agency())
    police = liaison.memberships.get().agency
    for _ in range(2):
        make.served_order(respondent_town=make.town(police))
    Firer("test").fire(now=NOW + timedelta(hours=23))
    mine = Alert.objects.filter(recipient=liaison).order_by("pk").values_list("pk", flat=True)[:2]
    found = uuid4()
    Alert.objects.filter(pk__in=list(mine)).update(
        state=AlertState.ACCEPTED, message_key=found, provider_ref=REF, last_error=""
    )
    return found


def put(key: UUID, state: AlertState, **facts: Any) -> None:
    is_leased = state in {AlertState.LEASED, AlertState.SENDING}
    lease = timezone.now() + timedelta(seconds=60) if is_leased else None
    Alert.objects.filter(message_key=key).update(state=state, lease_until=lease, **facts)


def ends(ref: str = REF) -> set[tuple[int, str]]:
    return set(Alert.objects.filter(provider_ref=ref).values_list("state", "last_error"))


def email(client: Client, kind: str, *, secret: str = RESEND_SECRET, **facts: Any) -> Any:
    body, headers = resend_event(kind, secret=secret, **{"ref": REF, **facts})
    return client.post("/callbacks/email/", body, content_type=headers.pop("Content-Type"), headers=headers)


def sms(client: Client, path: str, *, token: str = TWILIO_TOKEN, base: str = "", **said: str) -> Any:
    body, headers = twilio_form(f"{base or project.BASE_URL}{path}", said, token=token)
    return client.post(path, body, content_type=headers.pop("Content-Type"), headers=headers)


def status(client: Client, key: UUID, said: str, **more: str) -> Any:
    return sms(client, f"/callbacks/sms/{key}/", MessageSid=REF, MessageStatus=said, To=NUMBER, **more)


def wrote(client: Client, body: str, **more: str) -> Any:
    return sms(client, "/callbacks/sms/", MessageSid=f"SM{uuid4().hex}", From=NUMBER, Body=body, **more)


# ---- email -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("email.delivered", {}, (AlertState.DELIVERED, "")),
        ("email.sent", {}, (AlertState.ACCEPTED, "")),
        ("email.opened", {}, (AlertState.ACCEPTED, "")),
        (
            "email.bounced",
            {"bounce": {"type": "Permanent", "message": "nobody@orders.example is unknown"}},
            (AlertState.FAILED, "resend: failed, Permanent"),
        ),
        (
            "email.bounced",
            {"bounce": {"type": "Transient", "message": "full"}},
            (AlertState.TEMPORARY_FAILURE, "resend: undelivered, Transient"),
        ),
        ("email.failed", {}, (AlertState.FAILED, "resend: failed, email.failed")),
        ("email.suppressed", {}, (AlertState.FAILED, "resend: failed, email.suppressed")),
        ("email.delivery_delayed", {}, (AlertState.TEMPORARY_FAILURE, "resend: delayed")),
        ("email.complained", {}, (AlertState.ACCEPTED, "resend: complained")),
    ],
)
def test_each_email_receipt_reaches_all_alerts_of_the_message(
    kind: str, facts: dict[str, Any], expected: tuple[AlertState, str], key: UUID, client: Client
) -> None:
    response = email(client, kind, **facts)

    assert response.status_code == 200
    assert ends() == {expected}
    assert Alert.objects.filter(provider_ref=REF).count() == 2


def test_a_receipt_finds_its_message_by_our_key_if_the_response_was_lost(key: UUID, client: Client) -> None:
    put(key, AlertState.IN_DOUBT, provider_ref="")

    email(client, "email.delivered", key=str(key))

    assert ends() == {(AlertState.DELIVERED, "")}


@pytest.mark.parametrize("said", ["", "no key", "{}"])
def test_an_invalid_key_is_ignored(said: str, key: UUID, client: Client) -> None:
    assert email(client, "email.delivered", key=said).status_code == 200
    assert ends() == {(AlertState.DELIVERED, "")}


@pytest.mark.parametrize("age", [-310, 330], ids=["stale", "from the future"])
def test_an_email_receipt_has_five_minutes(age: int, key: UUID, client: Client) -> None:
    assert email(client, "email.delivered", at=time.time() + age).status_code == 403
    assert email(client, "email.delivered", at=time.time() + age * 0.9).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"svix-signature": "v1,AAAA"},
        {"svix-signature": "v1,not base64"},
        {"svix-signature": "nothing"},
        {"svix-timestamp": "soon"},
    ],
)
def test_an_email_receipt_that_is_not_signed_changes_nothing(
    headers: dict[str, str], key: UUID, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    body, signed = resend_event("email.bounced", ref=REF, secret=RESEND_SECRET)
    content_type = signed.pop("Content-Type")

    response = client.post(
        "/callbacks/email/", body, content_type=content_type, headers={**signed, **headers} if headers else {}
    )

    assert response.status_code == 403
    assert ends() == {(AlertState.ACCEPTED, "")}
    assert "callback of resend refused: not signed, or stale" in caplog.text


def test_another_body_under_a_signature_or_another_secret_changes_nothing(key: UUID, client: Client) -> None:
    body, headers = resend_event("email.delivered", ref=REF, secret=RESEND_SECRET)
    content_type = headers.pop("Content-Type")

    for said in [body.replace(b"delivered", b"bounced"), b"\xff"]:
        response = client.post("/callbacks/email/", said, content_type=content_type, headers=headers)
        assert response.status_code == 403
    assert email(client, "email.delivered", secret="whsec_AAAA").status_code == 403
    assert ends() == {(AlertState.ACCEPTED, "")}


def test_an_email_receipt_counts_once(key: UUID, client: Client) -> None:
    assert email(client, "email.complained", event="msg_1").status_code == 200
    Alert.objects.update(last_error="")

    assert email(client, "email.complained", event="msg_1").status_code == 409
    assert ends() == {(AlertState.ACCEPTED, "")}


def test_an_email_receipt_under_the_other_names_of_its_headers_is_the_same(key: UUID, client: Client) -> None:
    body, headers = resend_event("email.complained", ref=REF, secret=RESEND_SECRET)
    content_type = headers.pop("Content-Type")
    renamed = {name.replace("svix", "webhook"): value for name, value in headers.items()}

    answers = [
        client.post("/callbacks/email/", body, content_type=content_type, headers=one).status_code
        for one in (headers, renamed, headers | renamed)
    ]

    assert answers == [200, 409, 409]


def test_a_receipt_that_could_not_be_recorded_may_come_again(
    key: UUID, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr(receipts, "record", lambda *_, **__: 1 / 0)
        assert email(client, "email.delivered", event="msg_1").status_code == 500

    assert email(client, "email.delivered", event="msg_1").status_code == 200
    assert ends() == {(AlertState.DELIVERED, "")}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"no json",
        b'{"type": "email.bounced", "data": {"bounce": 1}}',
        b'{"type": 1, "data": "a"}',
    ],
)
def test_a_signed_body_in_no_known_form_is_a_bad_request(body: bytes, client: Client) -> None:
    assert signed(client, body).status_code == 400
    assert not Callback.objects.exists()


def test_a_receipt_of_nothing_that_is_known_is_taken(key: UUID, client: Client) -> None:
    assert signed(client, b'{"type": "email.bounced"}').status_code == 200
    assert ends() == {(AlertState.ACCEPTED, "")}


def signed(client: Client, body: bytes) -> Any:
    """The answer to a body that Resend would not send."""
    headers = sign(RESEND_SECRET, message_id="msg_1", at=datetime.now(UTC), body=body)
    return client.post("/callbacks/email/", body, content_type="application/json", headers=headers)


# ---- what any callback meets -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/callbacks/email/", "/callbacks/sms/", f"/callbacks/sms/{UUID(int=1)}/"])
def test_every_callback_is_a_small_post_of_a_provider_in_use(
    path: str, client: Client, settings: Settings
) -> None:
    assert client.get(path).status_code == 405
    large = b"a" * (base.MAX_BYTES + 1)
    assert client.post(path, large, content_type="application/json").status_code == 413

    settings.RESEND = settings.RESEND | {"SIGNING_SECRET": ""}
    settings.TWILIO = settings.TWILIO | {"AUTH_TOKEN": ""}
    assert sms(client, path, token="", MessageSid=REF).status_code == 403


def test_a_receipt_needs_no_cookie_and_passes_a_running_server(
    key: UUID, live_server: Any, settings: Settings
) -> None:
    url = f"{live_server.url}/callbacks/sms/{key}/"
    settings.BASE_URL = live_server.url

    assert tell(url, *twilio_form(url, {"MessageStatus": "sent"}, token=TWILIO_TOKEN)) == 204
    assert tell(url, *twilio_form(url, {"MessageStatus": "sent"}, token="other")) == 403


# ---- SMS -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code", "expected"),
    [
        ("queued", "", (AlertState.ACCEPTED, "")),
        ("sent", "", (AlertState.ACCEPTED, "")),
        ("delivered", "", (AlertState.DELIVERED, "")),
        ("read", "", (AlertState.DELIVERED, "")),
        ("undelivered", "30003", (AlertState.TEMPORARY_FAILURE, "twilio: undelivered, 30003")),
        ("undelivered", "30007", (AlertState.TEMPORARY_FAILURE, "twilio: undelivered, 30007")),
        ("failed", "30002", (AlertState.TEMPORARY_FAILURE, "twilio: undelivered, 30002")),
        ("undelivered", "30005", (AlertState.FAILED, "twilio: failed, 30005")),
        ("failed", "30006", (AlertState.FAILED, "twilio: failed, 30006")),
        ("failed", "", (AlertState.FAILED, "twilio: failed")),
        ("canceled", "", (AlertState.FAILED, "twilio: failed")),
    ],
)
def test_each_sms_receipt_reaches_all_alerts_of_the_message(
    said: str, code: str, expected: tuple[AlertState, str], key: UUID, client: Client
) -> None:
    response = status(client, key, said, **({"ErrorCode": code} if code else {}))

    assert response.status_code == 204
    assert ends() == {expected}


def test_an_sms_receipt_that_is_not_signed_or_came_before_changes_nothing(
    key: UUID, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/callbacks/sms/{key}/"

    assert client.post(path, {"MessageStatus": "delivered"}).status_code == 403
    assert sms(client, path, token="another", MessageStatus="delivered").status_code == 403
    assert sms(client, path, base="https://elsewhere.example", MessageStatus="failed").status_code == 403
    assert ends() == {(AlertState.ACCEPTED, "")}

    assert status(client, key, "undelivered", ErrorCode="30003").status_code == 204
    put(key, AlertState.ACCEPTED, provider_ref=REF)
    assert status(client, key, "undelivered", ErrorCode="30003").status_code == 409
    assert "callback of twilio refused: not signed" in caplog.text
    assert "callback of twilio refused: repeated" in caplog.text
    assert NUMBER[1:] not in caplog.text


def test_a_signature_is_over_every_value_in_the_order_of_the_names() -> None:
    """The worked example of Twilio's documentation."""
    said = {
        "CallSid": ["CA1234567890ABCDE"],
        "Caller": ["+12349013030"],
        "Digits": ["1234"],
        "From": ["+12349013030"],
        "To": ["+18005551212"],
    }

    found = sms_callbacks.signature("https://mycompany.com/myapp.php?foo=1&bar=2", said, "12345")

    assert found == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_person_who_stopped_at_twilio_is_stopped_here(key: UUID, client: Client) -> None:
    status(client, key, "failed", ErrorCode="21610")

    assert sms_opt_out.is_opted_out(NUMBER)


@pytest.mark.parametrize(
    "word",
    [
        "STOP",
        "stop",
        " Stop. ",
        "STOP ALL",
        "stopall",
        "Unsubscribe",
        "cancel",
        "END",
        "quit",
        "Alto",
        "¡PARAR!",
    ],
)
def test_a_word_stops_messages_and_another_resumes_them(word: str, client: Client) -> None:
    response = wrote(client, word)

    assert (response.status_code, response["Content-Type"]) == (200, "text/xml")
    assert response.content == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    assert sms_opt_out.is_opted_out(NUMBER)
    assert not sms_opt_out.is_opted_out("+18605550101")

    wrote(client, " start ")
    assert not sms_opt_out.is_opted_out(NUMBER)


@pytest.mark.parametrize("word", ["START", "Yes", "unstop"])
def test_each_word_that_resumes(word: str, client: Client) -> None:
    sms_opt_out.opt_out(NUMBER, timezone.now())

    wrote(client, word)

    assert not sms_opt_out.is_opted_out(NUMBER)


def test_words_of_the_account_are_believed_of_twilio(client: Client) -> None:
    wrote(client, "basta", OptOutType="STOP")
    assert sms_opt_out.is_opted_out(NUMBER)

    wrote(client, "sigue", OptOutType="START")
    assert not sms_opt_out.is_opted_out(NUMBER)


@pytest.mark.parametrize(("body", "codes"), [(" 12 34-56 ", ["123456"]), ("", []), ("Who is this? " * 9, [])])
def test_anything_else_that_is_short_is_an_answer_code(
    body: str, codes: list[str], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, str]] = []
    monkeypatch.setattr(
        sms_callbacks, "acknowledge_by_code", lambda number, code, now: given.append((number, code))
    )

    assert wrote(client, body).status_code == 200

    assert given == [(NUMBER, code) for code in codes]
    assert not sms_opt_out.is_opted_out(NUMBER)


def test_a_repeated_old_stop_does_not_undo_a_later_start(client: Client) -> None:
    said = {"MessageSid": "SM1", "From": NUMBER, "Body": "STOP"}
    sms(client, "/callbacks/sms/", **said)
    wrote(client, "START")

    assert sms(client, "/callbacks/sms/", **said).status_code == 409
    assert not sms_opt_out.is_opted_out(NUMBER)


def test_an_opt_out_stores_only_a_digest_and_outlives_its_secret(client: Client, settings: Settings) -> None:
    wrote(client, "STOP")
    wrote(client, "STOP")
    (kept,) = OptedOutNumber.objects.values_list("digest", flat=True)
    assert NUMBER[1:] not in kept

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 9
    assert sms_opt_out.is_opted_out(NUMBER)
    settings.SECRET_KEY_FALLBACKS = []
    assert sms_opt_out.is_opted_out(NUMBER)
    sms_opt_out.opt_in(NUMBER)
    assert not sms_opt_out.is_opted_out(NUMBER)


# ---- the order of things ---------------------------------------------------------------------------------


def record(key: UUID, outcome: ReceiptOutcome, ref: str = REF) -> bool:
    return receipts.record("twilio", ref=ref, key=str(key), outcome=outcome, now=timezone.now())


@pytest.mark.parametrize(
    "outcome",
    [ReceiptOutcome.DELIVERED, ReceiptOutcome.FAILED, ReceiptOutcome.UNDELIVERED, ReceiptOutcome.DELAYED],
)
@pytest.mark.parametrize("state", AlertState)
def test_nothing_goes_backwards(state: AlertState, outcome: ReceiptOutcome, key: UUID) -> None:
    put(key, state)
    leads = {
        ReceiptOutcome.DELIVERED: [*UNDER_WAY, AlertState.TEMPORARY_FAILURE],
        ReceiptOutcome.FAILED: [*UNDER_WAY, AlertState.TEMPORARY_FAILURE, AlertState.DELIVERED],
        ReceiptOutcome.UNDELIVERED: [*UNDER_WAY, AlertState.TEMPORARY_FAILURE],
        ReceiptOutcome.DELAYED: UNDER_WAY,
    }

    assert record(key, outcome) is (state in leads[outcome])

    (after,) = {state for state, _ in ends()}
    if state not in leads[outcome]:
        assert after == state


def test_a_receipt_before_the_answer_ends_the_sending(key: UUID) -> None:
    put(key, AlertState.SENDING, provider_ref="")
    before = set(Alert.objects.filter(message_key=key).values_list("fence", flat=True))

    record(key, ReceiptOutcome.DELIVERED)

    rows = set(Alert.objects.filter(message_key=key).values_list("state", "lease_until", "fence"))
    assert rows == {(AlertState.DELIVERED, None, max(before) + 1)}


def test_what_may_arrive_another_time_waits_and_gets_a_key_of_its_own(key: UUID) -> None:
    record(key, ReceiptOutcome.UNDELIVERED)

    rows = Alert.objects.filter(provider_ref=REF)
    (fresh,) = set(rows.values_list("message_key", flat=True))
    assert fresh not in {key, None}
    waits = {one.next_attempt_at - timezone.now() for one in rows}
    assert all(timedelta(minutes=29) < wait <= receipts.PAUSE for wait in waits)


def test_what_the_provider_still_tries_keeps_its_key(key: UUID) -> None:
    record(key, ReceiptOutcome.DELAYED)

    assert set(Alert.objects.filter(provider_ref=REF).values_list("message_key", flat=True)) == {key}
    assert record(key, ReceiptOutcome.DELIVERED)


def test_a_failure_of_an_earlier_attempt_does_not_affect_the_last(key: UUID) -> None:
    assert not record(key, ReceiptOutcome.FAILED, ref="the first try")
    assert record(key, ReceiptOutcome.DELIVERED, ref="the first try")


def test_what_is_not_known_changes_nothing(key: UUID) -> None:
    assert not record(uuid4(), ReceiptOutcome.FAILED, ref="unknown")
    assert not receipts.record("twilio", outcome=ReceiptOutcome.FAILED, now=timezone.now())
    assert ends() == {(AlertState.ACCEPTED, "")}


def test_failures_are_logged_without_names(key: UUID, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    record(key, ReceiptOutcome.COMPLAINED)

    assert "2 alerts of one message, twilio: complained" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_two_of_the_same_at_once_count_once(key: UUID) -> None:
    answers: list[int] = []

    def once() -> None:
        answers.append(email(Client(), "email.complained", event="msg_1").status_code)
        connection.close()

    threads = [threading.Thread(target=once) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(answers) == [200, 409, 409, 409]
    assert Callback.objects.count() == 1
