"""Webhook subscriptions: an agency's own, with a secret that is shown once."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.access import MATRIX
from accounts.models import Agency, AgencyKind, AuditEntry, IdempotencyRecord, Role
from notifications.models import WebhookDelivery, WebhookSubscription
from notifications.services.webhooks import dispatch, subscriptions
from tests import make
from tests.api.conftest import Caller, MakeCaller
from tests.notifications.hook_server import running

pytestmark = pytest.mark.django_db

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def police() -> Agency:
    return make.agency()


@pytest.fixture
def liaison(caller: MakeCaller, police: Agency) -> Caller:
    return caller(make.person(Role.LIAISON, police))


def given(agency: Agency, **other: Any) -> dict[str, Any]:
    return {"agency": agency.name, "url": URL, "events": ["alert.created"], **other}


def made(by: Caller, agency: Agency, **other: Any) -> Any:
    answer = by.post("/webhooks", given(agency, **other))
    assert answer.status_code == 201, answer.content
    return answer


def fault(answer: Any) -> tuple[int, str, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["field"], body["errors"][0]["code"]


def test_secret_is_shown_once(liaison: Caller, police: Agency) -> None:
    answer = made(liaison, police, events=["alert.created", "alert.acknowledged", "alert.created"])
    body = answer.json()
    path = f"/webhooks/{body['id']}"
    shown = liaison.get(path)

    secret = body.pop("secret")
    assert secret.startswith("whsec_")
    assert shown.json() == body
    assert answer.headers["ETag"] == shown.headers["ETag"]
    assert answer.headers["Location"].endswith(path)
    assert (body["agency"], body["state"], body["reason"]) == (police.name, "active", "")
    assert body["events"] == ["alert.acknowledged", "alert.created"]
    changed = liaison.patch(path, {"events": ["alert.created"]}, If_Match=shown.headers["ETag"])
    for later in (liaison.get(path), liaison.get("/webhooks"), changed):
        assert secret not in later.content.decode()
        assert "secret" not in later.content.decode()


def test_repeated_request_shows_the_secret_and_it_is_stored_encrypted(
    liaison: Caller, police: Agency
) -> None:
    first, again = (liaison.post("/webhooks", given(police), key="subscribe-1") for _ in range(2))

    assert (first.status_code, first.content) == (again.status_code, again.content)
    secret = first.json()["secret"].removeprefix("whsec_")
    assert secret.encode() not in bytes(IdempotencyRecord.objects.get().body)
    assert secret not in WebhookSubscription.objects.get().encrypted_secret
    assert secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_may_subscribe(role: Role, caller: MakeCaller) -> None:
    agency = make.agency(AgencyKind.COURT)
    somebody = caller(make.person(role, agency))

    status = somebody.post("/webhooks", given(agency)).status_code

    assert status == (201 if role in MATRIX.resources["webhook"].actions["add"] else 403)
    assert somebody.get("/webhooks").status_code == (200 if status == 201 else 403)


def test_subscription_of_another_agency_is_not_found(
    liaison: Caller, police: Agency, caller: MakeCaller
) -> None:
    other = make.agency()
    stranger = caller(make.person(Role.LIAISON, other))
    row = made(liaison, police)
    path, tag = f"/webhooks/{row.json()['id']}", {"If_Match": "*"}

    theirs = [
        stranger.get(path),
        stranger.patch(path, {"state": "disabled"}, **tag),
        stranger.delete(path, **tag),
        stranger.get(f"{path}/deliveries"),
        stranger.post(f"{path}/tests"),
        stranger.get(f"/webhooks/{uuid.uuid4()}"),
    ]

    assert {one.status_code for one in theirs} == {404}
    assert len({one.content for one in theirs}) == 1
    assert stranger.get("/webhooks").json()["results"] == []
    assert fault(stranger.post("/webhooks", given(police))) == (409, "refused", "agency", "not_yours")
    assert liaison.get(path).headers["ETag"] == row.headers["ETag"]
    assert not WebhookDelivery.objects.exists()


def test_token_needs_the_webhooks_scope(caller: MakeCaller, police: Agency) -> None:
    person = make.person(Role.LIAISON, police)

    assert caller(person, ["alerts:write"]).get("/webhooks").json()["code"] == "scope_missing"
    assert caller(person, ["webhooks:write"]).get("/webhooks").status_code == 200


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://10.0.0.7/hook", "not_public"),
        ("https://169.254.169.254/latest", "not_public"),
        ("https://[fd00::1]/", "not_public"),
        ("https://224.0.0.1/", "not_public"),
        ("http://8.8.8.8/", "not_https"),
        ("https://me:word@8.8.8.8/", "has_credentials"),
        ("https://[/", "invalid"),
    ],
)
def test_private_url_is_refused(
    liaison: Caller, police: Agency, url: str, code: str, settings: Settings
) -> None:
    row = made(liaison, police)

    refused = [
        liaison.post("/webhooks", given(police, url=url)),
        liaison.patch(f"/webhooks/{row.json()['id']}", {"url": url}, If_Match="*"),
    ]

    assert [fault(one) for one in refused] == [(409, "refused", "url", code)] * 2
    assert "8.8.8.8" not in refused[0].content.decode()
    assert WebhookSubscription.objects.get().url == URL


def test_loopback_url_is_refused_in_production(liaison: Caller, police: Agency, settings: Settings) -> None:
    settings.IS_LOCAL = False

    for url in (URL, "https://127.0.0.1/", "https://localhost/"):
        assert liaison.post("/webhooks", given(police, url=url)).status_code == 409
    assert not WebhookSubscription.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://alerts.example/"},
        {"url": "https://alerts.example/" + "a" * 500},
        {"events": []},
        {"events": ["order.created"]},
        {"events": "alert.created"},
        {"secret": "whsec_mine"},
    ],
)
def test_invalid_subscription_is_refused(liaison: Caller, police: Agency, wrong: dict[str, Any]) -> None:
    answer = liaison.post("/webhooks", given(police) | wrong)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not WebhookSubscription.objects.exists()


def test_change_needs_a_version(liaison: Caller, police: Agency) -> None:
    row = made(liaison, police)
    path, tag = f"/webhooks/{row.json()['id']}", row.headers["ETag"]

    for refused, code in (
        (liaison.patch(path, {"state": "disabled"}), "precondition_required"),
        (liaison.delete(path), "precondition_required"),
        (liaison.delete(path, If_Match='"older"'), "stale"),
    ):
        assert refused.json()["code"] == code
    disabled = liaison.patch(path, {"state": "disabled"}, If_Match=tag)
    assert (disabled.status_code, disabled.json()["state"], disabled.json()["reason"]) == (
        200,
        "disabled",
        "asked",
    )
    assert liaison.patch(path, {"state": "active"}, If_Match=tag).json()["code"] == "stale"
    active = liaison.patch(path, {"state": "active"}, If_Match=disabled.headers["ETag"])
    assert active.headers["ETag"] == tag


def test_removed_subscription_is_not_found_and_gets_nothing(liaison: Caller, police: Agency) -> None:
    row = made(liaison, police)
    path = f"/webhooks/{row.json()['id']}"
    liaison.post(f"{path}/tests")

    gone = liaison.delete(path, If_Match=row.headers["ETag"])

    assert (gone.status_code, gone.content) == (204, b"")
    assert liaison.get(path).status_code == liaison.delete(path, If_Match="*").status_code == 404
    assert liaison.get("/webhooks").json()["results"] == []
    assert dispatch.deliver() == 0
    assert [one.state for one in WebhookDelivery.objects.all()] == [4]


def test_ping_is_sent_and_its_deliveries_are_listed(liaison: Caller, police: Agency) -> None:
    with running() as server:
        server.answers = [500]
        path = f"/webhooks/{made(liaison, police, url=server.url).json()['id']}"

        asked = [liaison.post(f"{path}/tests").json() for _ in range(2)]
        dispatch.deliver()

        listed = liaison.get(f"{path}/deliveries").json()
        assert {request.headers["webhook-id"] for request in server.requests} == {one["id"] for one in asked}
    assert [one["id"] for one in listed["results"]] == [one["id"] for one in reversed(asked)]
    assert sorted(one["state"] for one in listed["results"]) == ["delivered", "ready"]
    assert {one["last_error"] for one in listed["results"]} == {"", "answered 500"}
    assert {one["event"] for one in listed["results"]} == {"ping"}


def test_disabled_subscription_gets_no_ping(liaison: Caller, police: Agency) -> None:
    row = made(liaison, police)
    path = f"/webhooks/{row.json()['id']}"
    liaison.patch(path, {"state": "disabled"}, If_Match="*")

    assert fault(liaison.post(f"{path}/tests")) == (409, "refused", "state", "disabled")


def test_number_of_subscriptions_is_limited(liaison: Caller, police: Agency) -> None:
    first = made(liaison, police)
    for _ in range(subscriptions.MAX_ACTIVE - 1):
        made(liaison, police)

    assert fault(liaison.post("/webhooks", given(police))) == (409, "refused", "agency", "too_many")
    liaison.patch(f"/webhooks/{first.json()['id']}", {"state": "disabled"}, If_Match="*")
    made(liaison, police)
    again = liaison.patch(f"/webhooks/{first.json()['id']}", {"state": "active"}, If_Match="*")
    assert fault(again) == (409, "refused", "agency", "too_many")


def test_query_count_does_not_grow_with_the_lists(liaison: Caller, police: Agency) -> None:
    hook = WebhookSubscription.objects.get(public_id=made(liaison, police).json()["id"])
    paths = ["/webhooks", f"/webhooks/{hook.public_id}/deliveries"]

    def queries() -> list[int]:
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert liaison.get(path).status_code == 200
            found.append(len(captured))
        return found

    subscriptions.ping(hook, now=timezone.now())
    few = queries()
    for number in range(15):
        made(liaison, police)
        subscriptions.ping(hook, now=timezone.now() + timedelta(seconds=number))

    assert queries() == few
