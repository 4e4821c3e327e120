"""The canary: one alert a minute that passes through the whole system to an outside monitor.

Only a canary that arrives keeps the monitor quiet. It fires, is leased, begun and sent like any other alert.
Its order is in a jurisdiction without rules and visible to no one.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, Now

from accounts.models import CANARY, Agency, AgencyKind, Town
from notifications.models import Alert, AlertState, Via
from notifications.services.watch import health
from orders.models import (
    CANARY_JURISDICTION,
    Case,
    Checkpoint,
    CheckpointState,
    Deadline,
    DeadlineState,
    Order,
    OrderKind,
    Respondent,
)
from orders.rules.vocabulary import Purpose

logger = logging.getLogger(__name__)

#: The rule id of its only deadline.
RULE = "CANARY"
#: After this time a canary that has not arrived is given up, and the next one planted.
GIVEN_UP = timedelta(minutes=1)

#: When its deadline is due: in the far future, so never.
_FAR_AHEAD = datetime(2999, 12, 31, tzinfo=UTC)
_BEGINNING = date(2000, 1, 1)

_ARRIVED = (AlertState.ACCEPTED, AlertState.DELIVERED)
#: States in which no sender holds it, so that it can be withdrawn.
_AT_REST = (AlertState.READY, AlertState.TEMPORARY_FAILURE, AlertState.IN_DOUBT)


def plant() -> bool:
    """Make the next canary due now, unless the last one is still on its way; return whether it was planted.

    While alerts cannot be delivered it plants nothing, so that the monitor alarms.

    Earlier canaries that have not arrived are withdrawn, because a late one would wrongly report that all is
    well.
    """
    if not health.measure().is_delivering:
        logger.error("no canary: alerts are not delivered")
        return False
    with transaction.atomic():
        checkpoint = make()
        if checkpoint.state == CheckpointState.PENDING or _is_on_its_way(checkpoint):
            return False
        canaries = Alert.objects.filter(via=Via.CANARY)
        canaries.filter(state__in=_AT_REST).update(state=AlertState.WITHDRAWN)
        # Free the key: firing builds the same one for every canary.
        canaries.filter(idem_key__endswith=f":{Via.CANARY}").update(
            idem_key=Concat(F("idem_key"), Value(":"), Cast("id", CharField()))
        )
        Checkpoint.objects.filter(pk=checkpoint.pk).update(
            state=CheckpointState.PENDING,
            fires_at=Now(),
            planned_at=Now(),
            fired_at=None,
            fired_by="",
            expected=None,
        )
    return True


def make() -> Checkpoint:
    """Return the canary's checkpoint, locked; create it and the rows it needs if they are missing.

    Call inside a transaction.
    """
    Agency.every.get_or_create(name=CANARY, defaults={"kind": AgencyKind.COURT})
    # A concurrent call waits here and then finds the rows of the first.
    court = Agency.every.select_for_update(no_key=True).get(name=CANARY)
    found = Checkpoint.objects.filter(deadline__order__case__court=court).first()
    return found or _make_at(court)


def _make_at(court: Agency) -> Checkpoint:
    town, _ = Town.every.get_or_create(name=CANARY, defaults={"police": court})
    respondent = Respondent.objects.create(name=CANARY, town=town)
    case = Case.objects.create(docket_number=RULE, court=court, respondent=respondent)
    order = Order.every.create(
        case=case,
        jurisdiction=CANARY_JURISDICTION,
        kind=OrderKind.RESTRAINING_ORDER,
        issued_on=_BEGINNING,
    )
    deadline = Deadline.objects.create(
        order=order,
        rule_id=RULE,
        value_effective=_BEGINNING,
        state=DeadlineState.OPEN,
        due_at=_FAR_AHEAD,
    )
    return Checkpoint.objects.create(
        deadline=deadline,
        name="canary",
        purpose=Purpose.REMIND.value,
        audience=[Via.CANARY.value],
        fires_at=_FAR_AHEAD,
        state=CheckpointState.WITHDRAWN,
    )


def _is_on_its_way(checkpoint: Checkpoint) -> bool:
    """Return True if it fired less than a minute ago and has not arrived."""
    last = Alert.objects.filter(checkpoint=checkpoint, checkpoint__fired_at__gt=Now() - GIVEN_UP)
    return last.filter(idem_key__endswith=f":{Via.CANARY}").exclude(state__in=_ARRIVED).exists()
