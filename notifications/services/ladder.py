"""Who is asked when nobody answers, as an administrator keeps it."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import POLICE, Act, Agency, AgencyKind
from accounts.services.audit import record_for
from notifications.models import EscalationStep, StepTo

#: How long an answer may be waited for before the next are asked.
LONGEST = timedelta(hours=24)


def check_step(step: EscalationStep) -> None:
    """Refuses a step that asks nobody, or is taken at once or too late. Raises `ValidationError` by field."""
    problems = {}
    if step.after <= timedelta():
        problems["after"] = "Wait for a while first: give one minute or more."
    elif step.after > LONGEST:
        problems["after"] = "Wait for a day at the most: 1440 minutes."
    if step.agency is not None and step.agency.kind not in POLICE:
        problems["agency"] = "Only police are waited for. Choose a police agency, or leave it empty."
    answers = Agency.objects.filter(kind=AgencyKind.STATE_POLICE, answers_for_state=True)
    if step.to == StepTo.STATE_POLICE and not answers.exists():
        problems["to"] = "No agency is known that answers for State Police. Add it under Agencies first."
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def record_step(step: EscalationStep, *, request: HttpRequest) -> None:
    """The step is stored as given, for answers that are waited for from now on. Raises `ValidationError`."""
    check_step(step)
    step.full_clean()
    step.save()
    _put(request, step)


@transaction.atomic
def remove_step(step: EscalationStep, *, request: HttpRequest) -> None:
    """The step is gone. Raises `ValidationError` for the last one of the ladder for all."""
    if is_last_for_all(step):
        raise ValidationError("Without this step nobody would be asked. Change it, or add another first.")
    gone = step.pk
    step.delete()
    step.pk = gone
    _put(request, step, gone=True)


def is_last_for_all(step: EscalationStep) -> bool:
    """True for the only step of the ladder of every agency that has none of its own."""
    for_all = EscalationStep.objects.filter(agency=None)
    return step.agency_id is None and not for_all.exclude(pk=step.pk).exists()


def _put(request: HttpRequest, step: EscalationStep, *, gone: bool = False) -> None:
    detail: dict[str, object] = {
        "kind": "escalation step",
        "id": step.pk,
        "name": step.agency.name if step.agency else "every agency",
        "step": f"{step}, after {step.after // timedelta(minutes=1)} minutes",
    }
    record_for(request, Act.DIRECTORY_CHANGED, detail=detail | ({"gone": True} if gone else {}))
