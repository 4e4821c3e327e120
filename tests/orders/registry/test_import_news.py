"""News that an import brings alerts the same people as entry by hand, once; a backlog alerts no one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, Role, Town, User
from notifications.models import Alert
from notifications.services.firing.fire import Firer
from orders.models import ConfidentialityRelease, Order
from orders.rules.vocabulary import Purpose
from tests import make
from tests.make_export import order_row, write_export

pytestmark = pytest.mark.django_db

COURT_TIME = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def liaison() -> User:
    police = Agency.objects.create(name="Hamden Police", kind=AgencyKind.POLICE, ori="CT0006200")
    Town.objects.create(name="Hamden", police=police)
    Agency.objects.create(name="Court at Hartford", kind=AgencyKind.COURT, docket_prefixes="HHD HHX")
    return make.person(Role.LIAISON, police)


def at(*, days: float = 0, hours: float = 0) -> str:
    """That long ago, as the registry writes it."""
    then = timezone.now() - timedelta(days=days, hours=hours)
    return then.astimezone(COURT_TIME).replace(microsecond=0).isoformat()


def day(ahead: float) -> str:
    """That many days ahead."""
    return (timezone.now().astimezone(COURT_TIME) + timedelta(days=ahead)).date().isoformat()


def row(number: int = 1, **given: Any) -> dict[str, str]:
    """An order of today that is not served, with firearms indicated."""
    plain = {
        "issued_at": at(hours=2),
        "expires_on": day(12),
        "hearing_on": day(10),
        "served_at": "",
        "service_method": "",
    }
    return order_row(number, **{**plain, **given})


def take(folder: Path, *rows: dict[str, str]) -> None:
    call_command("import_por", str(write_export(folder, list(rows), [], [])), verbosity=0)


def heard() -> list[tuple[str, str]]:
    """Fire, and return who heard of what: announcement and capacity."""
    Firer("test").fire()
    found = Alert.objects.filter(checkpoint__purpose=Purpose.INFORM, via="person")
    return sorted(found.values_list("checkpoint__deadline__rule_id", "capacity"))


def test_a_new_order_of_a_nightly_import_alerts_police_once(tmp_path: Path, liaison: User) -> None:
    take(tmp_path / "1", row())

    assert heard() == [("ANN-EX-PARTE", "respondent_police")]
    assert [one.recipient for one in Alert.objects.filter(capacity="respondent_police")] == [liaison]
    take(tmp_path / "2", row())
    take(tmp_path / "3", row(respondent_name="Ash Birchwood"))
    assert heard() == [("ANN-EX-PARTE", "respondent_police")]


def test_service_within_the_day_is_news_of_an_old_order(tmp_path: Path) -> None:
    take(tmp_path, row(issued_at=at(days=20), served_at=at(hours=3), service_method="in_hand"))

    assert heard() == [("ANN-SERVED", "respondent_police")]


def test_service_that_an_import_brings_later_is_news(tmp_path: Path) -> None:
    take(tmp_path / "1", row())
    heard()

    take(tmp_path / "2", row(served_at=at(hours=1), service_method="in_hand"))

    assert heard() == [("ANN-EX-PARTE", "respondent_police"), ("ANN-SERVED", "respondent_police")]


def test_a_hearing_that_an_import_moves_is_news_to_those_who_would_travel(tmp_path: Path) -> None:
    take(tmp_path / "1", row(issued_at=at(days=30), expires_on=day(200)))
    organization = make.agency(AgencyKind.ADVOCACY)
    make.person(Role.ADVOCATE, organization)
    now = timezone.now()
    ConfidentialityRelease.objects.create(
        order=Order.objects.get(),
        agency=organization,
        signed_on=court_date(now),
        begins_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=90),
    )
    assert heard() == []

    take(tmp_path / "2", row(issued_at=at(days=30), expires_on=day(200), hearing_on=day(11)))

    assert heard() == [("ANN-HEARING", "advocate")]


def test_a_first_import_of_a_backlog_alerts_of_the_current_orders_only(tmp_path: Path) -> None:
    old = [
        row(number, issued_at=at(days=10 + number), expires_on=day(300), hearing_on="")
        for number in range(1, 30)
    ]
    served = [
        row(
            number,
            issued_at=at(days=100),
            served_at=at(days=99),
            service_method="in_hand",
            expires_on=day(200),
            hearing_on="",
        )
        for number in range(30, 60)
    ]

    take(tmp_path, *old, *served, row(60))

    assert heard() == [("ANN-EX-PARTE", "respondent_police")]
    assert Order.objects.count() == 60
