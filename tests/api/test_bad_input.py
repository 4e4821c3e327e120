"""Each bad request gets its exact status and code, in one form, and leaves no trace in the data."""

from __future__ import annotations

import json
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
from accounts.models import AgencyKind, ApiToken, AuditEntry, Role, Scope, User
from accounts.services import guessing
from orders.api.orders import Orders
from orders.models import Order
from tests import make
from tests.api.conftest import ROOT, Caller, MakeCaller

pytestmark = pytest.mark.django_db

#: What a request may leave behind: that it was made.
_RECORDS = {"accounts_auditentry", "accounts_auditseal", "accounts_apitoken", "accounts_session"}

_DIGEST = "SELECT '{}', md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {} AS row"

SECRET = "Rowan Alder, 12 Elm Street"


def _data() -> dict[str, str]:
    """A digest of every table that holds data."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)} - _RECORDS)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(map(_DIGEST.format, tables, tables)))
        return dict(cursor.fetchall())


@pytest.fixture
def court() -> Any:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def clerk(caller: MakeCaller, court: Any) -> Caller:
    return caller(make.person(Role.CLERK, court))


@pytest.fixture
def order(court: Any) -> Order:
    now = timezone.now()
    return make.order(now=now, issued_at=now - timedelta(days=1), court=court, protected_person="Sky Linden")


@pytest.fixture
def auditor(caller: MakeCaller) -> Caller:
    return caller(make.person(Role.AUDITOR))


@pytest.fixture
def browser(clerk: Caller) -> Client:
    """A clerk's browser, signed in, whose pages are not ours."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(memberships__role=Role.CLERK))
    return client


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(order: Order, auditor: Caller, browser: Client) -> Iterator[None]:
    """Whatever a test of this file sends, the data stay as they were."""
    before = _data()
    yield
    assert _data() == before


def refused(answer: Any, code: str) -> dict[str, Any]:
    """The problem that a refusal carries, of the form that every one has."""
    status = PROBLEMS[code][0].value
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE), answer.content
    problem: dict[str, Any] = json.loads(answer.content)
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"] == f"urn:ctcompliance:problem:{code}"
    assert answer.headers["Cache-Control"] == "no-store"
    return problem


def sent(clerk: Caller, path: str, raw: bytes | str, content_type: str = "application/json") -> Any:
    """What a POST of these very bytes is answered."""
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
def test_what_is_no_json_that_can_be_kept(clerk: Caller, order: Order, raw: bytes) -> None:
    answer = sent(clerk, f"/orders/{order.public_id}/service-attempts", raw)

    if raw:
        refused(answer, "malformed")
    else:
        # No body is an empty one: something is missing in it.
        refused(answer, "invalid")


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"null", b"true", b"[{}]"])
def test_what_is_json_and_no_object(clerk: Caller, order: Order, raw: bytes) -> None:
    refused(sent(clerk, f"/orders/{order.public_id}/service-attempts", raw), "invalid")


def test_a_backslash_before_u0000_is_text(clerk: Caller, order: Order) -> None:
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
def test_a_field_that_is_wrong_is_named(
    clerk: Caller, order: Order, body: dict[str, Any], field: str, code: str
) -> None:
    answer = clerk.post(f"/orders/{order.public_id}/service-attempts", body)

    problem = refused(answer, "invalid")
    assert (field, code) in {(fault["field"], fault["code"]) for fault in problem["errors"]}
    assert all(fault["message"] for fault in problem["errors"])


def test_a_body_that_is_too_large(clerk: Caller, order: Order, settings: Settings) -> None:
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
def test_a_body_of_another_type(clerk: Caller, order: Order, content_type: str) -> None:
    refused(
        sent(clerk, f"/orders/{order.public_id}/service-attempts", b"reason=a", content_type),
        "unsupported_media_type",
    )


def test_an_answer_of_another_type_is_not_to_be_had(clerk: Caller, order: Order) -> None:
    answer = clerk.get(f"/orders/{order.public_id}", headers={"Accept": "application/xml"})

    refused(answer, "not_acceptable")


# ---- addresses and methods ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/orders/", "/orders/1", "/orders/../../admin", "/orders/%00", "/ORDERS"]
)
def test_an_address_that_does_not_exist(clerk: Caller, path: str) -> None:
    problem = refused(clerk.get(path), "not_found")

    assert path not in problem["detail"]
    assert refused(Client().get(ROOT + path), "not_found") == problem


