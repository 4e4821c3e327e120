"""The help directory: true entries, found by town, and nothing kept about the reader."""

from __future__ import annotations

import logging
import tomllib
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as real_settings
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AgencyKind, AuditEntry, Role, Session, Town
from accounts.reference import reader
from ctcompliance.web_log import WebLogger
from guidance.models import HelpEntry, HelpKind
from guidance.services import directory, hsds
from guidance.services.words import LANGUAGES, day, words
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

TODAY = NOW.date()
#: What the specification asks of each object, and what it knows (Open Referral, HSDS 3.0).
REQUIRED = {
    "service": {"id", "name", "status"},
    "organization": {"id", "name", "description"},
    "phones": {"id", "number"},
    "service_areas": {"id"},
}
KNOWN = {
    "service": {
        *("id", "name", "description", "status", "organization", "phones", "service_areas", "attributes"),
        *("alert", "assured_date"),
    },
    "organization": {"id", "name", "description"},
    "phones": {"id", "number", "type", "description"},
    "service_areas": {"id", "name", "description"},
}


def content(**given: Any) -> dict[str, Any]:
    """What an administrator enters."""
    plain = {
        "kind": HelpKind.ADVOCATES,
        "name": "Harbor House",
        "phone": "(860) 555-0117",
        "en": "Advocates for this town.",
        "es": "Defensoras para este pueblo.",
        "source": "Call with the office",
        "checked": TODAY,
        "towns": ["Hartford"],
    }
    return plain | given


def shown(client: Client, town: str, language: str = "en") -> str:
    """The page for a town."""
    address = "/help/" if language == "en" else "/help/es/"
    answer = client.post(address, {"town": town})
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_town_has_exactly_one_member_organization() -> None:
    towns = [one.name for one in reader.read().places if not one.within]

    for town in towns:
        found = [one for one in directory.shipped().values() if one.kind == HelpKind.ADVOCATES]
        assert len([one for one in found if one.serves(town)]) == 1, town
    assert len([one for one in directory.shipped().values() if one.kind == HelpKind.ADVOCATES]) == 18


def test_every_entry_has_a_source_and_texts_that_fit_a_row() -> None:
    for one in directory.shipped().values():
        row = HelpEntry(version=1, key=one.key, created_at=NOW)
        for name in directory.CONTENT:
            value = getattr(one, name)
            setattr(row, name, list(value) if name == "towns" else value)
        row.full_clean(exclude=["created_by"], validate_constraints=False)
        assert one.source


def test_no_number_is_invented() -> None:
    """A number with 555 is a made-up one, and a person without a source has no number."""
    text = Path(directory.__file__).parents[1].joinpath("data", "directory.toml").read_text(encoding="utf-8")

    assert "555" not in text
    assert {
        one.key for one in directory.shipped().values() if one.phone and one.kind == "courthouse"
    } == set()


@pytest.mark.usefixtures("towns")
def test_danger_comes_first_then_the_lines_for_all_towns(client: Client) -> None:
    page = client.get("/help/").content.decode()

    assert page.index("911") < page.index("(888) 774-2900") < page.index("(800) 799-7233")
    assert 'href="tel:+18887742900"' in page
    assert "Interval House" not in page


@pytest.mark.usefixtures("towns")
def test_a_town_has_its_advocates_police_and_courts(client: Client) -> None:
    page = shown(client, "Hartford")

    assert "In Hartford" in page
    for name in ("Interval House", "Hartford Police Department", "Statewide Legal Services", "101 Lafayette"):
        assert name in page
    assert "Safe Futures" not in page
    assert "which court serves this town" in page
    assert "Connecticut State Police" in shown(client, "Union")


@pytest.mark.usefixtures("towns")
def test_a_town_with_a_known_court_shows_only_that_one(client: Client) -> None:
    page = shown(client, "Stamford")

    assert "123 Hoyt St" in page
    assert "101 Lafayette" not in page
    assert "which court serves this town" not in page


