"""Nobody answered: the next on the agency's ladder are told, until somebody does.

What is waited for is a row; a step is taken by whoever gets there first, and told and put on record in one
transaction.
"""

from __future__ import annotations

import logging
import time
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources

from django.db import transaction
from django.db.models.functions import Now

from accounts.access import MATRIX
from accounts.models import Agency, AgencyKind, Role
from notifications.models import (
    Alert,
    AwaitedAnswer,
    Channel,
    EscalationStep,
    HookEvent,
    StepTo,
    Via,
)
from notifications.services import webhooks
from notifications.services.reached import Told, by_way, in_stead_of, reached
from notifications.services.statements import rows_of
from orders.models import Capacity, Concern, Event

#: Answers whose time is over that one transaction takes up.
BATCH = 50
#: Seconds one call keeps taking them up before it leaves the rest to the next.
BUDGET = 0.8
#: When one that failed is taken up again.
AGAIN = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def escalate() -> int:
    """Takes the next step for every agency that has not answered in time, or for as many as `BUDGET` seconds
    allow; answers for how many.

    A step with nobody on it is passed over at once. After the last the administrators are told, where the
    whole ladder had nobody; a case that everybody was told of and nobody answered waits with all of them.
    """
    began, taken = time.monotonic(), 0
    while batch := _take_batch():
        taken += batch
        if batch < BATCH or time.monotonic() - began > BUDGET:
            break
    return taken


def ladder_of(agency: int) -> list[EscalationStep]:
    """The agency's own steps, or those of every agency without its own."""
    found = list(EscalationStep.objects.filter(agency=agency).order_by("place"))
    return found or list(EscalationStep.objects.filter(agency=None).order_by("place"))


def load_steps() -> int:
    """Stores the shipped ladder where there is none for all; answers how many steps."""
    if EscalationStep.objects.filter(agency=None).exists():
        return 0
    text = resources.files("notifications.data").joinpath("escalation.toml").read_text(encoding="utf-8")
    steps = [
        EscalationStep(place=place, to=StepTo(one["to"]), after=timedelta(minutes=one["after"]))
        for place, one in enumerate(tomllib.loads(text)["step"], start=1)
    ]
    return len(EscalationStep.objects.bulk_create(steps))


def _take_batch() -> int:
    with transaction.atomic():
        waiting = list(
            AwaitedAnswer.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(next_step_at__lte=Now())
            .select_related("checkpoint__deadline", "order", "agency")
            .order_by("next_step_at", "id")[:BATCH]
        )
        if waiting:
            ((now,),) = rows_of("SELECT statement_timestamp()", {})
            for answer in waiting:
                _try_to_go_up(answer, now)
    return len(waiting)


def _try_to_go_up(answer: AwaitedAnswer, now: datetime) -> None:
    """One that cannot go up holds up no other, and is tried again."""
    try:
        with transaction.atomic():
            _go_up(answer, now)
    except Exception:
        logger.exception("an answer could not go up")
        AwaitedAnswer.objects.filter(pk=answer.pk).update(next_step_at=now + AGAIN)


def _go_up(answer: AwaitedAnswer, now: datetime) -> None:
    """Takes steps until somebody new is told or the ladder ends."""
    steps = ladder_of(answer.agency_id)
    told: list[Alert] = []
    while answer.step < len(steps) and not told:
        step = steps[answer.step]
        answer.step += 1
        told = _tell(answer, _on_step(answer, StepTo(step.to)), now)
    if not told and not answer.alerts.exists():
        told = _tell(answer, in_stead_of(answer.agency, answer.capacity), now)
    following = steps[answer.step] if answer.step < len(steps) else None
    answer.next_step_at = now + following.after if following else None
    answer.save(update_fields=["step", "next_step_at"])
    if told:
        _record(answer, told, now)


def _on_step(answer: AwaitedAnswer, to: StepTo) -> list[Told]:
    agency, capacity = answer.agency, answer.capacity
    match to:
        case StepTo.BACKUP:
            role = MATRIX.told_as[capacity]
            return _people(agency, capacity, Via.BACKUP, role=role, is_backup=True)
        case StepTo.SUPERVISOR:
            return _people(agency, capacity, Via.SUPERVISOR, role=Role.SUPERVISOR)
        case StepTo.STATE_POLICE:
            return _state_police()


def _people(agency: Agency, capacity: str, via: Via, **held: object) -> list[Told]:
    users = reached().filter(agency=agency, **held).values_list("user", flat=True)
    return [Told(agency=agency, capacity=capacity, via=via, user=user) for user in users]


def _state_police() -> list[Told]:
    """Everybody at State Police who is told anything, and its desk."""
    agency = Agency.objects.filter(kind=AgencyKind.STATE_POLICE, answers_for_state=True).first()
    if agency is None:
        return []
    capacity = Capacity.STATE_POLICE.value
    told = _people(agency, capacity, Via.PERSON, role=MATRIX.told_as[capacity])
    told += _people(agency, capacity, Via.SUPERVISOR, role=Role.SUPERVISOR)
    return told + ([Told(agency=agency, capacity=capacity, via=Via.DESK)] if agency.email else [])


def _tell(answer: AwaitedAnswer, people: Sequence[Told], now: datetime) -> list[Alert]:
    """Alerts to those of the people who have not been told of this yet; they are stored."""
    wanted = {
        alert.idem_key: alert
        for one, channel in by_way(people)
        for alert in [_alert(answer, one, channel, now)]
    }
    known = Alert.objects.filter(idem_key__in=wanted).values_list("idem_key", flat=True)
    for key in list(known):
        del wanted[key]
    alerts = Alert.objects.bulk_create(wanted.values())
    by_email = [one for one in alerts if one.channel == Channel.EMAIL]
    webhooks.announce(HookEvent.ALERT_CREATED, by_email, now=now)
    return alerts


def _alert(answer: AwaitedAnswer, told: Told, channel: Channel, now: datetime) -> Alert:
    checkpoint, deadline = answer.checkpoint, answer.checkpoint.deadline
    # As firing builds it: who was told then is not told again.
    named = (answer.order.public_id, deadline.rule_id, deadline.occurrence, checkpoint.name)
    return Alert(
        checkpoint=checkpoint,
        order=answer.order,
        agency=told.agency,
        capacity=told.capacity,
        recipient_id=told.user,
        via=told.via,
        channel=channel,
        awaited=answer,
        idem_key=":".join(map(str, (*named, checkpoint.revision, channel, told.target))),
        created_at=now,
        next_attempt_at=now,
    )


def _record(answer: AwaitedAnswer, told: Sequence[Alert], now: datetime) -> None:
    """The order's history says who was asked next; State Police see the order from now on."""
    for alert in told:
        if alert.capacity == Capacity.STATE_POLICE:
            Concern.objects.get_or_create(
                order=answer.order, agency=alert.agency, capacity=Capacity.STATE_POLICE
            )
    Event.objects.create(
        order=answer.order,
        kind="not_answered",
        occurred_at=now,
        data={
            "rule": answer.checkpoint.deadline.rule_id,
            "agency": answer.agency.name,
            "step": answer.step,
            "asked_next": sorted({str(alert.via) for alert in told}),
        },
    )
