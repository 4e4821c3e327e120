"""Old cases are deleted after their period, by an approved list, and never while something keeps them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.dates import court_date
from accounts.models import Agency, AgencyKind, AuditEntry, EntryPoint, Role, User
from accounts.services.access import audit_chain
from notifications.models import Alert, Finding, Rehearsal
from notifications.services.dispositions import carry_out, rehearsed
from notifications.services.firing.fire import Firer
from orders.errors import InvalidFact
from orders.models import (
    Case,
    ConfidentialityRelease,
    Disposition,
    DispositionCase,
    FollowUp,
    HistoryEntry,
    LegalHold,
    Order,
    Person,
    Receipt,
    ReleaseRequest,
    Respondent,
)
from orders.services.firearms import inventory, receipts
from orders.services.retention import classes, dispositions, holds
from orders.services.retention.tables import paths
from tests import make

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=366)


@pytest.fixture
def court() -> Agency:
    return make.agency(AgencyKind.COURT)


@pytest.fixture
def administrator() -> User:
    return make.person(Role.ADMINISTRATOR)


def old(court: Agency, *, ago: timedelta = 26 * YEAR, **given: Any) -> Order:
    """A served order that ended so long ago."""
    now = timezone.now() - ago - timedelta(days=400)
    order = make.served_order(
        now=now,
        court=court,
        issued_at=now - timedelta(days=2),
        expires_on=(now + timedelta(days=365)).date(),
        protected_person="Sky Linden",
        **given,
    )
    FollowUp.objects.filter(order=order).update(closed_at=now, outcome="met")
    return order


def fire() -> None:
    """Fire what is due, and close what it opens."""
    Firer("test").fire(now=timezone.now())
    FollowUp.objects.filter(closed_at=None).update(closed_at=timezone.now(), outcome="met")


def listed(by: User | None = None) -> list[Disposition]:
    return dispositions.list_due(now=timezone.now(), rehearsed=rehearsed(), by=by)


def approve(by: User, *, ago: timedelta = timedelta(days=4)) -> None:
    """Approve every list, as if so long ago: only the owner of the tables can date it back."""
    for one in Disposition.objects.filter(approved_at=None, closed_at=None):
        dispositions.approve(one, by=by)
    with connection.cursor() as cursor:
        # What is still to be checked at the end of the transaction would stop the next statement.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orders_disposition DISABLE TRIGGER orders_disposition_approved_now")
        cursor.execute(
            "UPDATE orders_disposition SET approved_at = now() - make_interval(secs => %s)",
            [ago.total_seconds()],
        )
        cursor.execute("ALTER TABLE orders_disposition ENABLE TRIGGER orders_disposition_approved_now")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def run() -> dict[str, int]:
    return dict(carry_out(now=timezone.now()))


def test_an_old_case_is_deleted_with_all_its_rows_and_leaves_a_record_that_verifies(
    court: Agency, administrator: User
) -> None:
    order = old(court)
    case, person = order.case.public_id, order.case.respondent.person_id
    kept = old(court, ago=2 * YEAR)
    fire()
    assert Alert.objects.filter(order=order).exists()
    listed(administrator)
    approve(administrator)

    assert run() == {"deleted": 1, "kept": 0}
    run()

    for model, path in paths().items():
        assert not model._base_manager.filter(**{f"{path}__public_id": case}).exists(), model
    assert not Case.objects.filter(public_id=case).exists()
    assert not HistoryEntry.objects.filter(order=order.pk).exists()
    assert not Person.objects.filter(pk=person).exists()
    assert Respondent.objects.count() == Case.objects.count()
    assert HistoryEntry.objects.filter(order=kept).exists()
    record = DispositionCase.objects.get()
    assert (record.outcome, record.case, record.case_public_id) == ("deleted", None, case)
    assert Disposition.objects.get().closed_at is not None
    entry = AuditEntry.objects.get(detail__act="cases_deleted")
    assert entry.cases == [case]
    while audit_chain.extend_chain():
        pass
    assert audit_chain.verify(entry_point=EntryPoint.COMMAND).fault is None
    # PostgreSQL checks its references at the end of a transaction.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_request_for_a_release_goes_with_its_case(court: Agency, administrator: User) -> None:
    order, organization = old(court), make.agency(AgencyKind.ADVOCACY)
    advocate, now = make.person(Role.ADVOCATE, organization), timezone.now()
    release = ConfidentialityRelease.objects.create(
        order=order,
        agency=organization,
        signed_on=court_date(now),
        begins_at=now - YEAR,
        ends_at=now - YEAR / 2,
    )
    # It renews no other release, so only the release that followed leads to the case.
    request = ReleaseRequest.objects.create(
        agency=organization,
        asked_by=advocate,
        asked_at=now,
        court=court,
        covers_service=True,
        purpose="safety",
        signed_on=court_date(now),
        ends_at=now,
        scan="clean",
        state="confirmed",
        decided_at=now,
        release=release,
    )
    abouts: list[dict[str, Any]] = [{"release_request": request}, {"release": release, "note": "ending"}]
    for about in abouts:
        Alert.objects.create(**about, recipient=advocate, via="person", idem_key=f"test:{len(about)}")
    finding = Finding.objects.create(code="test")
    kept = Alert.objects.create(finding=finding, recipient=advocate, via="operator", idem_key="test")
    listed(administrator)
    approve(administrator)

    assert run() == {"deleted": 1, "kept": 0}

    assert not ReleaseRequest.objects.exists()
    assert list(Alert.objects.all()) == [kept]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _on_hold(order: Order, by: User) -> None:
    holds.place_hold(order.case, reason="An appeal is open.", by=by, now=timezone.now())


def _has_another_order(order: Order, _by: User) -> None:
    now = timezone.now()
    other = make.order(now=now, issued_at=now - timedelta(days=1))
    Respondent.objects.filter(cases__orders=other).update(person=order.case.respondent.person)


def _in_custody(order: Order, _by: User) -> None:
    at = order.served_at or timezone.now()
    one = inventory.list_firearm(order, serial="S-1", source="police", by=None, now=at)
    receipts.record_receipt(
        order, kind="police", agency=make.agency(), received_at=at, firearms=[one], by=None, now=at
    )
    FollowUp.objects.filter(order=order).update(closed_at=at, outcome="met")


def _in_custody_in_another_case(order: Order, by: User) -> None:
    other = old(make.agency(AgencyKind.COURT), ago=27 * YEAR)
    _in_custody(other, by)
    Respondent.objects.filter(cases__orders=other).update(person=order.case.respondent.person)


def _being_followed_up(order: Order, _by: User) -> None:
    deadline = order.deadlines.first()
    assert deadline is not None
    FollowUp.objects.create(
        order=order, deadline=deadline, owner=order.case.court, next_action_at=timezone.now()
    )


KEEPS: dict[str, Callable[[Order, User], None]] = {
    "legal_hold": _on_hold,
    "live_order": _has_another_order,
    "firearm_in_custody": _in_custody,
    "firearm_in_custody elsewhere": _in_custody_in_another_case,
    "open_follow_up": _being_followed_up,
}


@pytest.mark.parametrize("why", KEEPS)
def test_what_keeps_a_case_keeps_it_from_the_list_and_after_the_approval(
    why: str, court: Agency, administrator: User
) -> None:
    first, second = old(court), old(court)
    KEEPS[why](first, administrator)

    listed()
    assert first.case_id not in DispositionCase.objects.values_list("case", flat=True)

    KEEPS[why](second, administrator)
    approve(administrator)
    run()

    assert Case.objects.filter(pk__in=[first.case_id, second.case_id]).count() == 2
    assert DispositionCase.objects.get(case=second.case).kept_because == why.split(maxsplit=1)[0]


def test_nothing_is_deleted_without_an_approval_or_before_the_wait_is_over(
    court: Agency, administrator: User
) -> None:
    order = old(court)
    listed()
    assert run() == {}
    approve(administrator, ago=timedelta(days=2, hours=23))
    assert run() == {}
    assert Order.objects.filter(pk=order.pk).exists()


def test_the_database_deletes_history_of_no_other_case_and_dates_no_approval_back(
    court: Agency, administrator: User
) -> None:
    on_list, young = old(court), old(court, ago=2 * YEAR)
    (made,) = listed()
    for order in (on_list, young):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            HistoryEntry.objects.filter(order=order).delete()

    Disposition.objects.filter(pk=made.pk).update(
        approved_by=administrator, approved_at=timezone.now() - timedelta(days=30)
    )

    made.refresh_from_db()
    assert made.approved_at is not None
    assert made.approved_at > timezone.now() - timedelta(hours=1)
    with pytest.raises(DatabaseError, match="does not change"), transaction.atomic():
        DispositionCase.objects.create(
            disposition=made,
            case=young.case,
            case_public_id=young.case.public_id,
            court=court,
            orders=1,
            ended_on=made.ended_before,
        )


def test_a_batch_costs_the_same_for_one_case_and_for_six(court: Agency, administrator: User) -> None:
    def cost(cases: int) -> int:
        for _ in range(cases):
            old(court)
        listed()
        approve(administrator)
        with CaptureQueriesContext(connection) as captured:
            assert run()["deleted"] == cases
        return len(captured)

    assert cost(1) == cost(6)


def test_periods_follow_the_file_its_dates_and_the_longest_of_a_case(
    court: Agency, settings: Settings, tmp_path: Any
) -> None:
    file = tmp_path / "classes.toml"
    file.write_text(
        '[[class]]\nname = "orders"\ntitle = "Orders"\njurisdictions = ["us_ct"]\n'
        '[[class.period]]\nsince = 2020-01-01\nyears = 30\nsource = "Schedule A"\n'
        '[[class.period]]\nsince = 2025-01-01\nyears = 5\nsource = "Schedule B"\n'
        '[[class.period]]\nsince = 2999-01-01\nyears = 1\nsource = "Schedule C"\n'
    )
    settings.RETENTION_CLASSES = str(file)
    old(court, ago=6 * YEAR)
    old(court, ago=4 * YEAR)

    (made,) = listed()

    assert (made.period, made.source, made.cases.count()) == ("5 years", "Schedule B", 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "cannot be read"),
        ('[[class]]\nname="a"\ntitle="A"\nperiod=[{since=2026-01-01,years=0,source="S"}]', "1 year or more"),
        ('[[class]]\nname="a"\ntitle="A"\nperiod=[{since=2026-01-01,years=9,source=" "}]', "its source"),
        (
            '[[class]]\nname="a"\ntitle="A"\nkinds=["x"]\nperiod=[{since=2026-01-01,years=9,source="S"}]',
            "x is no kind",
        ),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(text: str, words: str) -> None:
    with pytest.raises(classes.ClassesError, match=words):
        classes.read(text)


def test_the_shipped_periods_are_marked_as_defaults() -> None:
    for one in classes.classes():
        assert all(period.is_default for period in one.periods)
        assert "default" in one.periods[0].words


def test_orders_of_a_rehearsal_are_a_class_of_their_own(court: Agency, administrator: User) -> None:
    order = old(court, ago=2 * YEAR)
    assert listed() == []
    entered: datetime = order.entered_at
    Rehearsal.objects.create(
        agency=court,
        addresses=["trainer@agency.example"],
        starts_at=entered - timedelta(days=1),
        ends_at=entered + timedelta(days=1),
        reason="Training.",
        started_by=administrator,
    )
    old(make.agency(AgencyKind.COURT), ago=2 * YEAR)

    (made,) = listed()

    assert made.retention_class == "rehearsal"
    assert [one.case_id for one in made.cases.all()] == [order.case_id]


def test_the_command_counts_lists_and_deletes(court: Agency, administrator: User) -> None:
    old(court)
    _on_hold(old(court), administrator)

    def printed(*words: str) -> Any:
        out = StringIO()
        call_command("dispose", *words, "--json", stdout=out)
        return json.loads(out.getvalue())

    assert printed("--dry-run") == {"protective_orders": 1, "legal_hold": 1}
    assert not Disposition.objects.exists()
    assert list(printed("--list").values()) == [1]
    assert printed() == {}
    approve(administrator)
    assert printed() == {"deleted": 1, "kept": 0}


def test_no_table_of_a_case_holds_a_file_that_the_deletion_would_leave() -> None:
    known = set(paths())
    files = {
        model
        for model in known
        for field in model._meta.get_fields()
        if getattr(field, "get_internal_type", str)() == "FileField"
    }
    assert files == set()
    assert {apps.get_model("notifications", "Alert"), Receipt} <= known


# ---- the pages ----


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_administrator_lists_approves_and_cancels_on_the_pages(court: Agency, administrator: User) -> None:
    order, desk = old(court), browser(administrator)
    page = desk.post("/admin/orders/disposition/make/", follow=True).content.decode()
    assert "1 new list" in page
    assert "Protective orders" in page
    # A form inside the form of the list would do nothing in a browser.
    assert page.index("disposition/make/") < page.index('id="changelist-form"')
    made = Disposition.objects.get()
    address = f"/admin/orders/disposition/{made.pk}/"

    shown = desk.get(f"{address}cases/").content.decode()
    assert order.case.docket_number in shown
    assert "Ash Birch" not in shown
    assert AuditEntry.objects.filter(actor=administrator, cases__contains=[order.case.public_id]).exists()

    assert "Approved" in desk.post(f"{address}approve/", follow=True).content.decode()
    made.refresh_from_db()
    assert made.approved_by == administrator
    assert "required" in desk.post(f"{address}cases/", {"reason": ""}).content.decode()
    desk.post(f"{address}cases/", {"reason": "A file is missing."})
    made.refresh_from_db()
    assert made.closing_reason == "A file is missing."
    approve(administrator)
    assert run() == {}


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.LIAISON])
def test_only_administrators_see_and_approve_lists(role: Role, court: Agency) -> None:
    old(court)
    (made,) = listed()
    place = court if role is Role.CLERK else make.agency() if role is Role.LIAISON else None
    desk = browser(make.person(role, place))
    for address in ("make/", f"{made.pk}/approve/"):
        assert desk.post(f"/admin/orders/disposition/{address}").status_code in {302, 403, 404}
    assert desk.get(f"/admin/orders/disposition/{made.pk}/cases/").status_code in {302, 403, 404}
    made.refresh_from_db()
    assert made.approved_at is None


def test_a_clerk_holds_cases_of_the_own_court_and_lifts_the_hold_with_a_reason(court: Agency) -> None:
    order, foreign = old(court), old(make.agency(AgencyKind.COURT))
    clerk = make.person(Role.CLERK, court)
    desk = browser(clerk)
    sheet = {"court": court.pk, "docket_number": order.case.docket_number, "reason": "An appeal is open."}

    unknown = desk.post("/admin/orders/legalhold/add/", {**sheet, "docket_number": "HHD-FA99-1-S"})
    of_others = desk.post(
        "/admin/orders/legalhold/add/", {**sheet, "docket_number": foreign.case.docket_number}
    )
    assert "has no case with this docket number" in unknown.content.decode()
    assert "has no case with this docket number" in of_others.content.decode()
    assert desk.post("/admin/orders/legalhold/add/", sheet).status_code == 302
    hold = LegalHold.objects.get()
    assert (hold.placed_by, hold.case) == (clerk, order.case)
    assert order.case.docket_number in desk.get("/admin/orders/legalhold/").content.decode()

    elsewhere = browser(make.person(Role.CLERK, foreign.case.court))
    assert order.case.docket_number not in elsewhere.get("/admin/orders/legalhold/").content.decode()
    assert elsewhere.post(f"/admin/orders/legalhold/{hold.pk}/lift/", {"reason": "x"}).status_code == 404

    assert desk.post(f"/admin/orders/legalhold/{hold.pk}/lift/", {"reason": "Decided."}).status_code == 302
    hold.refresh_from_db()
    assert (hold.lifted_by, hold.lift_reason) == (clerk, "Decided.")
    with pytest.raises(InvalidFact):
        holds.lift_hold(hold, reason="again", by=clerk, now=timezone.now())
    acts = AuditEntry.objects.filter(cases__contains=[order.case.public_id], detail__has_key="act")
    assert [one.detail["act"] for one in acts.order_by("pk")] == ["legal_hold_placed", "legal_hold_lifted"]