def test_other_addresses_keep_their_pages() -> None:
    answer = Client().get("/nothing")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_host_that_is_not_ours(clerk: Caller) -> None:
    problem = refused(clerk.get("/orders", headers={"Host": "elsewhere.example"}), "invalid")

    assert "elsewhere" not in json.dumps(problem)


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_a_method_that_an_address_does_not_take(clerk: Caller, order: Order, method: str) -> None:
    answer = clerk.client.generic(method, f"{ROOT}/orders", headers=clerk._with({}))

    refused(answer, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST"


def test_head_is_answered_as_get_without_its_body(clerk: Caller, order: Order) -> None:
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
def test_a_query_that_is_wrong(clerk: Caller, query: str, field: str, code: str) -> None:
    problem = refused(clerk.get(f"/orders?{query}"), "invalid")

    assert (field, code) in {(fault["field"], fault["code"]) for fault in problem["errors"]}


def test_the_name_of_nothing(clerk: Caller) -> None:
    problem = refused(clerk.get("/orders?court=Elsewhere"), "refused")

    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [("court", "does_not_exist")]


def test_a_cursor_of_another_list(clerk: Caller, order: Order) -> None:
    of_agencies = clerk.get("/reference/agencies", limit=1).json()["next"].partition("cursor=")[2]

    refused(clerk.get(f"/orders?cursor={of_agencies}"), "invalid")


# ---- who calls ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer ctc_made-up", "Bearer ctc_é", "Basic Y2xlcms6Y2xlcms=", "Token ctc_a"],
)
def test_a_caller_without_a_token_that_works(order: Order, header: str) -> None:
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
def test_a_token_that_ended(clerk: Caller, order: Order, end: Callable[[ApiToken], None]) -> None:
    end(ApiToken.objects.get(user__memberships__role=Role.CLERK))

    refused(clerk.get(f"/orders/{order.public_id}"), "not_signed_in")
    refused(clerk.post(f"/orders/{order.public_id}/services", {}), "not_signed_in")


def test_a_session_without_its_csrf_token(order: Order, browser: Client) -> None:
    answer = browser.post(f"{ROOT}/orders/{order.public_id}/services", {}, content_type="application/json")

    refused(answer, "not_permitted")


@pytest.mark.parametrize("scopes", [[], [Scope.ALERTS_READ], [Scope.ORDERS_READ]])
def test_a_token_that_is_not_for_this(caller: MakeCaller, order: Order, scopes: list[str]) -> None:
    narrow = caller(User.objects.get(memberships__role=Role.CLERK), scopes)

    refused(narrow.post(f"/orders/{order.public_id}/services", {}), "scope_missing")


@pytest.mark.parametrize("key", ["", " ", "a b", "a" * 256, "schlüssel"])
def test_a_key_that_is_none(clerk: Caller, order: Order, key: str) -> None:
    answer = clerk.client.post(
        f"{ROOT}/orders/{order.public_id}/services",
        {},
        content_type="application/json",
        headers=clerk._with({"Idempotency-Key": key}),
    )

    refused(answer, "idempotency_key_missing")


@pytest.mark.parametrize("tag", ['"stale"', "W/", '"a", "b"'])
def test_a_version_that_stands_no_more(clerk: Caller, order: Order, tag: str) -> None:
    path = f"/orders/{order.public_id}"

    refused(clerk.patch(path, {"reason": "misread"}, If_Match=tag), "stale")
    refused(clerk.post(f"{path}/services", {}, If_Match=tag), "stale")


# ---- how often ---------------------------------------------------------------------------------------------


def test_too_many_requests_are_told_when_to_come_again(
    clerk: Caller, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "3/min"})

    answers = [clerk.get(f"/orders/{order.public_id}") for _ in range(4)]

    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    refused(answers[3], "too_many_requests")
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    cache.clear()


def test_who_guesses_fifty_dockets_in_a_row_is_answered_no_more(clerk: Caller, order: Order) -> None:
    answers = [clerk.get("/orders", docket_number=f"HHD-FA26-{7000 + number}-S") for number in range(50)]

    statuses = [answer.status_code for answer in answers]
    assert statuses[: guessing.MANY] == [200] * guessing.MANY
    assert set(statuses[guessing.MANY :]) == {429}
    refused(answers[-1], "too_many_requests")
    assert int(answers[-1].headers["Retry-After"]) > 0
    # Not even what is the caller's own, while it lasts.
    refused(clerk.get(f"/orders/{order.public_id}"), "too_many_requests")
    assert b"HHD" not in json.dumps(list(AuditEntry.objects.values_list("detail", flat=True))).encode()


def test_who_guesses_ids_is_answered_no_more(clerk: Caller, order: Order) -> None:
    statuses = [clerk.get(f"/orders/{uuid.uuid4()}").status_code for _ in range(guessing.MANY + 5)]

    assert statuses == [404] * guessing.MANY + [429] * 5


def test_to_look_again_for_one_docket_is_no_guess(clerk: Caller) -> None:
    statuses = {clerk.get("/orders", docket_number="HHD-FA26-7000-S").status_code for _ in range(25)}

    assert statuses == {200}


# ---- what nobody foresaw -----------------------------------------------------------------------------------


def test_a_fault_of_ours_is_told_without_its_cause(
    clerk: Caller, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Orders, "wanted", fail)

    answer = clerk.get("/orders")

    refused(answer, "unexpected")
    assert SECRET not in answer.content.decode()


def test_a_role_that_may_not_is_told_the_same_of_what_is_there_and_what_is_not(
    auditor: Caller, order: Order
) -> None:
    assert not MATRIX.may({Role.AUDITOR}, "view", "order")
    refused(auditor.get(f"/orders/{order.public_id}"), "not_permitted")
    refused(auditor.get(f"/orders/{uuid.uuid4()}"), "not_permitted")
