"""Reads the record: who saw a case, what a person saw. Whoever calls puts on record that it was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import Act, AuditEntry, Role, User

#: Entries that one page shows.
PAGE = 100

#: What only an auditor reads: who looks at which case. Administrators keep accounts, and read the rest.
ABOUT_CASES = (Act.SEEN, Act.DONE)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which entries: from `since` on and before `until`, and, where given, of one case, person, act or door.

    `person` did it; `account` is whose account it was about. `older_than` is the last entry of the page
    before, by its time and number.
    """

    since: datetime
    until: datetime
    case: UUID | None = None
    person: User | None = None
    account: User | None = None
    act: str = ""
    door: str = ""
    older_than: tuple[datetime, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Looker:
    """One person with a case in the time asked for."""

    name: str
    times: int
    first: datetime
    last: datetime


def reads_of_cases(reader: User) -> bool:
    """True for who may read who looked at which case."""
    return Role.AUDITOR in reader.roles


def entries(question: Question, *, reader: User) -> list[AuditEntry]:
    """The newest `PAGE` entries that answer, of those that the reader may read."""
    found = _asked(question)
    if not reads_of_cases(reader):
        found = found.exclude(act__in=ABOUT_CASES)
    if question.older_than:
        at, number = question.older_than
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=number), at__lte=at)
    return list(_newest_first(found)[:PAGE])


def every(question: Question) -> Iterator[AuditEntry]:
    """All entries that answer, the newest first, read as they are taken."""
    return _newest_first(_asked(question)).iterator(chunk_size=PAGE)


def lookers(question: Question) -> Sequence[Looker]:
    """Everybody with the case, the latest first; at most `PAGE`."""
    rows: Any = (
        _asked(question)
        .filter(act__in=ABOUT_CASES)
        .values("actor", "actor__name")
        .annotate(times=Count("pk"), first=Min("at"), last=Max("at"))
        .order_by("-last")[:PAGE]
    )
    return [
        Looker(
            name=row["actor__name"] or "The system", times=row["times"], first=row["first"], last=row["last"]
        )
        for row in rows
    ]


def _newest_first(found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    return found.select_related("actor", "subject", "token").order_by("-at", "-id")


def _asked(question: Question) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(at__gte=question.since, at__lt=question.until)
    if question.case:
        found = found.filter(cases__contains=[question.case])
    if question.person:
        found = found.filter(actor=question.person)
    if question.account:
        found = found.filter(subject=question.account)
    if question.act:
        found = found.filter(act=question.act)
    if question.door:
        found = found.filter(door=question.door)
    return found
