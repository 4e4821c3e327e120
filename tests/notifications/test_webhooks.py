"""Webhooks over real HTTP: signed, sent until accepted, and never to a private network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.models import Agency, Role, User
from notifications.channels import bounded_socket, public_url
from notifications.channels.public_url import UrlNotAllowedError
from notifications.channels.webhook import WebhookRequest, WebhookResponse, send_webhook, sign
from notifications.models import (
    Alert,
    DeliveryState,
    SubscriptionState,
    WebhookDelivery,
    WebhookEvent,
    WebhookSubscription,
)
from notifications.services import acknowledgments
from notifications.services.firing.fire import Firer
from notifications.services.webhooks import dispatch, outbox, subscriptions
from notifications.tasks import deliver_webhooks
from tests import make
from tests.make import NOW
from tests.notifications.hook_server import HookServer, running

pytestmark = pytest.mark.django_db

DUE = NOW + timedelta(hours=23)
EVENTS = [WebhookEvent.ALERT_CREATED.value, WebhookEvent.ALERT_ACKNOWLEDGED.value]


@pytest.fixture
def server() -> Iterator[HookServer]:
    with running() as found:
        yield found


@pytest.fixture
def liaison() -> User:
    return make.person(Role.LIAISON, make.agency())


def police_of(person: User) -> Agency:
    agency = person.memberships.get().agency
    assert agency is not None
    return agency


def subscribed(by: User, url: str, events: list[str] | None = None) -> tuple[WebhookSubscription, str]:
    return subscriptions.subscribe(
        agency=police_of(by), url=url, events=events or EVENTS, by=by, now=timezone.now()
    )


def pinged(by: User, url: str) -> WebhookDelivery:
    hook, _ = subscribed(by, url)
    return subscriptions.ping(hook, now=timezone.now())


def ready_now() -> None:
    WebhookDelivery.objects.filter(state=DeliveryState.READY).update(next_attempt_at=F("occurred_at"))


def ends(delivery: WebhookDelivery) -> tuple[int, int, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.attempts, delivery.last_error


def test_a_delivery_is_signed_and_contains_only_ids(liaison: User, server: HookServer) -> None:
    _, secret = subscribed(liaison, server.url)
    order = make.served_order(respondent_town=make.town(police_of(liaison)))
    Firer("test").fire(now=DUE)
    alerts = {str(one.public_id): one for one in Alert.objects.filter(agency=police_of(liaison))}

    assert dispatch.deliver() == len(alerts) > 0
    assert dispatch.deliver() == 0

    assert len(server.requests) == len(alerts)
    for request in server.requests:
        body = json.loads(request.body)
        assert body.keys() == {"type", "timestamp", "data"}
        assert body["type"] == "alert.created"
        assert datetime.fromisoformat(body["timestamp"]).tzinfo == UTC
        assert body["data"] == {
            "alert": str(alerts[body["data"]["alert"]].public_id),
            "order": str(order.public_id),
        }
        assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 10
        signed = (
            f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        )
        key = base64.b64decode(secret.split("_", 1)[1])
        assert len(key) == 32
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert request.headers["webhook-signature"] == f"v1,{expected}"
        assert request.headers["content-type"] == "application/json"
    assert len({request.headers["webhook-id"] for request in server.requests}) == len(alerts)


def test_signature_of_the_vector_of_standard_webhooks() -> None:
    """The test vector of the standardwebhooks libraries (all languages share it)."""
    headers = sign(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        body=b'{"test": 2432232314}',
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", "whsec_\N{LATIN SMALL LETTER U WITH DIAERESIS}"])
def test_an_invalid_secret_fails_without_a_call(secret: str, server: HookServer) -> None:
    response = send_webhook(WebhookRequest(id="1", url=server.url, secret=secret, body=b"{}"))

    assert response == WebhookResponse(error="the secret is invalid")
    assert server.requests == []


def test_a_receiver_with_the_library_accepts_our_signature(liaison: User, server: HookServer) -> None:
    _, secret = subscribed(liaison, server.url)
    subscriptions.ping(WebhookSubscription.objects.get(), now=timezone.now())

    assert dispatch.deliver() == 1

    (request,) = server.requests
    Webhook(secret).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(request.body + b" ", request.headers)


def test_only_the_agency_of_the_alert_gets_a_delivery(liaison: User, server: HookServer) -> None:
    other = make.person(Role.LIAISON, make.agency())
    subscribed(other, server.url)
    subscribed(liaison, server.url, ["alert.acknowledged"])
    make.served_order(respondent_town=make.town(police_of(liaison)))

    Firer("test").fire(now=DUE)

    assert not WebhookDelivery.objects.exists()
    assert Alert.objects.filter(agency=police_of(liaison)).exists()


def test_an_acknowledgment_is_delivered_once(liaison: User, server: HookServer) -> None:
    subscribed(liaison, server.url, ["alert.acknowledged"])
    make.served_order(respondent_town=make.town(police_of(liaison)))
    Firer("test").fire(now=DUE)
    alert = Alert.objects.filter(agency=police_of(liaison)).first()
    assert alert is not None

    for _ in range(2):
        acknowledgments.acknowledge(alert, by=liaison, now=timezone.now())
    dispatch.deliver()

    # One acknowledgment answers all alerts of the case.
    bodies = [json.loads(request.body) for request in server.requests]
    assert {body["type"] for body in bodies} == {"alert.acknowledged"}
    answered = sorted(body["data"]["alert"] for body in bodies)
    assert answered == sorted(str(one.public_id) for one in Alert.objects.exclude(acknowledged_at=None))
    assert str(alert.public_id) in answered


def test_a_ping_contains_no_data(liaison: User, server: HookServer) -> None:
    pinged(liaison, f"{server.url}?tenant=7")

    deliver_webhooks()

    (request,) = server.requests
    assert request.path == "/hook?tenant=7"
    assert json.loads(request.body)["data"] == {}
    assert json.loads(request.body)["type"] == "ping"


def test_it_is_sent_again_with_the_same_id_until_it_is_accepted(liaison: User, server: HookServer) -> None:
    delivery = pinged(liaison, server.url)
    server.answers = [500, 404, 200]

    for _ in range(4):
        dispatch.deliver()
        ready_now()

    assert [request.headers["webhook-id"] for request in server.requests] == [str(delivery.public_id)] * 3
    assert len({request.body for request in server.requests}) == 1
    assert ends(delivery) == (DeliveryState.DELIVERED, 3, "")
    assert delivery.delivered_at is not None


def test_not_before_its_time(liaison: User, server: HookServer) -> None:
    delivery = pinged(liaison, server.url)
    server.answers = [500]

    dispatch.deliver()

    assert dispatch.deliver() == 0
    assert ends(delivery) == (DeliveryState.READY, 1, "answered 500")
    assert 8 < (delivery.next_attempt_at - timezone.now()).total_seconds() <= 10


def leased(*, attempts: int, age: float = 0.0) -> outbox.LeasedDelivery:
    return outbox.LeasedDelivery(
        id=1, fence=1, public_id="", subscription=1, event="ping", occurred_at=NOW, alert=None, order=None,
        attempts=attempts, age=age, url="", encrypted_secret="",
    )  # fmt: skip


def test_three_tries_in_the_first_minute_then_less_often_for_three_days() -> None:
    tries, age = [0.0], 0.0
    for attempts in range(1, 100):
        # Each try hangs until it is cut.
        age += bounded_socket.TIMEOUT
        end = dispatch.completion(
            leased(attempts=attempts, age=age), WebhookResponse(error="no answer in time")
        )
        if end.state is DeliveryState.FAILED:
            break
        age += end.wait
        tries.append(age)

    # Beat's own step may be added to each wait.
    assert tries[2] + 2 * dispatch.BUDGET <= 60 < tries[3]
    waits = [after - before for before, after in pairwise(tries)]
    assert waits[:-1] == sorted(waits[:-1])
    assert max(waits) <= dispatch.LONGEST_WAIT + bounded_socket.TIMEOUT
    assert tries[-1] == pytest.approx(72 * 3600)
    assert len(tries) < 20


def test_retry_after_is_honored() -> None:
    def wait(seconds: float) -> float:
        return dispatch.completion(leased(attempts=1), WebhookResponse(status=429, retry_after=seconds)).wait

    assert (wait(0), wait(300), wait(900_000)) == (10, 300, dispatch.LONGEST_WAIT)


def test_retry_after_is_read(server: HookServer) -> None:
    server.answers, server.headers = [503, 503], {"Retry-After": "120"}
    call = WebhookRequest(id="1", url=server.url, secret="whsec_AAAA", body=b"{}")

    assert send_webhook(call) == WebhookResponse(status=503, error="answered 503", retry_after=120)
    server.headers = {"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT"}
    assert send_webhook(call).retry_after == 0


def test_gone_disables_the_subscription(liaison: User, server: HookServer) -> None:
    delivery = pinged(liaison, server.url)
    hook = delivery.subscription
    later = subscriptions.ping(hook, now=timezone.now())
    WebhookDelivery.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + timedelta(minutes=1))
    server.answers = [410]

    dispatch.deliver()
    ready_now()
    dispatch.deliver()

    hook.refresh_from_db()
    assert (hook.state, hook.reason, hook.disabled_at is None) == (SubscriptionState.DISABLED, "gone", False)
    assert ends(delivery) == (DeliveryState.FAILED, 1, "answered 410")
    assert ends(later) == (DeliveryState.WITHDRAWN, 0, "")
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed(liaison: User, server: HookServer) -> None:
    with running() as elsewhere:
        delivery = pinged(liaison, server.url)
        server.answers, server.headers = [307], {"Location": elsewhere.url}

        dispatch.deliver()

        assert elsewhere.requests == []
    assert ends(delivery) == (DeliveryState.READY, 1, "answered 307")


@pytest.mark.parametrize("trickle", [0.05, 30.0])
def test_a_system_that_hangs_is_cut(server: HookServer, trickle: float) -> None:
    server.trickle = trickle
    began = time.monotonic()

    reply = send_webhook(WebhookRequest(id="1", url=server.url, secret="whsec_AAAA", body=b"{}"), timeout=0.5)

    assert reply == WebhookResponse(error="no answer in time")
    # It would take most of a minute, or hours.
    assert time.monotonic() - began < 15


def test_a_flood_is_cut(server: HookServer) -> None:
    server.flood = 90_000

    reply = send_webhook(WebhookRequest(id="1", url=server.url, secret="whsec_AAAA", body=b"{}"))

    assert reply == WebhookResponse(error="connection broken: ValueError")


def test_an_unreachable_system_is_tried_again(liaison: User) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        delivery = pinged(liaison, url)

        dispatch.deliver()

    assert ends(delivery) == (DeliveryState.READY, 1, "no connection: ConnectionRefusedError")


@pytest.mark.parametrize(
    "host",
    [
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "239.1.1.1", "255.255.255.255", "[fe80::1]", "[fd00::1]", "[ff02::1]", "[::]", "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]", "[2002:a00:1::]", "[2001:0:a00:1::]", "167772161", "0x0a000001",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["local", "production"])
def test_what_is_not_public_is_refused(host: str, place: str, settings: Settings) -> None:
    settings.IS_LOCAL = place == "local"

    with pytest.raises(UrlNotAllowedError) as refused:
        public_url.check_url(f"https://{host}/")

    assert refused.value.code in ("not_public", "unknown_host")
    assert (
        send_webhook(WebhookRequest(id="1", url=f"https://{host}/", secret="whsec_AAAA", body=b"{}")).status
        == 0
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_called_only_while_everything_is_on_it(host: str, settings: Settings) -> None:
    assert public_url.check_url(f"http://{host}:8001/").port == 8001

    settings.IS_LOCAL = False
    for scheme in ("http", "https"):
        with pytest.raises(UrlNotAllowedError):
            public_url.check_url(f"{scheme}://{host}:8001/")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://8.8.8.8/", "not_https"),
        ("ftp://8.8.8.8/", "not_https"),
        ("https://someone:word@8.8.8.8/", "has_credentials"),
        ("https://8.8.8.8/#part", "has_credentials"),
        ("https://", "invalid"),
        ("https://[::1/", "invalid"),
        ("https://8.8.8.8:99999/", "invalid"),
        ("https://8.8.8.8/a b", "invalid"),
        ("https://gericht\N{LATIN SMALL LETTER U WITH DIAERESIS}.example/", "invalid"),
        ("https://8.8.8.8/\r\nX: y", "invalid"),
    ],
)
def test_an_invalid_url_is_refused(url: str, code: str) -> None:
    with pytest.raises(UrlNotAllowedError) as refused:
        public_url.check_url(url)

    assert refused.value.code == code


def test_a_name_that_leads_elsewhere_by_now_is_not_called(
    liaison: User, server: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is resolved once for an attempt, and the checked address is the one called."""
    asked = []

    def rebound(host: str, port: int, **_options: Any) -> list[Any]:
        asked.append(host)
        return [
            (
                socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (["127.0.0.1", "127.0.0.1", "10.0.0.1"][len(asked) - 1], port),
            )
        ]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    monkeypatch.setattr(socket, "create_connection", _to_an_address_only)
    delivery = pinged(liaison, f"http://alerts.example:{server.port}/")
    dispatch.deliver()
    again = subscriptions.ping(delivery.subscription, now=timezone.now())
    dispatch.deliver()

    assert asked == ["alerts.example"] * 3
    assert [request.headers["host"] for request in server.requests] == [f"alerts.example:{server.port}"]
    assert ends(again) == (DeliveryState.READY, 1, "URL not allowed: not_public")


