"""Ids in capitals, as SQL Server and .NET print them, in addresses, queries and bodies."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, resolve, reverse

from accounts.models import Role
from accounts.services.access import enumeration_guard
from tests import make
from tests.api.conftest import MakeCaller
from tests.api.fixtures import Fixtures

UNUSED = uuid.UUID("5f3832a5-0c1d-4ebb-a7f6-0123456789ab")


def _addresses(patterns: Any, above: str = "/") -> Iterator[str]:
    for pattern in patterns:
        below = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _addresses(pattern.url_patterns, below)
        elif "<uuid:" in below:
            yield below


ADDRESSES = sorted(set(_addresses(get_resolver().url_patterns)))


@pytest.mark.parametrize("address", ADDRESSES)
def test_capitals_lead_to_the_same_row(address: str) -> None:
    def filled(written: str) -> str:
        return re.sub(r"<\w+:\w+>", "word", re.sub(r"<uuid:\w+>", written, address))

    small, capital = resolve(filled(str(UNUSED))), resolve(filled(str(UNUSED).upper()))

    assert (small.view_name, small.kwargs) == (capital.view_name, capital.kwargs)
    assert UNUSED in capital.kwargs.values()


def test_links_are_written_in_small_letters() -> None:
    assert reverse("order", args=[uuid.UUID(str(UNUSED).upper())]).endswith(str(UNUSED))


def test_rows_are_found_by_ids_in_capitals(fixtures: Fixtures, caller: MakeCaller) -> None:
    clerk = make.person(Role.CLERK, fixtures.court)
    order = str(fixtures.order.public_id).upper()
    browser = Client()
    browser.force_login(clerk)

    answer = caller(clerk).get(f"/orders/{order}")

    assert (answer.status_code, answer.json()["id"]) == (200, str(fixtures.order.public_id))
    assert browser.get(f"/admin/orders/order/{order}/").status_code == 200
    liaison = Client()
    liaison.force_login(make.person(Role.LIAISON, fixtures.police))
    assert liaison.get(f"/follow-ups/{str(fixtures.follow_up.public_id).upper()}/").status_code == 200


def test_ids_in_capitals_are_taken_in_bodies_and_queries(fixtures: Fixtures, caller: MakeCaller) -> None:
    clerk = caller(make.person(Role.CLERK, fixtures.court))
    auditor = caller(make.person(Role.AUDITOR))

    receipt = clerk.post(
        f"/orders/{str(fixtures.order.public_id).upper()}/receipts",
        {
            "kind": "police",
            "received_at": fixtures.ago(hours=1),
            "firearms": [str(fixtures.firearm.public_id).upper()],
            "agency": fixtures.police.name,
        },
    )
    seen = auditor.get("/reports/who-saw", case=str(fixtures.order.case.public_id).upper())

    assert (receipt.status_code, receipt.json().get("firearms")) == (201, [str(fixtures.firearm.public_id)])
    assert len(seen.json()["results"]) == 1


def test_refusals_of_one_id_count_once_in_either_case(fixtures: Fixtures, caller: MakeCaller) -> None:
    person = make.person(Role.CLERK, fixtures.court)
    clerk = caller(person)

    for written in (str(UNUSED), str(UNUSED).upper()):
        assert clerk.get(f"/orders/{written}").status_code == 404

    assert enumeration_guard.count_refused_ids(person) == 1
