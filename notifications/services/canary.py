"""The canary: one alert each minute that goes the whole way and ends at an outside monitor.

Only a canary that arrived keeps the monitor quiet. It is fired by FIRE from rows like any others, leased,
begun and sent; its order is in a jurisdiction that no rule knows and is nobody's business.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, Now

from accounts.models import CANARY, Agency, AgencyKind, Town
from notifications.models import Alert, AlertState, Via
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
from orders.rules.rulebook import Purpose

#: The rule of its one deadline.
RULE = "CANARY"
#: After so long a canary that has not arrived is given up, and the next one planted.
GIVEN_UP = timedelta(minutes=1)

#: When its deadline is due: never, as far as anybody here will see.
_FAR_AHEAD = datetime(2999, 12, 31, tzinfo=UTC)
_BEGINNING = date(2000, 1, 1)

_ARRIVED = (AlertState.ACCEPTED, AlertState.DELIVERED)
#: Not on its way any more, or not yet: it may be taken back.
_AT_REST = (AlertState.READY, AlertState.TEMPORARY_FAILURE, AlertState.IN_DOUBT)


def plant() -> bool:
    """The next canary is due now, unless the last one is still on its way; answers whether it was planted.

    Those before it are withdrawn where they have not arrived: an old canary that came late would say that
    all is well now.
    """
    with transaction.atomic():
        checkpoint = make()
        if checkpoint.state == CheckpointState.PENDING or _is_on_its_way(checkpoint):
            return False
        told = Alert.objects.filter(via=Via.CANARY)
        told.filter(state__in=_AT_REST).update(state=AlertState.WITHDRAWN)
        # The next one gets the key that firing builds, which is the same each time.
        told.filter(idem_key__endswith=f":{Via.CANARY}").update(
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
    """The canary's checkpoint, locked for this transaction; it and what it stands on are made if need be.

    To be called inside a transaction.
    """
    Agency.every.get_or_create(name=CANARY, defaults={"kind": AgencyKind.COURT})
    # Who comes second waits here, and finds what the first one made.
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
    """True for one that fired less than a minute ago and has not arrived."""
    last = Alert.objects.filter(checkpoint=checkpoint, checkpoint__fired_at__gt=Now() - GIVEN_UP)
    return last.filter(idem_key__endswith=f":{Via.CANARY}").exclude(state__in=_ARRIVED).exists()
