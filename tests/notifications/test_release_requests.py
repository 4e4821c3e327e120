"""Releases that an advocate sends to a court: asked for, answered by a clerk, renewed, and taken back."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.dates import court_date, format_day
from accounts.encrypted_files import has_file
from accounts.models import AgencyKind, Role
from notifications.models import SafeContact
from orders.models import ConfidentialityRelease, HistoryEntry, ReleaseRequest, RequestState
from orders.services.attachments.sweep import sweep_files
from tests import make
from tests.api.fixtures import Fixtures, set_up
from tests.notifications.test_release_pages import CONTACT, browser, path_of, text
from tests.orders.documents.test_attachments import PDF

pytestmark = pytest.mark.django_db

SCOPE = ["covers_service", "covers_ending"]


@pytest.fixture
def stage(settings: Settings, tmp_path: Path) -> Fixtures:
    settings.ATTACHMENTS_DIR = tmp_path
    return set_up()


@pytest.fixture
def advocate(stage: Fixtures) -> Client:
    return browser(make.person(Role.ADVOCATE, stage.organization))


@pytest.fixture
def clerk(stage: Fixtures) -> Client:
    return browser(make.person(Role.CLERK, stage.court))


def sheet(stage: Fixtures, **other: Any) -> dict[str, Any]:
    """What an advocate types: service and end only, for a month."""
    today = court_date(timezone.now())
    return {
        "court": stage.court.pk,
        "docket": stage.order.case.docket_number,
        "scope": SCOPE,
        "purpose": "safety",
        "signed_on": (today - timedelta(days=2)).isoformat(),
        "ends_on": (today + timedelta(days=30)).isoformat(),
        "scan": SimpleUploadedFile("Ash Birch.pdf", PDF, "application/pdf"),
        **other,
    }


def sent(stage: Fixtures, advocate: Client, **other: Any) -> ReleaseRequest:
    """A request that waits."""
    page = text(advocate.post("/releases/new/", sheet(stage, **other), follow=True))
    assert "Sent to the court." in page
    return ReleaseRequest.objects.latest("id")


def test_the_answer_is_the_same_with_and_without_an_order(stage: Fixtures, advocate: Client) -> None:
    sent(stage, advocate)
    sent(stage, advocate, docket="HHD-FA26-9999999-S")

    page = text(advocate.get("/releases/"))
    assert page.count("It waits for the clerk.") == 2
    assert "9999999" not in page
    with connection.cursor() as cursor:
        cursor.execute("SELECT encrypted_docket FROM orders_releaserequest")
        assert all(stage.order.case.docket_number.encode() not in bytes(one) for (one,) in cursor.fetchall())


def test_a_clerk_records_what_the_paper_covers_and_nothing_more(
    stage: Fixtures, advocate: Client, clerk: Client
) -> None:
    ConfidentialityRelease.objects.filter(pk=stage.release.pk).update(revoked_at=timezone.now())
    row = sent(stage, advocate)

    assert "Releases to answer" in text(clerk.get("/"))
    page = text(clerk.get("/release-requests/"))
    last = format_day(date.fromisoformat(sheet(stage)["ends_on"]))
    for words in (stage.organization.name, "service, the end of the order", "Planning for safety", last):
        assert words in page
    paper = clerk.get(f"/release-requests/{row.public_id}/paper/")
    assert b"".join(paper) == PDF
    assert "Birch" not in paper.headers["Content-Disposition"]
    answer = {"answer": "confirm", "order": str(stage.order.public_id)}
    assert "is recorded" in text(
        clerk.post(f"/release-requests/{row.public_id}/answer/", answer, follow=True)
    )

    row.refresh_from_db()
    assert (row.state, row.docket, has_file(row.stored_as)) == (RequestState.CONFIRMED, "", True)
    release = ConfidentialityRelease.objects.latest("id")
    assert release == row.release
    assert (release.covers_service, release.covers_firearms, release.purpose) == (True, False, "safety")
    assert HistoryEntry.objects.filter(order=stage.order, kind="release_recorded").exists()
    page = text(advocate.get(f"/confidentiality-releases/{release.public_id}/"))
    assert page.count("Not in the release") == 2
    assert "To plan for safety" in page
    # The last day is the one on the paper, not the midnight after it.
    assert f"<dt>Last day</dt><dd>{last}</dd>" in page
    assert f"The release ends {last.rpartition(',')[0]}" in page
    assert "<strong>It is recorded.</strong>" in text(advocate.get("/releases/"))
    ConfidentialityRelease.objects.filter(pk=release.pk).update(revoked_at=timezone.now())
    assert "<strong>It was recorded. The release has ended.</strong>" in text(advocate.get("/releases/"))
    # Answered once.
    assert clerk.post(f"/release-requests/{row.public_id}/answer/", answer).status_code == 404


def test_a_declined_request_has_a_reason_and_is_erased(
    stage: Fixtures,
    advocate: Client,
    clerk: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    row = sent(stage, advocate, docket="HHD-FA26-9999999-S")
    assert "No order at this court has this docket number." in text(clerk.get("/release-requests/"))
    assert sweep_files(now=timezone.now() + timedelta(days=9)).removed == 0

    with django_capture_on_commit_callbacks(execute=True):
        clerk.post(f"/release-requests/{row.public_id}/answer/", {"reason": "no_order"})

    assert not has_file(row.stored_as)
    assert ReleaseRequest.objects.get().docket == ""
    assert "The court found no order with this docket number." in text(advocate.get("/releases/"))


def test_an_advocate_takes_a_request_back(stage: Fixtures, advocate: Client, clerk: Client) -> None:
    row = sent(stage, advocate)
    path = f"/releases/requests/{row.public_id}/take-back/"
    stranger = browser(make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)))
    assert stranger.post(path).status_code == 404

    assert "Taken back." in text(advocate.post(path, follow=True))
    assert "answered before" in text(advocate.post(path, follow=True))
    assert "Nothing waits." in text(clerk.get("/release-requests/"))


def test_a_renewal_keeps_the_word_and_the_safe_contact_and_ends_the_one_before(
    stage: Fixtures, advocate: Client, clerk: Client
) -> None:
    advocate.post(path_of(stage), {"action": "alias", "alias": "Blue Heron"})
    advocate.post(path_of(stage), CONTACT)
    form = text(advocate.get(f"{path_of(stage)}renew/"))
    assert "Blue Heron" in form
    assert 'name="docket"' not in form

    advocate.post(f"{path_of(stage)}renew/", sheet(stage, scope=["covers_service"]))
    row = ReleaseRequest.objects.get()
    answer = {"answer": "confirm", "order": str(stage.order.public_id)}
    clerk.post(f"/release-requests/{row.public_id}/answer/", answer)

    before = ConfidentialityRelease.objects.get(pk=stage.release.pk)
    after = ConfidentialityRelease.objects.latest("id")
    assert before.has_ended(timezone.now())
    assert (after.alias, after.covers_ending) == ("Blue Heron", False)
    contact = SafeContact.objects.get(ended_at=None)
    assert contact.release == after
    assert contact.encrypted_address
    page = text(advocate.get(f"/confidentiality-releases/{after.public_id}/"))
    assert "Who opened this order under it" in page


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"scope": []}, "Choose at least one for “"),
        ({"docket": " "}, "Fill in “"),
        ({"signed_on": "2090-01-05"}, "This day is in the future."),
        ({"signed_on": "2012-01-05"}, "This paper is too old."),
        ({"ends_on": date(2020, 1, 5).isoformat()}, "This day is over."),
        ({"scan": SimpleUploadedFile("a.pdf", b"MZ", "application/pdf")}, "PDF"),
    ],
)
def test_an_error_is_at_its_field(
    wrong: dict[str, Any], words: str, stage: Fixtures, advocate: Client
) -> None:
    page = text(advocate.post("/releases/new/", sheet(stage, **wrong)))

    assert "<title>Error: " in page
    assert words in page[page.index('class="errorlist"') :]
    assert not ReleaseRequest.objects.exists()


def test_others_find_nothing(stage: Fixtures, advocate: Client) -> None:
    row = sent(stage, advocate)
    police = browser(make.person(Role.LIAISON, stage.police))
    elsewhere = browser(make.person(Role.CLERK, make.agency(AgencyKind.COURT)))
    paper = f"/release-requests/{row.public_id}/paper/"

    assert [police.get(one).status_code for one in ("/releases/new/", "/release-requests/", paper)] == [
        404
    ] * 3
    assert elsewhere.get(paper).status_code == 404
    assert advocate.get("/release-requests/").status_code == 404
    assert stage.organization.name not in text(elsewhere.get("/release-requests/"))