@pytest.mark.usefixtures("towns")
def test_the_page_is_wholly_spanish(client: Client) -> None:
    page = shown(client, "Hartford", "es")

    assert '<html lang="es">' in page
    english = {word for name, word in words("en").items() if word != words("es")[name] and len(word) > 5}
    assert {word for word in english - {"English", "Español"} if f">{word}<" in page} == set()
    assert "En Hartford" in page
    # One press shows the same town in English.
    assert 'action="/help/"' in page
    assert '<input type="hidden" name="town" value="Hartford">' in page


def test_both_languages_have_every_word() -> None:
    for language in LANGUAGES:
        assert all(words(language).values())
    assert (day(date(2026, 11, 3), "en"), day(date(2026, 11, 3), "es")) == ("Nov 3, 2026", "3 nov 2026")


@pytest.mark.usefixtures("towns")
@pytest.mark.parametrize("typed", ["", "Atlantis", "<script>", "Hartford' OR 1=1"])
def test_an_unknown_town_is_explained_beside_its_field(client: Client, typed: str) -> None:
    answer = client.post("/help/", {"town": typed})

    assert answer.status_code == 400
    page = answer.content.decode()
    assert ("No town in Connecticut has this name." if typed else "Type the name of your town.") in page
    assert "<script>" not in page
    assert "(888) 774-2900" in page


@pytest.mark.usefixtures("towns")
@pytest.mark.parametrize("typed", ["hartford", "  HARTFORD, CT ", "Hartford"])
def test_a_town_is_typed_in_any_usual_form_and_a_list_helps(client: Client, typed: str) -> None:
    page = shown(client, typed)

    assert "In Hartford" in page
    assert '<datalist id="id_town_names"><option value=' in page
    # The browser does not keep what was typed here.
    assert 'autocomplete="off"' in page
    assert "<select" not in page


@pytest.mark.usefixtures("towns")
def test_a_village_leads_to_its_town_and_a_typing_error_to_the_nearest_names(client: Client) -> None:
    hartford = Town.objects.get(name="Hartford")
    Town.objects.create(name="Frog Hollow", within=hartford, police=hartford.police)

    assert "In Hartford" in shown(client, "frog hollow")
    page = client.post("/help/es/", {"town": "Hartfrod"}).content.decode()
    assert "Ningún pueblo de Connecticut tiene ese nombre. ¿Quiso decir Hartford?" in page


@pytest.mark.usefixtures("towns")
def test_no_cookie_no_session_and_no_entry_even_for_someone_signed_in(client: Client) -> None:
    client.force_login(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))
    sessions = list(Session.objects.values())
    entries = AuditEntry.objects.count()

    for answer in (
        client.get("/help/"),
        client.post("/help/", {"town": "Hartford"}),
        client.get("/help/hsds.json"),
    ):
        assert answer.cookies == {}
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"

    assert list(Session.objects.values()) == sessions
    assert AuditEntry.objects.count() == entries


@pytest.mark.usefixtures("towns")
def test_the_page_is_the_same_for_a_stranger_and_an_advocate(client: Client) -> None:
    stranger = Client().post("/help/", {"town": "Hartford"}).content
    client.force_login(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))

    assert client.post("/help/", {"town": "Hartford"}).content == stranger


@pytest.mark.usefixtures("towns")
def test_the_form_works_with_strict_csrf_checks_and_the_town_is_in_no_address() -> None:
    answer = Client(enforce_csrf_checks=True).post("/help/", {"town": "Hartford"})

    assert answer.status_code == 200
    page = answer.content.decode()
    assert "?town" not in page
    assert "csrfmiddlewaretoken" not in page
    assert "Hartford" not in answer.request["PATH_INFO"] + answer.request["QUERY_STRING"]


