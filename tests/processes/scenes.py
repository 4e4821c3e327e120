"""What a stack's test does to its data and asks of it; `Stack.scene` runs it in the stack's environment."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import Agency, AgencyKind, Role, Town
from notifications.models import Alert, AlertState
from orders.models import Capacity, Checkpoint, CheckpointState, Deadline, DeadlineState, FollowUp
from orders.services.entry import enter_orders
from tests import make


def due(count: int, seconds: int) -> dict[str, object]:
    """So many orders whose surrender check falls due in so many seconds, each told to police of its own.

    Their court has one clerk, who is told of many in one message.
    """
    began = timezone.now().isoformat()
    court = make.agency(AgencyKind.COURT, name=f"Court {began}")
    make.person(Role.CLERK, court)
    police = Agency.objects.bulk_create(
        Agency(kind=AgencyKind.POLICE, name=f"Police {began} {number}", email=f"desk{number}@police.example")
        for number in range(count)
    )
    towns = Town.objects.bulk_create(Town(name=one.name, police=one) for one in police)
    now = timezone.now()
    served_at = now - timedelta(hours=24) + timedelta(seconds=seconds)
    enter_orders(
        [
            make.new_order(
                docket_number=f"{court.pk}-{number}",
                court=court,
                respondent_town=town,
                kind="restraining_order",
                issued_at=now - timedelta(days=1, hours=1),
                served_at=served_at,
                service_method="in_hand",
            )
            for number, town in enumerate(towns)
        ],
        by=None,
        now=now,
    )
    return {"due": count}


def standing() -> dict[str, object]:
    """How everything stands: of the alerts, those to police."""
    alerts = Alert.objects.filter(
        checkpoint__deadline__rule_id="CT-SUR-01",
        checkpoint__name="check",
        capacity=Capacity.RESPONDENT_POLICE,
    )
    by_state: dict[str, int] = {}
    for state in alerts.values_list("state", flat=True):
        by_state[AlertState(state).name] = by_state.get(AlertState(state).name, 0) + 1
    fired = Checkpoint.objects.filter(state=CheckpointState.FIRED)
    return {
        "states": by_state,
        "duplicates": [
            str(key) for key in alerts.filter(possible_duplicate=True).values_list("public_id", flat=True)
        ],
        "keys": [str(key) for key in alerts.values_list("public_id", flat=True)],
        "overdue": Deadline.objects.filter(state=DeadlineState.OVERDUE).count(),
        "follow_ups": FollowUp.objects.filter(closed_at=None).count(),
        "incomplete_sets": sum(
            one.expected != sum(alert.awaited_id is None for alert in one.alerts.all())
            for one in fired.prefetch_related("alerts")
        ),
    }
