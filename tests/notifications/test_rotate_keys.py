"""`manage.py rotate_keys`: everything moves to the current key, step by step, and nothing is lost."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts import crypto
from accounts.models import AuditEntry, HeldForm, Role
from accounts.services import rotation
from accounts.services.rotation import rotate
from notifications.models import OptedOutNumber, Preference, SafeContact, WebhookSubscription
from notifications.services.delivery import sms_opt_out
from orders.models import ImportFile, ImportJob, ImportPiece, ProtectedPerson
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import by_sms, safe_contact, set_up

pytestmark = pytest.mark.django_db

NUMBER = "+18605550100"
OLD, NEW = "the old key, which is long enough " * 2, "the new key, which is long enough " * 2


@pytest.fixture
def everything(settings: Settings) -> None:
    """A row of every encrypted column, under the old key; then the new key is set before it."""
    settings.ENCRYPTION_KEYS = [OLD]
    order = set_up()
    advocate = make.person(Role.ADVOCATE, make.agency())
    by_sms(order.liaison, NUMBER)
    Preference.objects.update(encrypted_service=crypto.encrypt("slack://a/b/c"))
    ProtectedPerson.objects.create(order=order.order, name="Robin Elm")
    safe_contact(order.release(), by=advocate, encrypted_phrase=crypto.encrypt("herons"))
    job = ImportJob.objects.create(by=order.clerk, created_at=NOW)
    file = ImportFile.objects.create(job=job, name="orders")
    ImportPiece.objects.create(file=file, number=0, content=b"Robin Elm")
    WebhookSubscription.objects.create(
        agency=order.police,
        url="https://system.example/",
        events=[],
        encrypted_secret=crypto.encrypt("whsec_a"),
        created_at=NOW,
        created_by=order.liaison,
    )
    HeldForm.objects.create(user=order.clerk, key="k", path="/", typed=crypto.encrypt("a=b"), held_at=NOW)
    for kind, data in (("totp", {"secret": crypto.encrypt("S")}), ("recovery_codes", _codes())):
        Authenticator.objects.create(user=order.clerk, type=kind, data=data)
    settings.ENCRYPTION_KEYS = [NEW, OLD]


def _codes() -> dict[str, Any]:
    return {"migrated_codes": [crypto.encrypt("1"), crypto.encrypt("2")], "used_mask": 3}


def _run(*arguments: str) -> dict[str, Any]:
    printed = StringIO()
    call_command("rotate_keys", *arguments, "--json", stdout=printed)
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def _counts(name: str, run: dict[str, Any]) -> dict[str, int]:
    return {one["column"]: one[name] for one in run["columns"] if one[name]}


#: One row each; a held form and a safe contact have two texts, and Django has a row in each table.
COLUMNS = {
    "accounts_heldform.typed": 1,
    "mfa_authenticator.data": 2,
    "notifications_preference.encrypted_phone": 1,
    "notifications_preference.encrypted_service": 1,
    "notifications_safecontact.encrypted_address": 1,
    "notifications_safecontact.encrypted_phrase": 1,
    "notifications_webhooksubscription.encrypted_secret": 1,
    "orders_importpiece.encrypted_content": 1,
    "orders_protectedperson.encrypted_name": 1,
}


def test_everything_moves_and_the_old_key_may_go(everything: None, settings: Settings) -> None:
    assert _counts("waiting", _run("--dry-run")) == COLUMNS
    done = _run()

    assert _counts("done", done) == COLUMNS
    assert _counts("waiting", _run("--dry-run")) == {}
    settings.ENCRYPTION_KEYS, settings.SECRET_KEY = [NEW], "also another secret key"
    assert ProtectedPerson.objects.get().name == "Robin Elm"
    assert bytes(ImportPiece.objects.get().content) == b"Robin Elm"
    assert Preference.objects.with_number(NUMBER).get().phone == NUMBER
    contact = SafeContact.objects.get()
    texts = (
        contact.encrypted_address,
        contact.encrypted_phrase,
        Preference.objects.get().encrypted_service,
        WebhookSubscription.objects.get().encrypted_secret,
        HeldForm.objects.get().typed,
        *[one.data["secret"] for one in Authenticator.objects.filter(type="totp")],
        *[one.data["migrated_codes"][1] for one in Authenticator.objects.filter(type="recovery_codes")],
    )
    opened = [crypto.decrypt(one) for one in texts]
    assert opened == ["someone@safe.example", "herons", "slack://a/b/c", "whsec_a", "a=b", "S", "2"]
    entry = AuditEntry.objects.get(what="rotate_keys")
    assert entry.detail == {"key": crypto.current_key_id(), "rows": sum(COLUMNS.values())}
    assert OLD not in json.dumps(done)


def test_an_earlier_open_column_is_encrypted_and_emptied(settings: Settings) -> None:
    order = make.order()
    with connection.cursor() as cursor:
        for name in ("Robin Elm", "Robin Oak"):
            # As a process of the version before writes it.
            cursor.execute(
                "INSERT INTO orders_protectedperson "
                "(public_id, order_id, name, address_confidential, is_applicant) "
                "VALUES (gen_random_uuid(), %s, %s, false, true)",
                [order.pk, name],
            )

    assert _counts("done", _run())["orders_protectedperson.encrypted_name"] == 2

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT name, name_digest IS NULL FROM orders_protectedperson")
        assert cursor.fetchall() == [("", False)]
    assert set(ProtectedPerson.objects.values_list("name", flat=True)) == {"Robin Elm", "Robin Oak"}


def test_it_goes_on_where_it_stopped(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    order = make.order()
    for number in range(7):
        ProtectedPerson.objects.create(order=order, name=f"Robin {number}")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    monkeypatch.setattr(rotation, "BATCH", 2)
    write, batches = rotation._Column._write, iter(range(2))

    def stops(column: Any, rows: Any) -> None:
        if next(batches, None) is None:
            raise KeyboardInterrupt
        write(column, rows)

    monkeypatch.setattr(rotation._Column, "_write", stops)
    with pytest.raises(KeyboardInterrupt):
        list(rotate())
    monkeypatch.setattr(rotation._Column, "_write", write)

    assert _counts("done", _run())["orders_protectedperson.encrypted_name"] == 3
    settings.ENCRYPTION_KEYS = [NEW]
    assert {one.name for one in ProtectedPerson.objects.all()} == {f"Robin {number}" for number in range(7)}


def test_a_value_whose_key_is_gone_is_counted_and_kept(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    order = make.order()
    ProtectedPerson.objects.create(order=order, name="Robin Elm")
    settings.ENCRYPTION_KEYS = [NEW]
    ProtectedPerson.objects.create(order=order, name="Robin Oak")

    with pytest.raises(CommandError, match=r"1 values are left\. Unreadable: set their key"):
        _run()

    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert {one.name for one in ProtectedPerson.objects.all()} == {"Robin Elm", "Robin Oak"}


def test_two_people_with_one_number_stop_neither_the_others_nor_the_keys(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    people = [make.person(Role.LIAISON, make.agency()) for _ in range(3)]
    by_sms(people[0], NUMBER)
    by_sms(people[1], "+18605550101")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    # In the moment of a rotation, the digests of two keys do not meet.
    by_sms(people[2], NUMBER)

    with pytest.raises(CommandError, match="two people have one number"):
        _run()

    numbers = Preference.objects.filter(user__in=people[1:]).values_list("phone_digest", flat=True)
    assert set(numbers) == {crypto.digests("phone", one)[0] for one in (NUMBER, "+18605550101")}
    assert Preference.objects.get(user=people[0]).phone == NUMBER


def test_opt_outs_move_with_known_numbers_and_others_hold_the_old_key(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    by_sms(make.person(Role.LIAISON, make.agency()), NUMBER)
    for number in (NUMBER, "+18605550177"):
        sms_opt_out.opt_out(number, NOW)
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    assert _run()["opted_out_numbers"] == 1
    printed = StringIO()
    call_command("rotate_keys", "--dry-run", stdout=printed)
    assert "1 numbers that replied STOP are known by a digest under an earlier key" in printed.getvalue()

    settings.ENCRYPTION_KEYS = [NEW]
    assert sms_opt_out.is_opted_out(NUMBER)
    assert OptedOutNumber.objects.filter(key_id=crypto.current_key_id()).count() == 1


def test_the_lines_name_columns_and_no_value(everything: None) -> None:
    printed = StringIO()

    call_command("rotate_keys", stdout=printed)

    lines = printed.getvalue()
    assert "orders_protectedperson.encrypted_name" in lines
    assert "Every stored value is encrypted with it." in lines
    assert not {"Robin", NUMBER, OLD, NEW} & set(lines.split())
