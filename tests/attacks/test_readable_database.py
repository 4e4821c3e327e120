"""Who reads the tables, a dump or a backup without the keys finds no protected person and no number."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.crypto import encrypt
from accounts.models import (
    Agency,
    AgencyKind,
    ApiToken,
    HeldForm,
    IdempotencyRecord,
    Role,
    Scope,
    Session,
    Town,
    User,
)
from accounts.services.access.tokens import PREFIX, digest_of
from notifications.models import Alert, Preference
from notifications.services.contacts.preferences import PreferenceSettings, save
from notifications.services.delivery import sending, sms_opt_out
from orders.models import ExportFile, ImportPiece, Order, ProtectedPerson
from orders.services.parties import protected_persons
from orders.services.registry import jobs
from orders.services.registry.importing import importing
from tests import make
from tests.api.conftest import Caller
from tests.forms import opened
from tests.make import NOW
from tests.make_export import order_row, write_export
from tests.notifications.fixtures import safe_contact, set_up

pytestmark = pytest.mark.django_db

#: One name for each door, so that a finding names its door.
NAMES = {
    "entry page": "Calliope Zwick",
    "another entry": "Demetria Zwick",
    "held form": "Euphemia Zwick",
    "API": "Feodora Zwick",
    "added": "Griselda Zwick",
    "corrected": "Hermione Zwick",
    "withdrawn": "Isolde Zwick",
    "import": "Jocasta Zwick",
    "changed by import": "Kunigunde Zwick",
    "pieces": "Leocadia Zwick",
    "too long": "Melusine Zwick " * 20,
}
NUMBERS = {"person": "+18605550147", "safe contact": "+18605550158", "opted out": "+18605550169"}
ADD = "/admin/orders/order/add/"
RESPONDENTS = {
    "HHD-FA26-6012341-S": "Morgan Quill",
    "HHD-FA26-6012342-S": "Rae Thornton",
    "HHD-FA26-6012343-S": "Uli Bergmann",
}


def readable() -> Iterator[tuple[str, str]]:
    """Yield each table with its rows as a dump writes them. The names in binary columns are hexadecimal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            with cursor.cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                yield table, b"".join(bytes(one) for one in copy).decode()


def forms_of(value: str) -> set[str]:
    """What a value looks like in a dump: whole or in part, as text or as bytes."""
    words = {value, value.strip().split()[0].lower(), re.sub(r"\D", "", value)[-10:]} - {""}
    return words | {one.encode().hex() for one in words}


def found_in_tables(values: dict[str, str]) -> set[tuple[str, str]]:
    """The doors whose value is readable, each with the table."""
    tables = {name: text.lower() for name, text in readable()}
    return {
        (door, table)
        for door, value in values.items()
        for table, text in tables.items()
        if any(form.lower() in text for form in forms_of(value))
    }


@pytest.fixture
def court() -> Agency:
    court = make.agency(AgencyKind.COURT)
    court.docket_prefixes = "HHD"
    court.save()
    return court


@pytest.fixture
def town() -> Town:
    town = make.town()
    town.name = "Hamden"
    town.save()
    return town


def sheet(court: Agency, town: Town, name: str, docket: str) -> dict[str, Any]:
    return {
        "court": court.pk,
        "docket_number": docket,
        "kind": "ex_parte_restraining_order",
        "expires_on": "2025-12-10",
        "issued_at_0": "2025-12-04",
        "issued_at_1": "4:00 pm",
        "respondent_name": RESPONDENTS[docket],
        "respondent_town": town.pk,
        "protected_person": name,
        "firearms_indicated": "on",
    }


def test_no_protected_person_is_readable(court: Agency, town: Town, tmp_path: Path) -> None:
    clerk = make.person(Role.CLERK, court)
    desk = Client()
    desk.force_login(clerk)
    _by_pages(desk, court, town)
    _by_api(_system(clerk), court)
    _by_import(clerk, tmp_path)

    stored = set(ProtectedPerson.objects.values_list("name", flat=True))
    doors = ("entry page", "another entry", "API", "added", "corrected", "import", "changed by import")
    assert stored == {NAMES[door] for door in doors}, "every door was used"
    assert HeldForm.objects.exists()
    assert IdempotencyRecord.objects.exists()
    assert ImportPiece.objects.exists()
    assert found_in_tables(NAMES) == set()


