"""The inputs that once went wrong, at the API, and the table of what covers each of them at each door."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town
from orders.models import Deadline, Firearm, Order
from orders.services.firearms.inventory import list_firearm
from tests import make
from tests.api.conftest import Caller, MakeCaller

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
LICENSE = "6-06-014-01-7M-12345"


@dataclass
class Desk:
    """A clerk at the API, with an order served four hours ago."""

    api: Caller
    court: Agency
    order: Order

    def post(self, what: str, **body: Any) -> tuple[int, str]:
        """Post to the order. Return the status, and the code of the first error."""
        return _result(self.api.post(f"/orders/{self.order.public_id}/{what}", body))

    def enter(self, **given: Any) -> tuple[int, str]:
        """Enter another order."""
        body = {
            "docket_number": "HHD-FA26-6012345-S",
            "court": self.court.name,
            "kind": "ex_parte_restraining_order",
            "respondent_name": "Ash Birch",
            "respondent_town": self.order.case.respondent.town.name,
            "issued_at": ago(days=1),
            "confirm": "The hearing is not set yet.",
            **given,
        }
        return _result(self.api.post("/orders", body))

    def receive(self, *firearms: Firearm, **given: Any) -> tuple[int, str]:
        """Record a receipt of a dealer."""
        keys = [str(one.public_id) for one in firearms]
        body = {"kind": "dealer", "dealer_license": LICENSE, "received_at": ago(hours=1), "firearms": keys}
        return self.post("receipts", **{**body, **given})

    def list(self, serial: str) -> Firearm:
        """List a firearm."""
        return list_firearm(self.order, serial=serial, source="police", by=None, now=timezone.now())

    def serve_late(self) -> tuple[int, str]:
        """Serve an order a day after its last day."""
        now = timezone.now()
        late = make.order(
            now=now,
            court=self.court,
            kind="restraining_order",
            issued_at=now - timedelta(days=9),
            expires_on=(now - timedelta(days=3)).date(),
        )
        body = {"served_at": ago(days=1), "service_method": "in_hand"}
        return _result(self.api.post(f"/orders/{late.public_id}/services", body))

    @property
    def surrender(self) -> str:
        """The state of the duty to surrender."""
        return Deadline.objects.get(order=self.order, rule_id="CT-SUR-01").state


def _result(answer: Any) -> tuple[int, str]:
    errors = answer.json().get("errors") or [{}]
    return answer.status_code, errors[0].get("code", "")


def ago(**span: float) -> str:
    return (timezone.now() - timedelta(**span)).isoformat()


def ten_years_ago() -> str:
    return (timezone.now() - timedelta(days=3650)).isoformat()


@pytest.fixture
def desk(caller: MakeCaller) -> Desk:
    court, now = make.agency(AgencyKind.COURT), timezone.now()
    order = make.served_order(ago=timedelta(hours=4), now=now, court=court, issued_at=now - timedelta(days=2))
    return Desk(api=caller(make.person(Role.CLERK, court)), court=court, order=order)


REFUSED: dict[str, tuple[Callable[[Desk], tuple[int, str]], str]] = {
    "issued in 2062": (
        lambda desk: desk.enter(issued_at=datetime(2062, 10, 1, 16, tzinfo=UTC).isoformat()),
        "in_the_future",
    ),
    "served in 2062": (
        lambda desk: desk.post("service-corrections", served_at=ago(days=-13000), reason="Misread."),
        "in_the_future",
    ),
    "born in 2068": (lambda desk: desk.enter(respondent_dob="2068-07-16"), "born_after_issue"),
    "no visible name": (lambda desk: desk.enter(respondent_name="\u200b\u3164"), "blank"),
    "a name of signs": (lambda desk: desk.enter(respondent_name="---"), "no_name"),
    "receipt of the future": (
        lambda desk: desk.receive(desk.list("S1"), received_at=ago(days=-365)),
        "in_the_future",
    ),
    "receipt ten years old": (
        lambda desk: desk.receive(desk.list("S1"), received_at=ten_years_ago()),
        "before_the_order",
    ),
    "statement of the future": (
        lambda desk: desk.post("statements", kind="non_possession", sworn_at=ago(days=-365)),
        "in_the_future",
    ),
    "statement ten years old": (
        lambda desk: desk.post("statements", kind="non_possession", sworn_at=ten_years_ago()),
        "before_the_order",
    ),
    "served after the last day": (lambda desk: desk.serve_late(), "served_after_last_day"),
    "a near serial number": (
        lambda desk: (desk.list("SA 123-45"), desk.post("firearms", serial="SA12345", source="police"))[1],
        "near_match",
    ),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_is_refused_at_the_api(name: str, desk: Desk) -> None:
    act, code = REFUSED[name]

    status, found = act(desk)

    assert (status // 100, found) == (4, code)
    assert desk.surrender != "met"


def test_a_client_learns_what_it_may_confirm(desk: Desk) -> None:
    firearm = desk.list("S1")
    body = {"kind": "dealer", "dealer_license": LICENSE, "firearms": [str(firearm.public_id)]}
    address = f"/orders/{desk.order.public_id}/receipts"

    def refused(**at: Any) -> list[bool]:
        return [one["confirmable"] for one in desk.api.post(address, {**body, **at}).json()["errors"]]

    assert refused(received_at=ago(days=-1), confirm="He did.") == [False]
    assert refused(received_at=ago(days=3)) == [True]
    assert desk.surrender != "met"
    assert (
        desk.api.post(address, {**body, "received_at": ago(days=3), "confirm": "He did."}).status_code == 201
    )


@pytest.mark.parametrize("serial", ["UNK", "not visible", "", "worn off", "UNK 1", "99999"])
def test_two_firearms_without_a_number_are_two_at_the_api(serial: str, desk: Desk) -> None:
    for _ in range(2):
        assert desk.post("firearms", serial=serial, make="Ruger", source="police")[0] == 201
    one, other = Firearm.objects.filter(order=desk.order)

    assert desk.receive(one)[0] == 201
    assert desk.surrender != "met"
    assert desk.receive(other)[0] == 201
    assert desk.surrender == "met"


@pytest.mark.parametrize(
    "docket",
    [
        "HHD-FA26-6012399\u200b-S",
        "HHD\u2013FA26\u20136012399\u2013S",
        "\u200fhhd fa26 6012399 s",
        "HHDFA266012399S",
    ],
)
def test_a_docket_is_cleaned_at_the_api(docket: str, desk: Desk) -> None:
    assert desk.enter(docket_number=docket)[0] == 201
    assert Order.objects.filter(case__docket_number="HHD-FA26-6012399-S").count() == 1


@pytest.mark.parametrize("name", ["W. Hartford", "west hartford, CT 06107", "Town of West  Hartford"])
def test_a_usual_form_leads_to_its_town_at_the_api(name: str, desk: Desk) -> None:
    town = Town.objects.create(name="West Hartford", police=make.agency())

    assert desk.enter(respondent_town=name)[0] == 201
    assert Order.objects.filter(case__respondent__town=town).count() == 1
    assert desk.enter(respondent_town="Wst Hartfrd") == (409, "does_not_exist")


def test_the_table_names_tests_that_are_there() -> None:
    table = tomllib.loads((HERE / "table.toml").read_text(encoding="utf-8"))
    missing = [
        f"{case}, {door}: {test}"
        for case, doors in table.items()
        for door, tests in doors.items()
        for test in tests
        if not _is_there(test)
    ]

    assert missing == []
    assert len(table) == 21
    assert all(doors.keys() <= {"service", "admin", "api", "import", "page"} for doors in table.values())


def _is_there(test: str) -> bool:
    name, _, function = test.partition("::")
    file = HERE.parent / name
    if not file.is_file():
        return False
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(isinstance(one, ast.FunctionDef) and one.name == function for one in ast.walk(tree))
