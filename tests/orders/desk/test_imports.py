"""The import page: files, a preview that stores nothing, the import itself, rejects, and saved mappings."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Agency, AgencyKind, Membership, Role, User
from accounts.services.agencies.reference import load_reference
from orders.forms.imports import ColumnsForm
from orders.models import Hearing, ImportJob, ImportMapping, ImportState, Order
from orders.services.registry import jobs, preview
from orders.services.registry.columns import COLUMNS
from orders.services.registry.layout import Layout
from orders.services.registry.mappings import save_mapping
from tests import make
from tests.orders.test_admin.conftest import clerk, court, desk, enter, now, signed_in

__all__ = ["clerk", "court", "desk", "enter", "now"]

pytestmark = pytest.mark.django_db

PAGE = "/import/"


@pytest.fixture
def court_of_hartford(clerk: User) -> Agency:
    """The court that a docket of Hartford names, with the clerk as its own."""
    load_reference()
    found = Agency.objects.get(kind=AgencyKind.COURT, judicial_district__name="Hartford")
    Membership.objects.create(user=clerk, agency=found, role=Role.CLERK)
    return found


def orders_file(*, headers: dict[str, str] | None = None, kind: str = "ex_parte_restraining_order") -> str:
    """A file with one order that can be taken and one that cannot."""
    good = {
        "por_number": "POR77",
        "docket_number": "HHD-FA-26-7700001-S",
        "order_kind": kind,
        "issued_at": "2026-11-01T12:00",
        "respondent_name": "Ash Birch",
        "respondent_town": "Hartford",
        "address_confidential": "N",
        "firearms_indicated": "Y",
        "permit_held": "N",
    }
    bad = {**good, "por_number": "POR78", "issued_at": "yesterday"}
    written = io.StringIO()
    names = list(COLUMNS["orders"])
    writer = csv.writer(written)
    writer.writerow([(headers or {}).get(name, name) for name in names])
    for row in (good, bad):
        writer.writerow([row.get(name, "") for name in names])
    return written.getvalue()


def sent(client: Client, text: str, **more: object) -> str:
    """Send the file of orders and return the address of the import."""
    file = SimpleUploadedFile("orders.csv", text.encode(), content_type="text/csv")
    answer = client.post(PAGE, {"orders": file, **more})
    assert answer.status_code == 302, answer.content.decode()
    return answer.headers["Location"].removesuffix("mapping/").removesuffix("words/")


def test_a_preview_counts_and_stores_nothing(desk: Client, court_of_hartford: Agency) -> None:
    address = sent(desk, orders_file())

    page = desk.post(f"{address}preview/", follow=True).content.decode()

    assert '<p class="big">1</p><p class="soft">of 2 rows</p>' in page
    assert "orders.csv" in page
    assert not Order.objects.exists()
    assert ImportJob.objects.get().state == ImportState.OPEN


def test_an_import_runs_and_gives_its_rejects(desk: Client, court_of_hartford: Agency, now: datetime) -> None:
    address = sent(desk, orders_file())

    refused = desk.post(f"{address}start/", follow=True).content.decode()
    assert "Look at what would happen first." in refused
    assert "Import now" not in refused
    desk.post(f"{address}preview/")
    desk.post(f"{address}start/")
    assert "Progress" in desk.get(address).content.decode()
    jobs.run(ImportJob.objects.get().pk, now=now)

    assert Order.objects.get().por_number == "POR77"
    assert "Rejected rows as CSV" in desk.get(address).content.decode()
    lines = desk.get(f"{address}rejects/").getvalue().decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("orders.csv,3,")
    assert ImportJob.objects.get().created_at is not None
    assert "Done" in desk.get(PAGE).content.decode()


def test_a_mapping_is_saved_and_chosen_again(desk: Client, court_of_hartford: Agency) -> None:
    text = '[orders]\nname = "po.csv"\n[orders.columns]\npor_number = "Order No."\n'
    mapping = SimpleUploadedFile("map.toml", text.encode())
    theirs = orders_file(headers={"por_number": "Order No."})
    first = sent(desk, theirs, mapping_file=mapping, mapping_name="Our system")

    again = sent(desk, theirs, mapping=str(ImportMapping.objects.get().pk))

    for address in (first, again):
        assert '<p class="big">1</p>' in desk.post(f"{address}preview/", follow=True).content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Choose at least one file."),
        ({"mapping_file": b"x = [", "mapping_name": "M"}, "not a TOML file"),
        ({"mapping_file": b"[orders]\n"}, "Give the new mapping a name."),
        ({"mapping_file": b"\xff\xfe", "mapping_name": "M"}, "no text in UTF-8"),
    ],
)
def test_an_error_names_the_field(given: dict[str, object], words: str, desk: Client) -> None:
    fields: dict[str, object] = {"orders": SimpleUploadedFile("orders.csv", b"a,b\n")} if given else {}
    for name, value in given.items():
        fields[name] = SimpleUploadedFile("m.toml", value) if isinstance(value, bytes) else value

    page = desk.post(PAGE, fields).content.decode()

    assert words in page
    assert "Error: Import" in page
    assert not ImportJob.objects.exists()


def zipped(*names: str) -> bytes:
    """A ZIP archive of empty files."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "what", "remedy"),
    [
        (
            zipped("[Content_Types].xml", "xl/workbook.xml"),
            "an Excel workbook",
            "Save each sheet as “CSV UTF-8”",
        ),
        (zipped("[Content_Types].xml", "word/document.xml"), "a Word document", "Export the registry as CSV"),
        (zipped("orders.csv"), "a ZIP archive", "Unpack it"),
        (zipped(), "a ZIP archive", "Unpack it"),
        (b"%PDF-1.7\n%\xe2", "a PDF", "Export the registry as CSV"),
        (b"\x89PNG\r\n\x1a\n", "a picture", "Export the registry as CSV"),
        (b'\n[{"docket": "HHD-1"}]', "JSON", "Export the registry as CSV"),
        ('{"docket": "HHD-1"}'.encode("utf-16"), "JSON", "Export the registry as CSV"),
        (b'<?xml version="1.0"?>\n<orders><order/></orders>', "XML", "Export the registry as CSV"),
        (b"<!doctype html>\n<html><body><table>", "a web page", "Export the registry as CSV"),
    ],
)
def test_a_file_of_another_kind_is_named_at_once(
    desk: Client, court_of_hartford: Agency, content: bytes, what: str, remedy: str
) -> None:
    file = SimpleUploadedFile("orders.csv", content)

    answer = desk.post(PAGE, {"orders": file})

    page = answer.content.decode()
    assert f"This is {what}, not CSV. {remedy}, and choose that file." in page
    assert answer.context["form"].errors["orders"]
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"orders": 1}', "This is JSON, not a mapping."),
        (b"<map/>", "This is XML, not a mapping."),
        (zipped("xl/workbook.xml"), "This is an Excel workbook, not a mapping."),
        (b"Order;Commande \xe9", "The mapping is no text in UTF-8."),
    ],
)
def test_a_mapping_of_another_kind_leads_to_the_page_that_asks_for_columns(
    desk: Client, court_of_hartford: Agency, content: bytes, words: str
) -> None:
    orders = SimpleUploadedFile("orders.csv", orders_file().encode())
    sent_files = {"orders": orders, "mapping_file": SimpleUploadedFile("map.toml", content)}

    page = desk.post(PAGE, {**sent_files, "mapping_name": "Ours"}).content.decode()

    assert f"{words} Leave the field empty: the next page asks what each column holds." in page


