"""Each bad request gets its exact status and code, in one form, and leaves no trace in the data."""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from rest_framework.throttling import UserRateThrottle

from accounts.access import MATRIX
from accounts.api.problems import MEDIA_TYPE, PROBLEMS
from accounts.models import Agency, AgencyKind, ApiToken, Role, Scope, User
from accounts.services.access import enumeration_guard
from orders.api.orders.orders import OrderList
from orders.models import Order
from tests import make
from tests.api.conftest import ROOT, Caller, MakeCaller

pytestmark = pytest.mark.django_db

#: Tables in which a request may leave a trace.
_RECORDS = {"accounts_auditentry", "accounts_auditchainlink", "accounts_apitoken", "accounts_session"}

_DIGEST = "SELECT '{}', md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {} AS row"

SECRET = "Rowan Alder, 12 Elm Street"


def _data() -> dict[str, str]:
    """A digest of every table that holds data."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - _RECORDS)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(_DIGEST.format, tables, tables)))
        return dict(cursor.fetchall())


@pytest.fixture(scope="module")
def stored(kept_rows: None) -> Order:
    now = timezone.now()
    court = make.agency(AgencyKind.COURT)
    return make.order(now=now, issued_at=now - timedelta(days=1), court=court, protected_person="Sky Linden")


@pytest.fixture
def order(stored: Order, db: None) -> Order:
    return copy.deepcopy(stored)


@pytest.fixture
def court(order: Order) -> Agency:
    return order.case.court


@pytest.fixture
def clerk(caller: MakeCaller, court: Agency) -> Caller:
    return caller(make.person(Role.CLERK, court))


@pytest.fixture
def auditor(caller: MakeCaller) -> Caller:
    return caller(make.person(Role.AUDITOR))


@pytest.fixture
def browser(clerk: Caller) -> Client:
    """A clerk's browser, signed in, that shows a page of another site."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(memberships__role=Role.CLERK))
    return client


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(order: Order, auditor: Caller, browser: Client) -> Iterator[None]:
    """Check that no test of this file changes data."""
    before = _data()
    yield
    assert _data() == before


def refused(answer: Any, code: str) -> dict[str, Any]:
    """The problem details of a refusal, after checking their form."""
    status = PROBLEMS[code][0].value
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE), answer.content
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"urn:ctcompliance:problem:{code}"
    assert answer.headers["Cache-Control"] == "no-store"
    return problem


def sent(clerk: Caller, path: str, raw: bytes | str, content_type: str = "application/json") -> Any:
    """POST exactly these bytes."""
    return clerk.client.generic(
        "POST",
        ROOT + path,
        raw,
        content_type,
        headers=clerk._with({"Idempotency-Key": str(uuid.uuid4())}),
    )


# ---- bodies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"{'reason': 1}",
        b'{"reason": NaN}',
        b'{"reason": -Infinity}',
        b'{"reason": 1e999}',
        b'{"reason": "a", "reason": "b"}',
        b'{"officer": {"a": 1, "a": 2}}',
        rb'{"reason": "\ud83d"}',
        rb'{"\udc00": "a"}',
        rb'{"reason": "a\u0000b"}',
        rb'{"a\u0000b": 1}',
        b'{"reason": "a\x00b"}',
        b'{"reason": "\xff\xfe"}',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"1" * 5_000,
    ],
    ids=lambda raw: str(raw[:24]),
)
def test_json_that_cannot_be_stored_is_malformed(clerk: Caller, order: Order, raw: bytes) -> None:
    answer = sent(clerk, f"/orders/{order.public_id}/service-attempts", raw)

    if raw:
        refused(answer, "malformed")
    else:
        # No body counts as an empty one, in which fields are missing.
        refused(answer, "invalid")


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true", b"[{}]"])
def test_json_that_is_not_an_object_is_invalid(clerk: Caller, order: Order, raw: bytes) -> None:
    refused(sent(clerk, f"/orders/{order.public_id}/service-attempts", raw), "invalid")


