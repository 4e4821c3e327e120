"""Locked accounts: administrators are notified of each, and its alerts go to others."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef, QuerySet

from accounts.access import MATRIX
from accounts.models import User
from notifications.models import Alert, Finding, Via
from notifications.services.recipients.recipients import members_by_rung
from notifications.services.watch.findings import Violation, notify_others, open_findings, report

#: The code of the findings.
CODE = "locked"
#: The most locked accounts that are reported one by one.
MOST = 50


def locked_account(user: User) -> Violation:
    """The finding about one account. It names no one: the list of users shows who is locked."""
    return Violation(
        code=CODE,
        subject=f"account {user.pk}",
        detail=(
            "An account was locked after wrong guesses. Its alerts go to others of the agency too. "
            "Ask the person. A passkey, or a browser used before, still works. Unlock it under Users."
        ),
    )


def report_lock(user: User) -> None:
    """Notify administrators, and the backups and supervisors of the person's agencies, of the lock."""
    violation = locked_account(user)
    report(violation)
    others: set[int] = set()
    for one in user.memberships.select_related("agency"):
        capacities = [name for name, role in MATRIX.alert_role.items() if role == one.role]
        if one.agency is not None and capacities:
            rungs = members_by_rung(one.agency, capacities[0])
            found = rungs.get(Via.BACKUP, []) + rungs.get(Via.SUPERVISOR, [])
            others |= {other.user for other in found if other.user is not None}
    notify_others(violation.code, violation.subject, others)


def locks_known_to(user: User) -> QuerySet[Finding]:
    """The findings about locked accounts that the person was notified about."""
    alerts = Alert.objects.filter(finding=OuterRef("pk"), recipient=user)
    return open_findings().filter(Exists(alerts), code=CODE)[:MOST]


def locked_accounts() -> Iterator[Violation]:
    """Every person's account that is locked now."""
    locked = User.objects.filter(is_active=True, is_system=False, locked_at__isnull=False)
    yield from (locked_account(one) for one in locked.order_by("-locked_at", "-pk")[:MOST])
