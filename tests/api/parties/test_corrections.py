"""What was entered about protected persons is corrected through the API."""

from __future__ import annotations

from accounts.models import Role
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures


def test_a_protected_person_is_corrected_by_the_clerk_with_the_version(
    fixtures: Fixtures, caller: MakeCaller
) -> None:
    clerk, judge, liaison = (
        caller(make.person(role, place))
        for role, place in (
            (Role.CLERK, fixtures.court),
            (Role.JUDGE, fixtures.court),
            (Role.LIAISON, fixtures.police),
        )
    )
    path = f"/protected-persons/{fixtures.order.protected_persons.get().public_id}"
    tag = clerk.get(path).headers["ETag"]
    body = {"address_confidential": True, "reason": "read again"}

    without, answer, stale = (
        clerk.patch(path, body),
        clerk.patch(path, body, If_Match=tag),
        clerk.patch(path, body, If_Match=tag),
    )

    assert (without.status_code, answer.status_code, stale.status_code) == (428, 200, 412)
    assert answer.json()["address_confidential"] is True
    assert judge.patch(path, body, If_Match="*").status_code == 403
    assert judge.get(path).status_code == 200
    assert liaison.get(path).status_code == 403


def test_a_registry_number_is_corrected(fixtures: Fixtures, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    path = f"/orders/{fixtures.order.public_id}"

    answer = clerk.patch(path, {"por_number": " POR-9", "reason": "read again"}, If_Match="*")

    assert (answer.status_code, answer.json()["por_number"]) == (200, "POR-9")