def test_escaped_backslash_before_u0000_is_text(clerk: Caller, order: Order) -> None:
    answer = sent(clerk, f"/orders/{order.public_id}/service-attempts", rb'{"reason": "a\\u0000"}')

    assert refused(answer, "invalid")["errors"][0]["field"] != "reason"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "attempted_at", "required"),
        ({"attempted_at": 5}, "attempted_at", "invalid"),
        ({"attempted_at": "yesterday"}, "attempted_at", "invalid"),
        ({"attempted_at": "2026-02-30T10:00:00-05:00"}, "attempted_at", "invalid"),
        ({"attempted_at": "2026-11-20T10:00:00"}, "attempted_at", "offset"),
        ({"attempted_at": "0001-01-01T00:00:00+00:00"}, "attempted_at", "range"),
        ({"attempted_at": "9999-12-31T23:59:59-12:00"}, "attempted_at", "range"),
        ({"attempted_at": None}, "attempted_at", "null"),
        ({"method": "pigeon"}, "method", "invalid_choice"),
        ({"method": []}, "method", "invalid_choice"),
        ({"reason": {}}, "reason", "invalid"),
        ({"reason": ["a"]}, "reason", "invalid"),
        ({"reason": True}, "reason", "invalid"),
        ({"reason": "a" * 201}, "reason", "max_length"),
        ({"reason": ""}, "reason", "blank"),
        ({"serial": "X"}, "serial", "unknown_field"),
        ({"id": 1}, "id", "unknown_field"),
        ({"__class__": "x"}, "__class__", "unknown_field"),
    ],
)
def test_wrong_field_is_named(
    clerk: Caller, order: Order, body: dict[str, Any], field: str, code: str
) -> None:
    answer = clerk.post(f"/orders/{order.public_id}/service-attempts", body)

    problem = refused(answer, "invalid")
    assert (field, code) in {(fault["field"], fault["code"]) for fault in problem["errors"]}
    assert all(fault["message"] for fault in problem["errors"])


def test_body_that_is_too_large_is_refused(clerk: Caller, order: Order, settings: Settings) -> None:
    large = b'{"reason": "' + b"a" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) + b'"}'

    refused(sent(clerk, f"/orders/{order.public_id}/service-attempts", large), "too_large")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_body_of_another_media_type_is_refused(clerk: Caller, order: Order, content_type: str) -> None:
    refused(
        sent(clerk, f"/orders/{order.public_id}/service-attempts", b"reason=a", content_type),
        "unsupported_media_type",
    )


def test_other_response_media_type_is_refused(clerk: Caller, order: Order) -> None:
    answer = clerk.get(f"/orders/{order.public_id}", headers={"Accept": "application/xml"})

    refused(answer, "not_acceptable")


# ---- URLs and methods --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/orders/", "/orders/1", "/orders/../../admin", "/orders/%00", "/ORDERS"]
)
def test_unknown_url_is_not_found(clerk: Caller, path: str) -> None:
    problem = refused(clerk.get(path), "not_found")

    assert path not in problem["detail"]
    assert refused(Client().get(ROOT + path), "not_found") == problem


def test_other_urls_keep_their_error_pages() -> None:
    answer = Client().get("/nothing")

    assert answer.status_code == 404
    assert "Page not found" in answer.content.decode()


def test_unknown_host_is_refused(clerk: Caller) -> None:
    problem = refused(clerk.get("/orders", headers={"Host": "elsewhere.example"}), "invalid")

    assert "elsewhere" not in json.dumps(problem)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused(clerk: Caller, order: Order, method: str) -> None:
    answer = clerk.client.generic(method, f"{ROOT}/orders", headers=clerk._with({}))

    refused(answer, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST"


def test_head_is_get_without_a_body(clerk: Caller, order: Order) -> None:
    path = f"{ROOT}/orders/{order.public_id}"

    answer = clerk.client.head(path, headers=clerk._with({}))

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == clerk.get(f"/orders/{order.public_id}").headers["ETag"]


# ---- queries -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("nothing=1", "nothing", "unknown_field"),
        ("limit=0", "limit", "min_value"),
        ("limit=201", "limit", "max_value"),
        ("limit=many", "limit", "invalid"),
        ("limit=1&limit=2", "limit", "twice"),
        ("cursor=made-up", "cursor", "invalid"),
        ("cursor=" + "a" * 1001, "cursor", "max_length"),
        ("cursor=%ED%A0%80", "cursor", "invalid"),
        ("kind=recipe", "kind", "invalid_choice"),
        ("court=%00", "court", "nul"),
        ("docket_number=a%00b", "docket_number", "nul"),
    ],
)
def test_wrong_query_is_refused(clerk: Caller, query: str, field: str, code: str) -> None:
    problem = refused(clerk.get(f"/orders?{query}"), "invalid")

    assert (field, code) in {(fault["field"], fault["code"]) for fault in problem["errors"]}


def test_unknown_agency_name_is_refused(clerk: Caller) -> None:
    problem = refused(clerk.get("/orders?court=Elsewhere"), "refused")

    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [("court", "does_not_exist")]
    assert problem["errors"][0]["message"] == (
        "“Elsewhere” is not the name of an agency that this field takes. "
        "`GET /api/v1/reference/agencies` lists the names."
    )


def test_cursor_of_another_list_is_refused(clerk: Caller, order: Order) -> None:
    of_agencies = clerk.get("/reference/agencies", limit=1).json()["next"].partition("cursor=")[2]

    refused(clerk.get(f"/orders?cursor={of_agencies}"), "invalid")


