"""Who is refused many different ids within a short time is guessing, and is answered nothing for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from accounts.models import Act, AuditEntry, Door, User
from accounts.services.audit import record

#: So many different ids refused within `WINDOW` are guesses. For as long nothing that has an id is answered.
MANY = 20
WINDOW = timedelta(minutes=10)

#: Rows of a list of those who guessed.
SHOWN = 20


@transaction.atomic
def refuse(user: User, *, asked: str, **facts: Any) -> None:
    """The refusal is on record, and once, when it was one too many, that the person is guessing.

    `asked` is the id that was refused, empty where none was guessed at; `facts` are the entry's other fields.
    """
    detail = facts.pop("detail", {}) | ({"asked": asked} if asked else {})
    record(Act.REFUSED, succeeded=False, detail=detail, **facts)
    if not asked:
        return
    # One refusal of a person after the other: of two at once, both might find that they were the last.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if guesses(user) >= MANY and not too_many_guesses(user):
        record(Act.GUESSING, succeeded=False, **{**facts, "cases": []})


def refuse_stranger(*, asked: str, **facts: Any) -> None:
    """The refusal of somebody who did not sign in is on record, once in a while for each thing asked for, so
    that a program that asks for ever fills nothing.

    `asked` is a digest of what was asked for; `facts` are the entry's other fields.
    """
    known = _of_strangers(facts["door"], facts["address"])
    if not known.filter(detail__asked=asked).exists():
        record(Act.REFUSED, succeeded=False, detail={"asked": asked}, **facts)


def stranger_guesses_too_much(door: Door, address: str | None) -> bool:
    """True while from that network address many different things were refused at that door to strangers."""
    refused = _of_strangers(door, address).values("detail__asked").distinct()[:MANY]
    return refused.count() >= MANY


def guesses(user: User) -> int:
    """How many different ids this person was refused in the last ten minutes, by the database's clock."""
    refused = _lately(Act.REFUSED).filter(actor=user.pk, detail__has_key="asked")
    return refused.aggregate(different=Count("detail__asked", distinct=True))["different"] or 0


def too_many_guesses(user: User) -> bool:
    """True for ten minutes after the person was found guessing."""
    return _lately(Act.GUESSING).filter(actor=user.pk).exists()


def found_guessing(since: timedelta = timedelta(days=7)) -> QuerySet[AuditEntry]:
    """The newest entries of people who were found guessing within `since`, for the administrators."""
    found = AuditEntry.objects.filter(act=Act.GUESSING, at__gt=Now() - since)
    return found.select_related("actor").order_by("-at", "-id")[:SHOWN]


def _of_strangers(door: Door, address: str | None) -> QuerySet[AuditEntry]:
    refused = _lately(Act.REFUSED).filter(actor=None, door=door, detail__has_key="asked")
    return refused.filter(address__isnull=True) if address is None else refused.filter(address=address)


def _lately(act: Act) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(act=act, at__gt=Now() - WINDOW)
