"""Changes to the escalation steps by an administrator."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import POLICE, Agency, AgencyKind, AuditAction
from accounts.services.access.access_log import record_for
from notifications.models import EscalationStep, EscalationTarget

#: The longest wait before a step.
LONGEST = timedelta(hours=24)


def check_step(step: EscalationStep) -> None:
    """Raise `ValidationError` by field for a step without recipients, or that is taken at once or too
    late."""
    problems = {}
    if step.after <= timedelta():
        problems["after"] = "Give one minute or more."
    elif step.after > LONGEST:
        problems["after"] = "Give at most 1440 minutes, which is one day."
    if step.agency is not None and step.agency.kind not in POLICE:
        problems["agency"] = "Only alerts to police escalate. Choose a police agency, or leave it empty."
    answers = Agency.objects.filter(kind=AgencyKind.STATE_POLICE, answers_for_state=True)
    if step.agency is not None:
        answers = answers.filter(jurisdiction=step.agency.jurisdiction)
    if step.to == EscalationTarget.STATE_POLICE and not answers.exists():
        problems["to"] = "No agency answers for State Police yet. Add it under Agencies first."
    if problems:
        raise ValidationError(problems)


@transaction.atomic
def record_step(step: EscalationStep, *, request: HttpRequest) -> None:
    """Store the step; it applies to escalations from now on. Raises `ValidationError`."""
    check_step(step)
    step.full_clean()
    step.save()
    _log(request, step)


@transaction.atomic
def remove_step(step: EscalationStep, *, request: HttpRequest) -> None:
    """Delete the step. Raises `ValidationError` for the last step of the ladder for every agency."""
    if is_last_for_all(step):
        raise ValidationError("Without this step no one would be notified. Change it, or add another first.")
    key = step.pk
    step.delete()
    step.pk = key
    _log(request, step, gone=True)


def is_last_for_all(step: EscalationStep) -> bool:
    """True for the only step of the ladder that every agency without its own steps uses."""
    for_all = EscalationStep.objects.filter(agency=None)
    return step.agency_id is None and not for_all.exclude(pk=step.pk).exists()


def _log(request: HttpRequest, step: EscalationStep, *, gone: bool = False) -> None:
    detail: dict[str, object] = {
        "kind": "escalation step",
        "id": step.pk,
        "name": step.agency.name if step.agency else "every agency",
        "step": f"{step}, after {step.after // timedelta(minutes=1)} minutes",
    }
    record_for(request, AuditAction.DIRECTORY_CHANGED, detail=detail | ({"gone": True} if gone else {}))