# ---- callers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer ctc_made-up", "Bearer ctc_é", "Basic Y2xlcms6Y2xlcms=", "Token ctc_a"],
)
def test_caller_without_a_valid_token_is_refused(order: Order, header: str) -> None:
    headers = {"Authorization": header} if header else {}

    answer = Client().get(f"{ROOT}/orders/{order.public_id}", headers=headers)

    refused(answer, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def _expire(token: ApiToken) -> None:
    token.created_at = timezone.now() - timedelta(days=2)
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()


def _revoke(token: ApiToken) -> None:
    token.revoked_at = timezone.now()
    token.save()


@pytest.mark.parametrize("end", [_expire, _revoke])
def test_expired_token_is_refused(clerk: Caller, order: Order, end: Callable[[ApiToken], None]) -> None:
    end(ApiToken.objects.get(user__memberships__role=Role.CLERK))

    refused(clerk.get(f"/orders/{order.public_id}"), "not_signed_in")
    refused(clerk.post(f"/orders/{order.public_id}/services", {}), "not_signed_in")


def test_session_without_csrf_token_is_refused(order: Order, browser: Client) -> None:
    answer = browser.post(f"{ROOT}/orders/{order.public_id}/services", {}, content_type="application/json")

    refused(answer, "not_permitted")


@pytest.mark.parametrize("scopes", [[], [Scope.ALERTS_READ], [Scope.ORDERS_READ]])
def test_token_without_the_scope_is_refused(caller: MakeCaller, order: Order, scopes: list[str]) -> None:
    narrow = caller(User.objects.get(memberships__role=Role.CLERK), scopes)

    refused(narrow.post(f"/orders/{order.public_id}/services", {}), "scope_missing")


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schlüssel"])
def test_invalid_idempotency_key_is_refused(clerk: Caller, order: Order, key: str) -> None:
    answer = clerk.client.post(
        f"{ROOT}/orders/{order.public_id}/services",
        {},
        content_type="application/json",
        headers=clerk._with({"Idempotency-Key": key}),
    )

    refused(answer, "idempotency_key_missing")


@pytest.mark.parametrize("tag", ['"stale"', "W/", '"a", "b"'])
def test_stale_version_is_refused(clerk: Caller, order: Order, tag: str) -> None:
    path = f"/orders/{order.public_id}"

    refused(clerk.patch(path, {"reason": "misread"}, If_Match=tag), "stale")
    refused(clerk.post(f"{path}/services", {}, If_Match=tag), "stale")


# ---- frequency ---------------------------------------------------------------------------------------------


def test_throttled_request_gets_retry_after(
    clerk: Caller, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "3/min"})

    answers = [clerk.get(f"/orders/{order.public_id}") for _ in range(4)]

    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    refused(answers[3], "too_many_requests")
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    for left, answer in zip((2, 1, 0, 0), answers, strict=True):
        assert answer.headers["RateLimit-Policy"] == '"user";q=3;w=60'
        assert re.fullmatch(rf'"user";r={left};t=(60|[1-5]?\d)', answer.headers["RateLimit"])
    cache.clear()


def test_refusal_after_the_count_announces_what_is_left(clerk: Caller) -> None:
    missing = clerk.get(f"/orders/{uuid.uuid4()}")
    stranger = Client().get("/api/v1/orders")

    assert missing.status_code == 404
    assert missing.headers["RateLimit"].startswith('"user";r=')
    assert stranger.status_code == 401
    assert "RateLimit" not in stranger.headers


def test_guessing_ids_is_blocked(clerk: Caller, order: Order) -> None:
    answers = [clerk.get(f"/orders/{uuid.uuid4()}") for _ in range(enumeration_guard.LIMIT + 5)]

    assert [one.status_code for one in answers] == [404] * enumeration_guard.LIMIT + [429] * 5
    refused(answers[-1], "too_many_requests")
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Even the caller's own rows, while the block lasts. Lists and searches still open.
    refused(clerk.get(f"/orders/{order.public_id}"), "too_many_requests")
    found = clerk.get("/orders", docket_number=order.case.docket_number).json()["results"]
    assert [one["id"] for one in found] == [str(order.public_id)]


# ---- unexpected errors -------------------------------------------------------------------------------------


def test_internal_error_hides_its_cause(clerk: Caller, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(OrderList, "get_queryset", fail)

    answer = clerk.get("/orders")

    refused(answer, "unexpected")
    assert SECRET not in answer.content.decode()


def test_forbidden_role_cannot_tell_what_exists(auditor: Caller, order: Order) -> None:
    assert not MATRIX.may({Role.AUDITOR}, "view", "order")
    refused(auditor.get(f"/orders/{order.public_id}"), "not_permitted")
    refused(auditor.get(f"/orders/{uuid.uuid4()}"), "not_permitted")
