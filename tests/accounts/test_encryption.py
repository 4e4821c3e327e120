"""Encrypted columns: what is stored, what can be asked, and what a page shows without the key."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cryptography.fernet import InvalidToken
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from accounts import crypto
from accounts.encrypted_fields import UNREADABLE
from accounts.models import AgencyKind, Role
from notifications.models import Preference
from orders.models import ProtectedPerson
from orders.services.bulk import insert, make
from tests import make as make_rows
from tests.accounts.test_second_factor import settings_with

NUMBER = "+18605550100"
KEYS = ["first " * 8, "second " * 8]


def stored(column: str, table: str = "orders_protectedperson") -> list[object]:
    """What the column holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY id")
        return [value for (value,) in cursor.fetchall()]


def test_the_newest_key_encrypts_and_every_key_decrypts(settings: Settings) -> None:
    by_secret = crypto.encrypt_bytes(b"Robin Elm")
    settings.ENCRYPTION_KEYS = KEYS[:1]
    by_first = crypto.encrypt_bytes(b"Robin Elm")
    settings.ENCRYPTION_KEYS = [KEYS[1], KEYS[0]]
    by_second = crypto.encrypt_bytes(b"Robin Elm")

    assert {crypto.decrypt_bytes(one) for one in (by_secret, by_first, by_second)} == {b"Robin Elm"}
    assert len({one[:5] for one in (by_secret, by_first, by_second)}) == 3, "each begins with its key's id"
    assert by_second.startswith(crypto.current_prefix())
    settings.ENCRYPTION_KEYS = KEYS[1:]
    with pytest.raises(InvalidToken):
        crypto.decrypt_bytes(by_first)
    assert crypto.decrypt_bytes(by_second) == b"Robin Elm"


@pytest.mark.parametrize("place", [0, 2, 7, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    changed = bytearray(crypto.encrypt_bytes(b"Robin Elm"))
    changed[place] ^= 1

    with pytest.raises(InvalidToken):
        crypto.decrypt_bytes(bytes(changed))


def test_texts_use_the_same_keys(settings: Settings) -> None:
    before = crypto.encrypt("Robin Elm")
    settings.ENCRYPTION_KEYS = KEYS

    assert crypto.decrypt(before) == "Robin Elm"
    assert not crypto.is_current(before)
    assert crypto.is_current(crypto.encrypt("Robin Elm"))
    assert len(crypto.digests("phone", NUMBER)) == 3
    settings.ENCRYPTION_KEYS, settings.SECRET_KEY = KEYS, "another " * 8
    with pytest.raises(InvalidToken):
        crypto.decrypt(before)


def test_a_short_key_stops_the_start() -> None:
    with pytest.raises(ImproperlyConfigured, match="CTC_ENCRYPTION_KEYS: a key is shorter than 32"):
        settings_with({"CTC_ENCRYPTION_KEYS": "long enough to be a key of its own,short"})


@pytest.mark.django_db
@pytest.mark.parametrize("number_of_rows", [1, 60])
def test_rows_are_stored_encrypted_in_every_way(number_of_rows: int) -> None:
    order = make_rows.order()
    names = [f"Robin Elm {number}" for number in range(number_of_rows)]

    with transaction.atomic():
        insert([make(ProtectedPerson, order=order, name=name) for name in names])

    rows = ProtectedPerson.objects.order_by("id")
    assert [one.name for one in rows] == names
    assert list(rows.values_list("name", flat=True)) == names
    assert set(stored("name")) == {""}
    assert all(bytes(one).startswith(crypto.current_prefix()) for one in _bytes(stored("encrypted_name")))
    assert stored("name_digest") == [crypto.digests("protected person", name)[0] for name in names]


def _bytes(values: Sequence[object]) -> list[bytes]:
    return [value for value in values if isinstance(value, bytes)]


@pytest.mark.django_db
def test_equal_names_are_stored_differently_and_refused_in_one_order() -> None:
    order, other = make_rows.order(), make_rows.order()
    for one in (order, other):
        ProtectedPerson.objects.create(order=one, name="Robin Elm")

    assert len(set(_bytes(stored("encrypted_name")))) == 2
    with pytest.raises(IntegrityError, match="protected_person_once_an_order"), transaction.atomic():
        ProtectedPerson.objects.create(order=order, name="Robin Elm")


@pytest.mark.django_db
def test_an_update_of_some_fields_takes_the_digest_along() -> None:
    person = ProtectedPerson.objects.create(order=make_rows.order(), name="Robin Elm")

    person.name = "Robin Oak"
    person.save(update_fields=["name"])

    assert stored("name_digest") == [crypto.digests("protected person", "Robin Oak")[0]]
    assert ProtectedPerson.objects.get().name == "Robin Oak"


@pytest.mark.django_db
@pytest.mark.parametrize("lookup", ["name", "name__startswith", "name__in", "name__gt"])
def test_an_encrypted_column_is_not_compared(lookup: str) -> None:
    with pytest.raises(FieldError, match="name is encrypted and cannot be compared"):
        ProtectedPerson.objects.filter(**{lookup: "R"}).exists()
    assert not ProtectedPerson.objects.filter(name__isnull=True).exists()


@pytest.mark.django_db
def test_what_a_process_of_the_version_before_wrote_is_read_and_replaced() -> None:
    person = ProtectedPerson.objects.create(order=make_rows.order(), name="Robin Elm")
    # It knows the earlier column only, and its value is the newer one.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_protectedperson SET name = 'José Oak'")

    person.refresh_from_db()
    assert person.name == "José Oak"
    assert list(ProtectedPerson.objects.values_list("name", flat=True)) == ["José Oak"]

    person.name = "Robin Ash"
    person.save(update_fields=["name"])
    assert stored("name") == [""]
    assert ProtectedPerson.objects.get().name == "Robin Ash"


@pytest.mark.django_db
def test_without_its_key_a_name_is_shown_as_unreadable_and_never_saved(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = KEYS[:1]
    ProtectedPerson.objects.create(order=make_rows.order(), name="Robin Elm")
    settings.ENCRYPTION_KEYS = KEYS[1:]

    person = ProtectedPerson.objects.get()

    assert person.name == UNREADABLE
    person.address_confidential = True
    person.save(update_fields=["address_confidential"])
    with pytest.raises(ValueError, match="cannot be decrypted"), transaction.atomic():
        person.save()
    settings.ENCRYPTION_KEYS = KEYS
    assert ProtectedPerson.objects.get().name == "Robin Elm"


@pytest.mark.django_db
def test_a_number_is_found_by_its_digest_under_each_key(settings: Settings) -> None:
    person = make_rows.person(Role.LIAISON, make_rows.agency(AgencyKind.POLICE))
    Preference.objects.create(user=person, phone=NUMBER, by_sms=True)

    settings.ENCRYPTION_KEYS = KEYS

    assert Preference.objects.with_number(NUMBER).get().user == person
    assert not Preference.objects.with_number("+18605550101").exists()
    Preference.objects.update(open_phone="+18605550101")
    assert Preference.objects.with_number("+18605550101").get().phone == "+18605550101"


@pytest.mark.django_db
def test_text_messages_need_a_number() -> None:
    person = make_rows.person(Role.LIAISON, make_rows.agency(AgencyKind.POLICE))

    with pytest.raises(IntegrityError, match="preference_sms_has_a_phone"), transaction.atomic():
        Preference.objects.create(user=person, by_sms=True)
