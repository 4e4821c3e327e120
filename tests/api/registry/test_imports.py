"""Imports: sent file by file, run once, and only for the caller's courts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AgencyKind, AuditEntry, Membership, Role, User
from orders.models import Firearm, ImportFile, ImportJob, ImportPiece, ImportReject, Order
from orders.services.registry import jobs
from orders.services.registry.staging import AlreadyImportingError
from orders.tasks import run_import, sweep_imports
from tests import make
from tests.api.conftest import ROOT, Caller, MakeCaller
from tests.make_export import firearm_row, order_row, receipt_row, write_export

pytestmark = pytest.mark.django_db

NAMES = ("orders", "firearms", "receipts")


@pytest.fixture
def court() -> Any:
    """The court in Hartford, another court, and the town that the rows name."""
    town = make.town()
    town.name = "Hamden"
    town.save()
    other = make.agency(AgencyKind.COURT)
    other.docket_prefixes = "NNH"
    other.save()
    court = make.agency(AgencyKind.COURT)
    court.docket_prefixes = "HHD"
    court.save()
    return court


@pytest.fixture
def clerk(caller: MakeCaller, court: Any) -> Caller:
    return caller(make.person(Role.CLERK, court))


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two orders of the court, one with a receipt; one of another court; one unreadable row."""
    rows = [
        order_row(1),
        order_row(2),
        order_row(3, docket_number="NNH-FA26-0000003-S"),
        order_row(4, order_kind="recipe"),
    ]
    write_export(
        tmp_path,
        orders=rows,
        firearms=[firearm_row(1), firearm_row(3)],
        receipts=[receipt_row(1)],
    )
    return tmp_path


def put(clerk: Caller, job: str, name: str, body: bytes, content_type: str = "text/csv") -> Any:
    return clerk.client.put(
        f"{ROOT}/imports/{job}/files/{name}", body, content_type=content_type, headers=clerk._with({})
    )


def opened(clerk: Caller) -> str:
    answer = clerk.post("/imports")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def sent(clerk: Caller, export: Path) -> str:
    """An import with its three files."""
    job = opened(clerk)
    for name in NAMES:
        answer = put(clerk, job, name, (export / f"{name}.csv").read_bytes())
        assert answer.status_code == 200, answer.content
    return job


def started(clerk: Caller, export: Path) -> ImportJob:
    job = sent(clerk, export)
    assert clerk.post(f"/imports/{job}/starts").status_code == 201
    return ImportJob.objects.get(public_id=job)


def test_export_is_sent_started_and_imported(clerk: Caller, export: Path) -> None:
    job = sent(clerk, export)
    waiting = clerk.post(f"/imports/{job}/starts")
    run_import(ImportJob.objects.get().pk)
    done = clerk.get(f"/imports/{job}")

    assert waiting.json()["state"] == "waiting"
    assert waiting.json()["files"] == {name: (export / f"{name}.csv").stat().st_size for name in NAMES}
    body = done.json()
    assert (body["state"], body["failure"]) == ("done", "")
    assert (body["total"], body["read"], body["imported"], body["unchanged"]) == (4, 4, 2, 0)
    assert body["rejected"] == {"not_your_court": 1, "unknown_order_kind": 1, "unknown_por_number": 1}
    assert set(Order.objects.values_list("por_number", flat=True)) == {"POR0000000001", "POR0000000002"}
    assert Firearm.objects.count() == 1
    assert clerk.get("/imports").json()["results"] == [body]
    # The files held people's names.
    assert body["files"] == {}
    assert not ImportFile.objects.exists()
    assert not ImportPiece.objects.exists()


