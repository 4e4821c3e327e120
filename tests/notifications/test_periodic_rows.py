"""Periodic work row by row: one that fails is parked and stops no other, and no machine's clock decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error, OperationalError
from django.utils import timezone

from accounts.database import database_now
from accounts.isolation import delete_isolated, each_alone, halved
from accounts.models import AgencyKind, HeldForm, Role, Session, SignInAttempt, User
from accounts.services import people
from accounts.tasks import tidy
from notifications import tasks
from notifications.models import Alert, Finding, ParkedRow, WeeklyReport
from notifications.services import weekly
from notifications.services.delivery import account_reminders
from notifications.services.firing import pulse as pulses
from notifications.services.firing.fire import Firer
from notifications.services.watch import canary, findings
from notifications.services.watch.findings import Violation
from notifications.services.watch.isolation import parking
from orders.models import CheckpointState, FollowUp, ImportJob, ImportState, OrderUrgency
from orders.services.follow_ups import reminders
from orders.services.planning import urgency
from orders.services.registry import jobs, preview
from orders.tasks import replan_stale as replan_stale_task
from tests import make
from tests.ledger import Ledger
from tests.notifications.test_isolation import COUNT, constraints, due, poison

__all__ = ["due"]

pytestmark = pytest.mark.django_db


def each(
    tables: dict[str, str], run: Callable[[], object], done: Callable[[], int], *, is_parked: bool = True
) -> Iterator[str]:
    """Run once for each table and constraint, with the poisoned row; yield what was wrong."""
    for table, when in tables.items():
        for name, code in constraints(table):
            with transaction.atomic():
                poison(table, when, name, code)
                run()
                if done() != COUNT - 1:
                    yield f"{table} {name} {code}: {done()} done"
                if is_parked and not ParkedRow.objects.exists():
                    yield f"{table} {name} {code}: nothing parked"
                transaction.set_rollback(True)


def supervisors() -> list[User]:
    return [make.person(Role.SUPERVISOR, make.agency()) for _ in range(COUNT)]


def test_weekly_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    make.person(Role.ADMINISTRATOR)
    poisoned = supervisors()[2]
    wednesday = datetime.fromisoformat("2026-12-09T15:00:00+00:00")
    monkeypatch.setattr(weekly, "rows_of", lambda *_: [(wednesday,)])
    tables = {
        "notifications_weeklyreport": f"NEW.user_id = {poisoned.pk}",
        "notifications_alert": f"NEW.recipient_id = {poisoned.pk}",
    }

    assert list(each(tables, weekly.write_reports, WeeklyReport.objects.count)) == []


def test_reminders_of_ends(ledger: Ledger) -> None:
    now = timezone.now()
    for one in supervisors():
        User.objects.filter(pk=one.pk).update(ends_at=now + timedelta(days=2), joined_at=now - timedelta(60))
    poisoned = User.objects.filter(ends_at__isnull=False).order_by("pk")[2]
    before = len(ledger.lines())

    def sent() -> int:
        nonlocal before
        before, count = len(ledger.lines()), len(ledger.lines()) - before
        return count

    tables = {"notifications_accountreminder": f"NEW.account_id = {poisoned.pk}"}

    assert list(each(tables, lambda: account_reminders.send_reminders(now), sent)) == []


def follow_ups(due: list[Any]) -> list[FollowUp]:
    Firer("test").fire(now=timezone.now() + timedelta(days=400))
    rows = list(FollowUp.objects.filter(closed_at=None).order_by("pk")[:COUNT])
    FollowUp.objects.exclude(pk__in=[one.pk for one in rows]).update(passed_at=timezone.now())
    FollowUp.objects.filter(pk__in=[one.pk for one in rows]).update(
        next_action_at=timezone.now() - timedelta(days=3)
    )
    return rows


def test_follow_ups_whose_action_passed(due: list[Any]) -> None:
    rows = follow_ups(due)
    poisoned = rows[2]
    tables = {
        "orders_followup": f"NEW.id = {poisoned.pk}",
        "notifications_alert": f"NEW.follow_up_id = {poisoned.pk}",
    }
    mine = FollowUp.objects.filter(pk__in=[one.pk for one in rows], passed_at__isnull=False)

    assert list(each(tables, lambda: reminders.note_passed(now=timezone.now()), mine.count)) == []


def test_orders_that_ended(due: list[Any]) -> None:
    mine = OrderUrgency.objects.filter(order__in=due)
    now = timezone.now() + timedelta(days=3650)
    for one in due:
        type(one).objects.filter(pk=one.pk).update(expires_on=(now - timedelta(days=30)).date())
    mine.update(ends_on=(now - timedelta(days=30)).date(), is_ended=False)
    OrderUrgency.objects.exclude(order__in=due).update(is_ended=True)
    tables = {"orders_orderurgency": f"NEW.order_id = {due[2].pk} AND NEW.is_ended"}

    assert list(each(tables, lambda: urgency.write_ended(now), mine.filter(is_ended=True).count)) == []


def test_accounts() -> None:
    make.person(Role.ADMINISTRATOR)
    rows = supervisors()
    keys = [one.pk for one in rows]
    mine = User.objects.filter(pk__in=keys, is_active=False)
    past = timezone.now() - timedelta(days=400)
    User.objects.filter(pk__in=keys).update(ends_at=past + timedelta(days=1), joined_at=past)
    tables = {"accounts_user": f"NEW.id = {keys[2]}"}

    assert list(each(tables, people.end_temporary, mine.count)) == []

    User.objects.filter(pk__in=keys).update(ends_at=None, enabled_at=past)
    assert list(each(tables, people.disable_unused, mine.count)) == []


def test_what_has_expired() -> None:
    make.person(Role.ADMINISTRATOR)
    person, past = make.person(Role.LIAISON, make.agency()), timezone.now() - timedelta(days=400)
    forms = [
        HeldForm.objects.create(user=person, key=str(number), path="/", typed="", held_at=past)
        for number in range(COUNT)
    ]
    attempts = [SignInAttempt.objects.create() for _ in range(COUNT)]
    SignInAttempt.objects.update(at=past)
    for number in range(COUNT):
        Session.objects.create(session_key=f"key{number}", session_data="", expire_date=past)
    for table, when, model in (
        ("accounts_heldform", f"OLD.id = {forms[2].pk}", HeldForm),
        ("accounts_signinattempt", f"OLD.id = {attempts[2].pk}", SignInAttempt),
        ("accounts_session", "OLD.session_key = 'key2'", Session),
    ):

        def gone(model: Any = model) -> int:
            return COUNT - int(model.objects.count())

        assert list(each({table: when}, tidy, gone)) == []


def test_findings_and_alerts_about_them() -> None:
    administrators = [make.person(Role.ADMINISTRATOR) for _ in range(COUNT)]
    found = [Violation(code="stuck", subject=str(number), detail="") for number in range(COUNT)]
    opened = Finding.objects.filter(code="stuck", resolved_at=None)

    def run() -> None:
        findings.reconcile(found, audited={"stuck"})

    assert (
        list(each({"notifications_finding": "NEW.subject = '2'"}, run, opened.count, is_parked=False)) == []
    )
    tables = {"notifications_alert": f"NEW.recipient_id = {administrators[2].pk}"}
    told = Alert.objects.filter(finding__subject="1", channel="email")
    assert list(each(tables, run, told.count, is_parked=False)) == []


def test_a_key_that_leads_nowhere_is_found_in_its_own_part() -> None:
    """Foreign keys are checked at the end of the transaction, where no one knows whose it is."""
    rows = supervisors()
    gone = 2_000_000_000

    def write(keys: Any) -> int:
        return len(
            WeeklyReport.objects.bulk_create(
                WeeklyReport(user_id=pk, week=timezone.now().date(), **ZEROES) for pk in keys
            )
        )

    with transaction.atomic():
        done, failed = halved([rows[0].pk, gone, rows[1].pk], write)
    connection.check_constraints()

    assert (sum(done), [pk for pk, _ in failed]) == (2, [gone])


ZEROES = {"open_week": 0, "open_month": 0, "open_longer": 0, "unanswered": 0, "absent": 0}


@pytest.mark.parametrize("code", ["55P03", "40P01", "57014", "53100", "25006"])
def test_a_row_is_not_parked_for_a_trouble_of_the_server(code: str) -> None:
    make.person(Role.ADMINISTRATOR)

    def fail() -> None:
        with transaction.atomic(), parking("escalation", 1, "failed"), connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(Error):
        fail()

    assert not ParkedRow.objects.exists()


def test_an_import_that_breaks_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    make.person(Role.ADMINISTRATOR)
    clerk = make.person(Role.CLERK, make.agency(AgencyKind.COURT))
    waiting = [
        ImportJob.objects.create(by=clerk, state=ImportState.WAITING, created_at=timezone.now())
        for _ in range(3)
    ]
    asked = [
        ImportJob.objects.create(
            by=clerk, state=ImportState.OPEN, created_at=timezone.now(), preview_asked_at=timezone.now()
        )
        for _ in range(3)
    ]
    whole = jobs.export_of

    def broken(job: ImportJob, folder: Any) -> Any:
        if job.pk in (waiting[0].pk, asked[0].pk):
            raise UnicodeDecodeError("utf-8", b"", 0, 1, "no")
        return whole(job, folder)

    monkeypatch.setattr(jobs, "export_of", broken)
    jobs.sweep(timezone.now())
    preview.sweep(timezone.now())

    assert [ImportJob.objects.get(pk=one.pk).runs for one in waiting] == [1, 1, 1]
    assert all(ImportJob.objects.get(pk=one.pk).preview for one in asked)
    assert ParkedRow.objects.filter(kind="import", row=waiting[0].pk).exists()


def test_a_part_of_a_pulse_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    parts = ("cover", "escalate", "notify_courts", "notify_advocates", "repeat_unanswered")

    def part(name: str) -> Callable[..., None]:
        def work(*_: object) -> None:
            done.append(name)
            raise IntegrityError(name)

        return work

    for name in parts:
        monkeypatch.setattr(pulses, name, part(name))
    firer = Firer("test")
    monkeypatch.setattr(firer, "fire", part("fire"))

    with pytest.raises(IntegrityError):
        pulses.run_pulse(firer, lambda _: True)

    assert done == ["fire", *parts]


def test_no_task_asks_the_clock_of_its_machine(monkeypatch: pytest.MonkeyPatch, due: list[Any]) -> None:
    """A worker an hour ahead would leave out the checks of the next hour, or end what still runs."""
    follow_ups(due)
    canary.make()

    def wrong() -> datetime:
        raise AssertionError("the clock of this machine")

    monkeypatch.setattr(timezone, "now", wrong)
    for one in tasks.periodic():
        one.run()


def test_a_replanning_worker_an_hour_ahead_keeps_the_checks_of_that_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = database_now()
    order = make.served_order(now=now - timedelta(hours=22, minutes=30), issued_at=now - timedelta(hours=24))
    type(order).objects.filter(pk=order.pk).update(planned_with="older")
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=1))

    replan_stale_task()

    check = order.deadlines.get(rule_id="CT-SUR-01").checkpoints.get(name="check")
    assert check.state == CheckpointState.PENDING


def test_a_database_that_is_away_is_no_row_that_fails() -> None:
    def away(_: object) -> None:
        raise OperationalError

    with pytest.raises(OperationalError):
        each_alone("unused account", [1], away)
    assert delete_isolated("held form", HeldForm.objects.none()) == 0
