"""Orders whose surrender check is due at a certain second, in the stack's environment."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Agency, AgencyKind, Membership, Role, Town, User
from notifications.models import Language, Preference
from orders.services.orders.entry import NewOrder
from tests import make


def now() -> datetime:
    """The current instant."""
    return timezone.now()


def new_order(court: Agency, town: Town, number: int, *, seconds: int) -> NewOrder:
    """An order whose surrender check is due in that many seconds."""
    served_at = now() - timedelta(hours=24) + timedelta(seconds=seconds)
    return make.new_order(
        docket_number=f"{court.pk}-{number}",
        court=court,
        respondent_town=town,
        kind="restraining_order",
        issued_at=served_at - timedelta(hours=1),
        served_at=served_at,
        service_method="in_hand",
    )


def court() -> Agency:
    """A court with one clerk, who gets many alerts in one message."""
    made = make.agency(AgencyKind.COURT, name=f"Court {now().isoformat()}")
    # Named by the court: several processes make courts, and `make.person` numbers people from one in each.
    clerk = User.objects.create_user(f"clerk{made.pk}@agency.example", name="Clerk")
    Membership.objects.create(user=clerk, agency=made, role=Role.CLERK)
    return made


def towns(count: int) -> list[Town]:
    """Towns, each with its own police, notified at the desk: one message for each check."""
    began = now().isoformat()
    police = Agency.objects.bulk_create(
        Agency(kind=AgencyKind.POLICE, name=f"Police {began} {number}", email=f"desk{number}@police.example")
        for number in range(count)
    )
    return Town.objects.bulk_create(Town(name=one.name, police=one) for one in police)


def liaison(town: Town, *, language: str = Language.ENGLISH, by_sms: bool = False) -> User:
    """A liaison of the town's police, who is notified in place of the desk."""
    user = User.objects.create_user(f"liaison{town.pk}@agency.example", name="Liaison")
    Membership.objects.create(user=user, agency=town.police, role=Role.LIAISON)
    Preference.objects.create(user=user, language=language, by_sms=by_sms, phone=f"+1860{user.pk:07d}")
    return user
