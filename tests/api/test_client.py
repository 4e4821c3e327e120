"""A court's system, with a client generated from the stored schema, over real HTTP."""

from __future__ import annotations

import importlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.models import AgencyKind, Role
from notifications.services.firing.fire import Firer
from orders.models import HistoryEntry
from tests import make
from tests.api.conftest import MakeCaller

SCHEMA = Path(__file__).parents[2] / "docs" / "openapi.yaml"

#: The name of the generated package.
NAME = "court_client"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The client's package, importable."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yml").write_text("post_hooks: []\n")
    subprocess.run(
        [
            Path(sys.executable).parent / "openapi-python-client",
            *("generate", "--path", SCHEMA, "--output-path", folder / NAME),
            *("--meta", "none", "--config", folder / "config.yml"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


class Court:
    """The client with its token."""

    def __init__(self, server: LiveServer, token: str) -> None:
        self.client = part("client").AuthenticatedClient(
            base_url=server.url, token=token, raise_on_unexpected_status=True
        )

    def __enter__(self) -> Court:
        self.client.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self.client.__exit__(*raised)

    def call(self, module: str, *ids: Any, **given: Any) -> Any:
        """Return the response; the caller checks its status."""
        return part(f"api.{module}").sync_detailed(*ids, client=self.client, **given)

    def act(self, module: str, *ids: Any, **given: Any) -> Any:
        """Return the parsed result of an act."""
        answer = self.call(module, *ids, idempotency_key=str(uuid.uuid4()), **given)
        assert answer.status_code == 201, answer.content
        return answer.parsed


def part(name: str) -> ModuleType:
    """A module of the client."""
    return importlib.import_module(f"{NAME}.{name}")


def test_day_of_a_court(made: Path, live_server: LiveServer, caller: MakeCaller) -> None:
    court, police = make.agency(AgencyKind.COURT), make.agency()
    town = make.town(police)
    now = timezone.now()
    tokens = [
        caller(make.person(role, of)).token for role, of in ((Role.CLERK, court), (Role.LIAISON, police))
    ]

    with Court(live_server, tokens[0]) as clerk, Court(live_server, tokens[1]) as liaison:
        models = part("models")
        order = clerk.act(
            "order.orders_create",
            body=models.OrderInput(
                docket_number="HHD-FA26-9001-S",
                court=court.name,
                kind=models.OrderKindEnum("ex_parte_restraining_order"),
                respondent_name="Ash Birch",
                respondent_town=town.name,
                issued_at=now - timedelta(days=3),
                firearms_indicated=True,
                confirm="The court sets the hearing later.",
            ),
        )
        clerk.act(
            "service.orders_services_create",
            order.id,
            body=models.ServiceInput(
                served_at=now - timedelta(hours=30), service_method=models.ServiceMethodEnum("in_hand")
            ),
        )
        Firer("test").fire()
        # The newest first; its acknowledgment answers the earlier ones of the case.
        alert, *_ = liaison.call("alert.alerts_list").parsed.results
        liaison.act("alert.alerts_acknowledgments_create", alert.id, body=models.EmptyInput())

        overdue = clerk.call("deadline.deadlines_list").parsed.results
        answered = liaison.call("alert.alerts_list").parsed.results

    assert "CT-SUR-01" in {one.rule for one in overdue}
    assert answered
    assert all(one.acknowledged_at is not None for one in answered)
    assert HistoryEntry.objects.filter(order__public_id=order.id, kind="acknowledged").exists()
