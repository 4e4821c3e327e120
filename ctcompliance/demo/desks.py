"""What waits on the desks of the marshal, the prosecutor, the licensing unit and the school."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import Agency, AgencyKind, User
from accounts.narrowing import present
from ctcompliance.demo.builder import Demonstration
from ctcompliance.demo.people import MARSHALS, SCHOOL, person
from notifications.services.firing.fire import Firer
from orders.models import FollowUp, LicensingReportKind, Order, Referral, ServiceMethod
from orders.services.firearms.surrender import surrender_rules
from orders.services.follow_ups.referrals import record_outcome, refer
from orders.services.orders.licensing import record_licensing_report
from orders.services.papers import confirm_pick_up
from orders.services.parties.agencies import add_agency
from orders.services.parties.prosecutors import prosecutor_of
from orders.services.service import record_failed_attempt

#: Referrals of the demonstration, the last of them decided.
_REFERRED = 3
_WHY = "By telephone the respondent refuses to hand over the firearms. A search warrant is needed."


def give_to_marshal(demo: Demonstration, order: Order, number: int, *, tries: int = 0) -> None:
    """Give the order to the marshal, who picked up the papers of some and tried to serve some."""
    now, marshal = demo.now, person("marshal")
    add_agency(order, agency=Agency.objects.get(name=MARSHALS), by=demo.clerk, now=now)
    if number % 2 == 0:
        return
    confirm_pick_up(order, picked_up_at=present(order.issued_at) + timedelta(hours=1), by=marshal, now=now)
    for tried, code in enumerate(("not_home", "elsewhere")[:tries]):
        record_failed_attempt(
            order,
            attempted_at=demo.ago(hours=16 - 7 * tried),
            method=ServiceMethod.IN_HAND,
            officer="State Marshal Pat Reed",
            reason="No one opened.",
            code=code,
            place=f"{11 + number} Elm Street",
            by=marshal,
            now=now,
        )


def name_school(demo: Demonstration, order: Order) -> None:
    """The protected student asked that the school gets a copy of the order."""
    add_agency(order, agency=Agency.objects.get(name=SCHOOL), by=demo.clerk, now=demo.now)


def know_permit(demo: Demonstration, order: Order, *, is_revoked: bool) -> None:
    """The licensing unit hears of a permit; some permits are revoked."""
    unit = Agency.objects.get(kind=AgencyKind.LICENSING, answers_for_state=True)
    add_agency(order, agency=unit, by=demo.clerk, now=demo.now)
    if is_revoked:
        record_licensing_report(
            order,
            kind=LicensingReportKind.PERMIT_REVOKED,
            occurred_on=order.issued_on,
            confirm="Invented for the demonstration.",
            by=person("licensing unit"),
            now=demo.now,
        )


def refer_overdue(demo: Demonstration) -> None:
    """Police refer some overdue surrenders of the court to its state's attorney, who decided on one."""
    if Referral.objects.filter(order__case__court=demo.court).exists():
        return
    Firer("demonstration").fire(now=demo.now)
    tasks = FollowUp.objects.filter(
        order__case__court=demo.court, closed_at=None, deadline__rule_id__in=surrender_rules()
    )
    made = []
    for task in tasks.select_related("order__case__court", "owner").order_by("opened_at", "id"):
        officer = User.objects.filter(memberships__agency=task.owner_id, is_active=True).first()
        office = prosecutor_of(task.order)
        if officer is None or office is None or task.referrals.exists():
            continue
        made.append(refer(task, agency=office, reason=_WHY, by=officer, now=demo.now))
        if len(made) == _REFERRED:
            break
    if len(made) == _REFERRED:
        record_outcome(
            made[-1],
            outcome="warrant",
            decided_on=demo.today,
            decision_reason="The affidavit supports a search warrant.",
            by=person("prosecutor"),
            now=demo.now,
        )