@pytest.mark.parametrize(
    ("path", "lines"), [("/help/", 0), ("/guides/service/", 0), ("/statistics/", 0), ("/sign-in/", 1)]
)
def test_the_web_server_writes_no_line_about_a_reader(
    path: str, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("gunicorn.glogging.Logger.access", lambda *given: written.append(given[2].path))

    WebLogger.__new__(WebLogger).access(SimpleNamespace(), SimpleNamespace(path=path), {}, timedelta())

    assert len(written) == lines


@pytest.mark.usefixtures("towns")
def test_nothing_is_logged_about_the_town(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        shown(client, "Hartford")
        client.post("/help/", {"town": "Atlantis"})

    own = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert not [line for line in own if "Hartford" in line or "Atlantis" in line]


@pytest.mark.usefixtures("towns")
def test_the_page_takes_few_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        shown(client, "Hartford")


@pytest.mark.parametrize(("age", "is_overdue"), [(180, False), (181, True)])
def test_an_entry_is_overdue_after_180_days(age: int, *, is_overdue: bool) -> None:
    one = directory.shipped()["safe-connect"]
    assert one.checked is not None

    assert one.is_overdue(one.checked + timedelta(days=age)) is is_overdue


@pytest.mark.usefixtures("towns")
def test_an_overdue_entry_asks_to_call_first_and_a_fresh_one_does_not(client: Client) -> None:
    directory.store("victim-connect", content=content(name="VictimConnect", checked=None), by=None, now=NOW)
    page = shown(client, "Hartford")
    assert "Never checked. Call first." in " ".join(page.split())

    for key, one in directory.shipped().items():
        given = {name: getattr(one, name) for name in directory.CONTENT} | {
            "checked": TODAY,
            "towns": [] if one.towns else list(one.towns),
        }
        directory.store(key, content=given, by=None, now=NOW)
    assert directory.overdue(TODAY) == []


@pytest.mark.usefixtures("towns")
def test_a_new_version_replaces_the_entry_and_keeps_the_older_ones(client: Client) -> None:
    directory.store("interval-house", content=content(name="Interval House"), by=None, now=NOW)
    directory.store(
        "interval-house", content=content(name="Interval House", phone="(860) 555-0118"), by=None, now=NOW
    )

    page = shown(client, "Hartford")

    assert "(860) 555-0118" in page
    assert "(860) 555-0117" not in page
    assert [one.version for one in directory.versions("interval-house")] == [2, 1]


@pytest.mark.usefixtures("towns")
def test_a_removed_entry_is_off_the_page_and_the_export(client: Client) -> None:
    directory.store("interval-house", content=content(), by=None, now=NOW, is_removed=True)

    assert "Harbor House" not in shown(client, "Hartford")
    assert "Harbor House" not in client.get("/help/hsds.json").content.decode()
    assert directory.entry("interval-house") is not None


@pytest.mark.usefixtures("towns")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"checked": TODAY + timedelta(days=2)}, "checked"),
        ({"towns": ["Atlantis"]}, "towns"),
        ({"source": ""}, "source"),
        ({"en": "x" * 201}, "en"),
    ],
)
def test_an_entry_that_cannot_be_true_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        directory.store("harbor-house", content=content(**given), by=None, now=NOW)

    assert field in refusal.value.message_dict


def test_the_export_follows_the_specification(client: Client) -> None:
    found = client.get("/help/hsds.json").json()

    assert found["total_items"] == len(found["contents"]) == len(directory.shipped())
    ids = [one["id"] for one in found["contents"]]
    assert len(set(ids)) == len(ids)
    for service in found["contents"]:
        parts = {"service": [service], "organization": [service["organization"]]}
        parts |= {name: service[name] for name in ("phones", "service_areas")}
        for kind, rows in parts.items():
            for row in rows:
                assert REQUIRED[kind] <= row.keys() <= KNOWN[kind], kind
                assert str(UUID(row["id"])) == row["id"]
        assert service["status"] in ("active", "inactive", "defunct", "temporarily closed")
        if "assured_date" in service:
            assert date.fromisoformat(service["assured_date"]) <= TODAY
    assert hsds.export(directory.entries()) == found


def test_the_data_file_has_no_unknown_kind() -> None:
    path = real_settings.BASE_DIR / "guidance" / "data" / "directory.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))

    assert {row["kind"] for row in rows.values()} <= set(HelpKind.values)