def _to_an_address_only(where: tuple[str, int], timeout: float) -> socket.socket:
    ipaddress.ip_address(where[0])
    line = socket.socket()
    line.settimeout(timeout)
    line.connect(where)
    return line


def test_over_tls_only_a_certificate_that_is_trusted(
    liaison: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "certificate.pem"
    with running(_tls(certificate)) as server:
        delivery = pinged(liaison, f"https://127.0.0.1:{server.port}/")

        dispatch.deliver()
        assert ends(delivery) == (DeliveryState.READY, 1, "no connection: SSLCertVerificationError")

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        ready_now()
        dispatch.deliver()
        assert ends(delivery) == (DeliveryState.DELIVERED, 2, "")


def _tls(file: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = timezone.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    file.write_bytes(made.public_bytes(encoding))
    keys = file.with_name("key.pem")
    keys.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, keys)
    return context


def test_the_secret_is_encrypted(liaison: User, server: HookServer) -> None:
    hook, secret = subscribed(liaison, server.url)

    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM notifications_webhooksubscription s")
        assert secret.removeprefix("whsec_") not in cursor.fetchone()[0]
    assert hook.encrypted_secret != secret


def test_a_secret_that_cannot_be_decrypted_fails_alone(liaison: User, server: HookServer) -> None:
    poisoned, whole = pinged(liaison, server.url), pinged(liaison, server.url)
    WebhookSubscription.objects.filter(pk=poisoned.subscription_id).update(encrypted_secret="broken")

    assert dispatch.deliver() == 1

    assert ends(poisoned) == (DeliveryState.READY, 1, "the secret cannot be decrypted")
    assert ends(whole)[0] == DeliveryState.DELIVERED


def test_what_a_killed_worker_held_comes_back_once(liaison: User, server: HookServer) -> None:
    delivery = pinged(liaison, server.url)
    (held,) = outbox.lease(10)
    assert dispatch.deliver() == outbox.reap() == 0, "the lease is in force"
    WebhookDelivery.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    assert (outbox.reap(), outbox.reap()) == (1, 0)
    late = outbox.DeliveryCompletion(delivery=held, state=DeliveryState.FAILED, error="too late")
    assert outbox.complete([late]) == 0
    assert dispatch.deliver() == 1
    assert dispatch.deliver() == 0

    (request,) = server.requests
    assert request.headers["webhook-id"] == held.public_id
    assert ends(delivery) == (DeliveryState.DELIVERED, 2, "")


def test_nothing_is_sent_to_a_disabled_subscription(liaison: User, server: HookServer) -> None:
    delivery = pinged(liaison, server.url)
    # Past the service, as when it was disabled while this was being written.
    WebhookSubscription.objects.update(state="disabled", reason="asked", disabled_at=timezone.now())

    dispatch.deliver()
    outbox.reap()

    assert server.requests == []
    assert ends(delivery) == (DeliveryState.WITHDRAWN, 0, "")


def test_a_slow_system_delays_only_itself(liaison: User, server: HookServer) -> None:
    hook, _ = subscribed(liaison, server.url)
    for _ in range(50):
        subscriptions.ping(hook, now=timezone.now() - timedelta(hours=1))
    last = pinged(liaison, server.url)

    lot = outbox.lease(dispatch.BATCH)

    assert len(lot) == outbox.PER_SUBSCRIPTION + 1
    assert str(last.public_id) in {one.public_id for one in lot}


def test_a_backlog_is_sent_in_batches(liaison: User, server: HookServer) -> None:
    for _ in range(8):
        hook, _ = subscribed(liaison, server.url)
        for _ in range(4):
            subscriptions.ping(hook, now=timezone.now())

    assert dispatch.deliver() == len(server.requests) == 32
