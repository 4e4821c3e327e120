"""schemathesis calls every operation: no 500, no breach of the schema, no data of others.

`make test` calls each operation as some of the roles, in turn; `make fuzz` as each, with more cases.
"""

from __future__ import annotations

import copy
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from accounts.api import idempotency
from accounts.models import Role
from accounts.text import clean
from ctcompliance.wsgi import application
from notifications.models import WebhookSubscription
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.document import document
from tests.api.fixtures import Fixtures, place_of, set_up
from tests.api.test_reads import ROWS

pytestmark = pytest.mark.django_db

#: Cases for each operation, role and mode; `make fuzz` raises it.
CASES = int(os.environ.get("CTC_FUZZ_CASES", "1"))

#: Part of every text that belongs to another agency.
CANARY = "Canary"


@cache
def operations() -> list[Any]:
    """The operations of the API, read once for a process."""
    schema: Any = schemathesis.openapi.from_dict(copy.deepcopy(document()))
    schema.app = application
    # Every call is authenticated; invalid tokens have their own tests.
    schema.config.generation.with_security_parameters = False
    # JSON Schema cannot express “any text without NUL”.
    schema.config.generation.allow_x00 = False
    # … nor “the current version”.
    checks = schema.config.checks
    for check in (checks.positive_data_acceptance, checks.negative_data_rejection):
        check.expected_statuses = [*check.expected_statuses, "412"]
    return [found.ok() for found in schema.get_all_operations()]


#: How far apart the operations of one role are. Eleven roles call each operation at least twice.
STEP = 1 if CASES > 1 else 5


def operations_of(role: Role) -> list[Any]:
    """The operations that a role calls: the next role begins with the next one."""
    return operations()[list(Role).index(role) % STEP :: STEP]


def test_each_operation_is_called_as_two_roles_or_more() -> None:
    called = Counter(one.label for role in Role for one in operations_of(role))

    assert called.keys() == {one.label for one in operations()}
    assert min(called.values()) >= 2


@pytest.fixture(scope="module")
def hidden(stored: Fixtures) -> None:
    """An order of another court, stored once for all roles."""
    set_up(
        docket_number=f"{CANARY}-1", respondent_name=f"{CANARY} Birch", protected_person=f"{CANARY} Linden"
    )


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection open: a test runs in one transaction, but a request would close it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.cut(3)
@pytest.mark.parametrize("role", list(Role))
def test_walk(role: Role, hidden: None, fixtures: Fixtures, caller: MakeCaller) -> None:
    headers = {"Authorization": f"Bearer {caller(make.person(role, place_of(role, fixtures))).token}"}

    for operation in operations_of(role):
        walk(operation, GenerationMode.POSITIVE, lambda case: lead_somewhere(case, fixtures), headers)
        # Some operations have no invalid input.
        with suppress(Unsatisfiable):
            walk(operation, GenerationMode.NEGATIVE, lambda case: None, headers)


def walk(
    operation: Any, mode: GenerationMode, prepare: Callable[[Any], None], headers: dict[str, str]
) -> None:
    """Call one operation `CASES` times and check every response."""

    @settings(
        max_examples=CASES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        prepare(case)
        assert CANARY.encode() not in case.call_and_validate(headers=headers).content

    call()


def subscription(fixtures: Fixtures) -> WebhookSubscription:
    """A new subscription of the police, since an earlier call may have removed the last one."""
    return WebhookSubscription.objects.create(
        agency=fixtures.police,
        url="https://alerts.example/hook",
        events=["alert.created"],
        encrypted_secret="sealed",
        created_at=fixtures.now,
        created_by=make.person(Role.LIAISON, fixtures.police),
    )


def seen(value: Any) -> Any:
    """Return generated data with a letter in place of each text that has nothing visible.

    JSON Schema can demand text, but not that a person sees any of it.
    """
    if isinstance(value, dict):
        return {name: seen(one) for name, one in value.items()}
    if isinstance(value, list):
        return [seen(one) for one in value]
    return "x" if isinstance(value, str) and value and not clean(value) else value


def lead_somewhere(case: Any, fixtures: Fixtures) -> None:
    """Fill in ids of existing rows and a new key, and leave out cursors, which cannot be generated."""
    if (body := seen(case.body)) != case.body:
        case.body = body
    if (query := seen(case.query)) != case.query:
        case.query = query
    resource = case.operation.path.split("/")[3]
    rows = ROWS | {"webhooks": subscription}
    if "id" in (case.path_parameters or {}) and resource in rows:
        case.path_parameters["id"] = str(rows[resource](fixtures).public_id)
    if idempotency.HEADER in case.headers:
        case.headers[idempotency.HEADER] = str(uuid.uuid4())
    if case.query:
        case.query.pop("cursor", None)