def test_an_empty_file_has_a_remedy(desk: Client, court_of_hartford: Agency) -> None:
    page = desk.post(PAGE, {"orders": SimpleUploadedFile("orders.csv", b"")}).content.decode()

    assert "The file is empty. Export it again, or leave the field empty." in page


def test_no_sentence_about_a_file_names_a_switch_of_the_command(
    desk: Client, court_of_hartford: Agency
) -> None:
    wrong = SimpleUploadedFile("orders.csv", b"por_number,\0\0\1")

    page = desk.post(PAGE, {"orders": wrong}, follow=True).content.decode()

    assert "name its encoding in a mapping" in page
    assert "--map" not in page


def test_the_import_of_another_person_does_not_exist(desk: Client, court_of_hartford: Agency) -> None:
    address = sent(desk, orders_file())
    colleague = signed_in(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))

    for page in (address, f"{address}rejects/"):
        assert colleague.get(page).status_code == 404
    for act in ("preview", "start"):
        assert colleague.post(f"{address}{act}/").status_code == 404


@pytest.mark.parametrize("role", [Role.JUDGE, Role.LIAISON])
def test_only_clerks_import(role: Role) -> None:
    kind = AgencyKind.COURT if role is Role.JUDGE else AgencyKind.POLICE

    assert signed_in(make.person(role, make.agency(kind))).get(PAGE).status_code == 404