def test_rejects_are_paged_in_the_order_of_the_files(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    jobs.run(job.pk, now=timezone.now())

    first = clerk.get(f"/imports/{job.public_id}/rejects", limit=2).json()
    rest = clerk.client.get(first["next"], headers=clerk._with({})).json()

    found = [(one["file"], one["line"], one["code"]) for one in first["results"] + rest["results"]]
    assert found == [
        ("orders.csv", 4, "not_your_court"),
        ("orders.csv", 5, "unknown_order_kind"),
        ("firearms.csv", 3, "unknown_por_number"),
    ]
    assert rest["next"] is None


def test_order_of_another_court_is_not_changed_by_an_own_docket(
    clerk: Caller, tmp_path: Path, court: Any
) -> None:
    theirs = make.order(now=timezone.now(), issued_at=timezone.now() - timedelta(days=1))
    theirs.por_number = "POR0000000009"
    theirs.save()
    write_export(tmp_path, orders=[order_row(9)], firearms=[firearm_row(9)], receipts=[])
    job = started(clerk, tmp_path)

    jobs.run(job.pk, now=timezone.now())

    job.refresh_from_db()
    assert job.rejected == {}
    own = Order.objects.exclude(pk=theirs.pk).get()
    assert (own.por_number, own.case.court) == (theirs.por_number, court)
    assert not theirs.firearms.exists()
    assert own.firearms.count() == 1


def test_second_start_and_second_run_do_nothing(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    run_import(job.pk)
    before = clerk.get(f"/imports/{job.public_id}").json()

    again = clerk.post(f"/imports/{job.public_id}/starts")
    run_import(job.pk)
    sweep_imports()

    assert again.json() == before == clerk.get(f"/imports/{job.public_id}").json()
    assert ImportReject.objects.count() == 3


def test_sweep_runs_waiting_and_interrupted_imports(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    # As a killed worker leaves it: some orders are stored and the job is not running.
    ImportJob.objects.update(state="running", runs=1, read=2, imported=2, started_at=timezone.now())

    sweep_imports()

    job.refresh_from_db()
    assert (job.state, job.runs, job.read, job.imported) == ("done", 2, 4, 2)


def test_import_that_is_interrupted_too_often_fails(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    ImportJob.objects.update(runs=jobs.MAX_RUNS)

    sweep_imports()

    job.refresh_from_db()
    assert job.state == "failed"
    assert not ImportFile.objects.exists()


def test_two_workers_do_not_run_one_job(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    settings_of = connection.get_connection_params()
    settings_of.pop("cursor_factory", None)
    settings_of.pop("context", None)
    with psycopg.connect(**settings_of) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [jobs._LOCKS + job.pk])

        run_import(job.pk)

        job.refresh_from_db()
        assert (job.state, job.runs) == ("waiting", 0)
        # At the end of a connection the server needs a moment to let go.
        other.execute("SELECT pg_advisory_unlock(%s)", [jobs._LOCKS + job.pk])
    sweep_imports()
    job.refresh_from_db()
    assert job.state == "done"


def test_import_waits_while_another_runs(
    clerk: Caller, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = started(clerk, export)

    def busy(*_: Any, **__: Any) -> Any:
        raise AlreadyImportingError

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "importing", busy)
        run_import(job.pk)
    job.refresh_from_db()

    assert (job.state, job.runs) == ("waiting", 0)


def test_unreadable_export_stores_nothing(clerk: Caller, export: Path) -> None:
    (export / "receipts.csv").write_text("por_number,what\n")
    job = started(clerk, export)

    run_import(job.pk)

    body = clerk.get(f"/imports/{job.public_id}").json()
    assert body["state"] == "failed"
    assert "receipts.csv: wrong header" in body["failure"]
    assert not Order.objects.exists()
    assert not ImportFile.objects.exists()


def test_former_clerk_imports_nothing(clerk: Caller, export: Path) -> None:
    job = started(clerk, export)
    Membership.objects.all().delete()

    run_import(job.pk)

    job.refresh_from_db()
    assert job.imported == 0
    assert not Order.objects.exists()


def test_import_that_is_not_started_ends_after_a_day(clerk: Caller, export: Path) -> None:
    job = sent(clerk, export)
    ImportJob.objects.update(created_at=timezone.now() - jobs.KEEP_UNSTARTED - timedelta(seconds=1))

    sweep_imports()

    assert ImportJob.objects.get(public_id=job).state == "failed"
    assert not ImportPiece.objects.exists()


def test_large_file_is_stored_in_pieces(clerk: Caller) -> None:
    job = opened(clerk)
    large = b"x" * (3 * jobs.PIECE + 5)

    answer = put(clerk, job, "orders", large)

    assert answer.json()["files"] == {"orders": len(large)}
    assert ImportPiece.objects.count() == 4
    # Sent again, it replaces the first.
    assert put(clerk, job, "orders", b"y").json()["files"] == {"orders": 1}
    assert ImportPiece.objects.count() == 1


def test_file_that_is_too_large_leaves_nothing(clerk: Caller, settings: Settings) -> None:
    settings.IMPORT_MAX_BYTES = 2 * jobs.PIECE
    job = opened(clerk)

    answer = put(clerk, job, "orders", b"x" * (2 * jobs.PIECE + 1))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert not ImportFile.objects.exists()


def test_refused_uploads(clerk: Caller, export: Path) -> None:
    job = opened(clerk)
    early = clerk.post(f"/imports/{job}/starts")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "missing_file")
    assert put(clerk, job, "people", b"x").status_code == 404
    assert put(clerk, job, "orders", b"{}", "application/json").json()["code"] == "unsupported_media_type"
    assert put(clerk, str(uuid.uuid4()), "orders", b"x").status_code == 404

    late = started(clerk, export)
    answer = put(clerk, str(late.public_id), "orders", b"x")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "already_started")


def test_callers_see_only_their_own_imports(
    caller: MakeCaller, clerk: Caller, court: Any, export: Path
) -> None:
    job = started(clerk, export).public_id
    colleague = caller(make.person(Role.CLERK, court))

    for answer in (
        colleague.get(f"/imports/{job}"),
        colleague.get(f"/imports/{job}/rejects"),
        colleague.post(f"/imports/{job}/starts"),
        put(colleague, str(job), "orders", b"x"),
    ):
        assert answer.status_code == 404
    assert colleague.get("/imports").json()["results"] == []


def test_other_roles_may_not_import(caller: MakeCaller, court: Any) -> None:
    judge = caller(make.person(Role.JUDGE, court))
    narrow = caller(User.objects.get(memberships__role=Role.JUDGE), ["orders:write"])

    assert judge.post("/imports").json()["code"] == "not_permitted"
    assert narrow.post("/imports").json()["code"] == "scope_missing"
    assert not ImportJob.objects.exists()


def test_each_step_is_in_the_access_log(clerk: Caller, export: Path) -> None:
    started(clerk, export)

    done = AuditEntry.objects.filter(action="done").values_list("what", flat=True).order_by("id")
    assert list(done) == ["imports", *["import-file"] * 3, "import-starts"]


def test_full_disk_is_tried_five_times(clerk: Caller, export: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = started(clerk, export)

    def full(*_files: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "_write_out", full)
    for _ in range(jobs.MAX_RUNS):
        with pytest.raises(OSError, match="No space"):
            jobs.run(job.pk, now=timezone.now())
    jobs.run(job.pk, now=timezone.now())

    job.refresh_from_db()
    assert job.state == "failed"


def test_dry_run_of_a_start_is_refused_and_starts_nothing(clerk: Caller, export: Path) -> None:
    job = sent(clerk, export)

    answer = clerk.post(f"/imports/{job}/starts?dry_run=true")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "dry_run")
    assert clerk.get(f"/imports/{job}").json()["state"] == "open"
    sweep_imports()
    assert not Order.objects.exists()
