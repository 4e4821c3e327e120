"""schemathesis walks the schema as each role: no 500, no breach of the schema, nothing of another agency.

`make fuzz` walks further.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from accounts.api import replay
from accounts.models import Role
from ctcompliance.wsgi import application
from notifications.models import WebhookSubscription
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.stage import Stage, place_of, set_up
from tests.api.test_reads import ROWS

pytestmark = pytest.mark.django_db

#: Cases for each operation, role and mode: a cut here, more by `make fuzz`.
CASES = int(os.environ.get("CTC_FUZZ_CASES", "1"))

#: Written into everything that belongs to another agency.
CANARY = "Canary"

GENERATOR: Any = SchemaGenerator
SCHEMA: Any = schemathesis.openapi.from_dict(GENERATOR().get_schema(request=None, public=True))
SCHEMA.app = application
# Every call is somebody's: what a wrong token gets is tested by itself.
SCHEMA.config.generation.with_security_parameters = False
# JSON Schema has no words for “any text but NUL”.
SCHEMA.config.generation.allow_x00 = False

# … nor for “the version that stands”.
for check in (SCHEMA.config.checks.positive_data_acceptance, SCHEMA.config.checks.negative_data_rejection):
    check.expected_statuses = [*check.expected_statuses, "412"]

OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """A request of a server closes the connection that stands; a test lives in its one transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("role", list(Role))
def test_walk(role: Role, caller: MakeCaller) -> None:
    stage = set_up()
    set_up(
        docket_number=f"{CANARY}-1", respondent_name=f"{CANARY} Birch", protected_person=f"{CANARY} Linden"
    )
    headers = {"Authorization": f"Bearer {caller(make.person(role, place_of(role, stage))).token}"}

    for operation in OPERATIONS:
        walk(operation, GenerationMode.POSITIVE, lambda case: lead_somewhere(case, stage), headers)
        # Of some calls nothing can be wrong.
        with suppress(Unsatisfiable):
            walk(operation, GenerationMode.NEGATIVE, lambda case: None, headers)


def walk(
    operation: Any, mode: GenerationMode, prepare: Callable[[Any], None], headers: dict[str, str]
) -> None:
    """Calls one operation so many times, and checks every answer."""

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
        assert CANARY not in case.call_and_validate(headers=headers).text

    call()


def subscription(stage: Stage) -> WebhookSubscription:
    """A subscription of the police; a walk may have removed the one before."""
    return WebhookSubscription.objects.create(
        agency=stage.police,
        url="https://alerts.example/hook",
        events=["alert.created"],
        sealed_secret="sealed",
        created_at=stage.now,
        created_by=make.person(Role.LIAISON, stage.police),
    )


def lead_somewhere(case: Any, stage: Stage) -> None:
    """Ids of rows that are there, a key of its own, and no cursor: nobody guesses one."""
    resource = case.operation.path.split("/")[3]
    rows = ROWS | {"webhooks": subscription}
    if "id" in (case.path_parameters or {}) and resource in rows:
        case.path_parameters["id"] = str(rows[resource](stage).public_id)
    if replay.HEADER in case.headers:
        case.headers[replay.HEADER] = str(uuid.uuid4())
    if case.query:
        case.query.pop("cursor", None)