def test_the_columns_are_chosen_on_a_page_and_saved(desk: Client, court_of_hartford: Agency) -> None:
    theirs = orders_file(headers={"por_number": "Order No.", "respondent_dob": "Nothing of ours"})
    theirs = theirs.replace("2026-11-01T12:00", "11/01/2026 12:00")
    address = sent(desk, theirs)
    page = desk.get(f"{address}mapping/").content.decode()
    assert '<option value="docket_number" selected>' in page
    assert '<option value="Order No.">' in page
    chosen = {f"orders_{name}": name for name in COLUMNS["orders"] if name != "respondent_dob"}
    form = {**chosen, "orders_por_number": "", "datetime_format": "%m/%d/%Y %H:%M", "delimiter": "comma"}

    wrong = desk.post(f"{address}mapping/", form).content.decode()
    desk.post(f"{address}mapping/", {**form, "orders_por_number": "Order No.", "name": "Clerk's system"})

    assert 'href="#id_orders_por_number"' in wrong
    assert '<p class="big">1</p>' in desk.post(f"{address}preview/", follow=True).content.decode()
    again = sent(desk, theirs, mapping=str(ImportMapping.objects.get(name="Clerk's system").pk))
    assert '<p class="big">1</p>' in desk.post(f"{again}preview/", follow=True).content.decode()
    other = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    assert signed_in(other).get(f"{address}mapping/").status_code == 404


def test_columns_come_before_a_look_at_what_would_happen(desk: Client, court_of_hartford: Agency) -> None:
    file = SimpleUploadedFile("o.csv", orders_file(headers={"por_number": "Order No."}).encode())

    answer = desk.post(PAGE, {"orders": file})
    page = desk.get(answer.headers["Location"].removesuffix("mapping/")).content.decode()

    assert answer.headers["Location"].endswith("/mapping/")
    assert "Choose the columns" in page
    assert "See what would happen" not in page


def test_words_of_another_system_are_translated_on_a_page(desk: Client, court_of_hartford: Agency) -> None:
    file = SimpleUploadedFile("o.csv", orders_file(kind="TRO-EXP").encode())
    answer = desk.post(PAGE, {"orders": file})
    words = answer.headers["Location"]
    address = words.removesuffix("words/")
    page = desk.get(words).content.decode()

    before = desk.post(f"{address}preview/", follow=True).content.decode()
    chosen = {"word_0_0": "ex_parte_restraining_order", "name": "Their words"}
    done = desk.post(words, chosen, follow=True).content.decode()
    after = desk.post(f"{address}preview/", follow=True).content.decode()

    assert words.endswith("/words/")
    assert "“TRO-EXP”" in page
    assert "ex_parte" not in re.sub(r'value="[^"]*"', "", page)
    assert '<p class="big">0</p><p class="soft">of 2 rows</p>' in before
    assert "The words are chosen." in done
    assert '<p class="big">1</p>' in after
    saved = str(ImportMapping.objects.get(name="Their words").pk)
    again = sent(desk, orders_file(kind="TRO-EXP"), mapping=saved)
    assert '<p class="big">1</p>' in desk.post(f"{again}preview/", follow=True).content.decode()
    other = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    assert signed_in(other).get(words).status_code == 404