def _by_pages(desk: Client, court: Agency, town: Town) -> None:
    for door, docket in (("entry page", "HHD-FA26-6012341-S"), ("another entry", "HHD-FA26-6012342-S")):
        answer = desk.post(ADD, sheet(court, town, NAMES[door], docket) | opened(desk, ADD))
        assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.content.decode(), re.S)
    order = Order.objects.get(case__docket_number="HHD-FA26-6012341-S")
    why: dict[str, Any] = {"reason": "Misread.", "by": None, "now": timezone.now()}
    protected_persons.add_protected_person(order, name=NAMES["added"], **why)
    wrong = protected_persons.add_protected_person(order, name=NAMES["withdrawn"], **why)
    protected_persons.withdraw_protected_person(wrong, **why)
    other = protected_persons.add_protected_person(order, name=NAMES["withdrawn"], **why)
    protected_persons.correct_protected_person(other, name=NAMES["corrected"], **why)
    assert NAMES["added"] in desk.get(f"/admin/orders/order/{order.public_id}/").content.decode()
    keys = opened(desk, ADD)
    Session.objects.all().delete()
    held = sheet(court, town, NAMES["held form"], "HHD-FA26-6012343-S")
    assert desk.post(ADD, held | keys).status_code == 302


def _system(clerk: User) -> Caller:
    token = PREFIX + uuid.uuid4().hex
    ApiToken.objects.create(
        user=clerk,
        name="a court's system",
        scopes=Scope.values,
        digest=digest_of(token),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return Caller(Client(), token)


def _by_api(system: Caller, court: Agency) -> None:
    body = {
        "docket_number": "HHD-FA26-6012344-S",
        "court": court.name,
        "kind": "ex_parte_restraining_order",
        "confirm": "The hearing is not set yet.",
        "issued_at": (timezone.now() - timedelta(days=1)).isoformat(),
        "respondent_name": "Xan Ottway",
        "respondent_town": "Hamden",
        "protected_person": NAMES["API"],
    }
    answer = system.post("/orders", body)
    assert answer.status_code == 201, answer.content


def _by_import(clerk: User, folder: Path) -> None:
    rows = [
        order_row(1, protected_person=NAMES["import"]),
        order_row(2, protected_person="Wilhelmina"),
        order_row(3, protected_person=NAMES["too long"]),
    ]
    write_export(folder, orders=rows, firearms=[], receipts=[])
    job = jobs.open_job(by=clerk, now=timezone.now())
    for name in ExportFile:
        with (folder / f"{name}.csv").open("rb") as stream:
            jobs.put_file(job, name, stream, most=10_000)
    jobs.start(job)
    jobs.run(job.pk, now=timezone.now())
    rows[1]["protected_person"] = NAMES["changed by import"]
    write_export(folder, orders=rows, firearms=[], receipts=[])
    with importing(folder, now=timezone.now()) as imported:
        list(imported.batches())
    waiting = jobs.open_job(by=clerk, now=timezone.now())
    write_export(folder, orders=[order_row(4, protected_person=NAMES["pieces"])], firearms=[], receipts=[])
    with (folder / "orders.csv").open("rb") as stream:
        jobs.put_file(waiting, ExportFile.ORDERS, stream, most=10_000)


def test_no_telephone_number_is_readable(settings: Settings) -> None:
    settings.SMS_PROVIDERS = ["twilio"]
    order = set_up()
    save(order.liaison, PreferenceSettings(phone=NUMBERS["person"], by_sms=True))
    safe_contact(
        order.release(), by=order.clerk, channel="sms", encrypted_address=encrypt(NUMBERS["safe contact"])
    )
    sms_opt_out.opt_out(NUMBERS["opted out"], NOW)
    order.fire()
    assert Alert.objects.filter(channel="sms").exists()
    sending.drain(worker="test")

    assert Preference.objects.get().phone == NUMBERS["person"]
    assert found_in_tables(NUMBERS) == set()


def test_the_scan_finds_what_is_readable(court: Agency) -> None:
    """It must be able to fail: in a text, in bytes and in JSON."""
    order = make.order(court=court)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_protectedperson "
            "(public_id, order_id, name, address_confidential, is_applicant) "
            "VALUES (gen_random_uuid(), %s, %s, false, true)",
            [order.pk, "Calliope Zwick"],
        )
        cursor.execute("UPDATE accounts_agency SET loaded = %s", ['{"a": ["call +18605550147"]}'])
    job = jobs.open_job(by=make.person(Role.CLERK, court), now=NOW)
    file = job.files.create(name="orders")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_importpiece (file_id, number, content) VALUES (%s, 0, %s)",
            [file.pk, b"a,Demetria Zwick\n"],
        )

    assert found_in_tables(NAMES) == {
        ("entry page", "public.orders_protectedperson"),
        ("another entry", "public.orders_importpiece"),
    }
    assert found_in_tables(NUMBERS) == {("person", "public.accounts_agency")}
