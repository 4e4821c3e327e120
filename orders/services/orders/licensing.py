"""Reports of the licensing unit: attempts to buy a firearm, applications, and permits revoked or reinstated.

Announcements alert police, the court, the prosecutor and advocates with a release of an attempt at once.
"""

from __future__ import annotations

from datetime import date, datetime

from accounts.models import User
from accounts.text import clean
from orders.models import LicensingReport, LicensingReportKind, Order
from orders.services.bulk import make
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Correctable, DayOrInstantColumn
from orders.services.court_days import check_happened_since_order, day_of
from orders.services.one_round import doubt
from orders.services.said_before import ask_if_recorded
from orders.services.validation import need_one_of


def record_licensing_report(
    order: Order,
    *,
    kind: str,
    by: User | None,
    now: datetime,
    occurred_at: datetime | None = None,
    occurred_on: date | None = None,
    confirm: str = "",
) -> LicensingReport:
    """Record what the licensing unit reports, at an instant or on a day.

    Raises `InvalidFact`, and `DoubtfulFact` for one from before the order unless `confirm` gives the reason.
    """
    with changing(
        order, "licensing_reported", by=by, now=now, occurred_at=occurred_at, reason=clean(confirm)
    ) as change:
        report = make(
            LicensingReport, order=change.order, kind=kind, occurred_on=occurred_on, occurred_at=occurred_at
        )
        check_licensing_report(report, now=now, confirm=confirm)
        report.save()
        LICENSING_REPORT.note(change, report)
    return report


def check_licensing_report(report: LicensingReport, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved report, and set its day and offset. Raises `InvalidFact` and `DoubtfulFact`."""
    need_one_of("kind", "unknown_licensing_report", report.kind, LicensingReportKind.values)
    report.occurred_on, report.occurred_offset = day_of(
        "occurred", report.order, on=report.occurred_on, at=report.occurred_at, now=now
    )
    check_happened_since_order(
        "occurred",
        report.order,
        on=report.occurred_on,
        at=report.occurred_at,
        confirm=confirm,
        may_precede=report.kind == LicensingReportKind.PERMIT_REVOKED,
    )
    if report.kind == LicensingReportKind.PERMIT_REINSTATED and not confirm:
        _check_revoked(report)
    told = ("occurred_on", "occurred_at", "kind")
    ask_if_recorded(report, told, field="occurred_at", words=LICENSING_REPORT.words, confirm=confirm)


def _check_revoked(report: LicensingReport) -> None:
    """Doubt a reinstatement before which no revocation is recorded."""
    revoked = LicensingReport.objects.filter(order=report.order, kind=LicensingReportKind.PERMIT_REVOKED)
    if not revoked.filter(occurred_on__lte=report.occurred_on).exists():
        doubt(
            "kind",
            "not_revoked",
            "No revocation by then is recorded. Record it first, or give the reason to go on.",
        )


_KIND = ChoiceColumn(name="kind", label="What happened")
_WHEN = DayOrInstantColumn(name="occurred_at", label="When")

LICENSING_REPORT = Correctable(
    name="licensing_report",
    model=LicensingReport,
    noun="report",
    words=lambda row: f"{_KIND.words(row)} ({_WHEN.words(row)})",
    columns=(_KIND, _WHEN),
    check=check_licensing_report,
)