def test_the_page_of_columns_has_no_machine_words(desk: Client, court_of_hartford: Agency) -> None:
    address = sent(desk, orders_file())

    page = desk.get(f"{address}mapping/").content.decode()

    shown = re.sub(r"<option.*?</option>|<[^>]*>", " ", page)
    assert re.findall(r"[a-z]+_[a-z_]+", shown) == []


def test_the_judge_of_the_hearing_is_imported_and_changed(
    desk: Client, court_of_hartford: Agency, now: datetime
) -> None:
    def bring(judge: str) -> Hearing:
        text = orders_file().replace(",hearing_on,judge,", ",hearing_on,Judge,")
        lines = list(csv.DictReader(io.StringIO(text)))
        written = io.StringIO()
        writer = csv.DictWriter(written, list(lines[0]))
        writer.writeheader()
        writer.writerow({**lines[0], "hearing_on": "2026-11-12", "Judge": judge})
        address = sent(desk, written.getvalue())
        desk.post(f"{address}preview/")
        desk.post(f"{address}start/")
        jobs.run(ImportJob.objects.latest("id").pk, now=now)
        return Hearing.objects.get()

    assert bring("A. Rowan").judge == "A. Rowan"
    assert bring("B. Sorrel").judge == "B. Sorrel"


def test_a_worker_tries_large_files(
    desk: Client, court_of_hartford: Agency, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "LARGEST", 10)
    address = sent(desk, orders_file())

    waiting = desk.post(f"{address}preview/", follow=True).content.decode()
    preview.sweep(now)
    page = desk.get(address).content.decode()

    assert "A worker finds out what would happen." in waiting
    assert "Import now" not in waiting
    assert "Import now" in page
    assert '<p class="big">1</p>' in page
    assert not Order.objects.exists()


def test_columns_that_other_systems_name_are_chosen_already() -> None:
    headers = ["Docket No.", "DOB", "Order Type", "Date Issued", "Respondent Full Name", "Town of work"]

    form = ColumnsForm(layout=Layout(), headers={"orders": headers})

    chosen = {name: field.initial for name, field in form.fields.items() if field.initial}
    assert chosen == {
        "orders_docket_number": "Docket No.",
        "orders_order_kind": "Order Type",
        "orders_issued_at": "Date Issued",
        "orders_respondent_name": "Respondent Full Name",
        "orders_respondent_dob": "DOB",
    }


def test_a_clerk_reads_and_removes_a_mapping_of_the_court_alone(
    desk: Client, clerk: User, court_of_hartford: Agency
) -> None:
    other = ImportMapping.objects.create(court=make.agency(AgencyKind.COURT), name="Theirs", text="")
    save_mapping(name="Ours", text='delimiter = ";"', by=clerk)
    ours = ImportMapping.objects.get(name="Ours")
    page = desk.get(PAGE).content.decode()
    assert "delimiter = &quot;;&quot;" in page
    assert "Theirs" not in page

    for key in (str(other.pk), "x", "", "9" * 40, "²"):
        assert desk.post(f"{PAGE}mappings/remove/", {"mapping": key}).status_code == 404
    page = desk.post(f"{PAGE}mappings/remove/", {"mapping": ours.pk}, follow=True).content.decode()

    assert "The mapping is removed. Imports that used it keep their columns." in page
    assert list(ImportMapping.objects.all()) == [other]
