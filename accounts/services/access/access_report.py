"""Read the access log: who saw a case, what a person saw. Callers log that the log was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import AuditAction, AuditEntry, Role, User

#: Return the public ids of the cases with a docket number. `orders`, which knows cases, adds its own.
CASE_FINDERS: list[Callable[[str], Iterable[UUID]]] = []

#: Entries per page.
PAGE = 100

#: Actions that only auditors may read: who viewed which case. Administrators read the rest.
ABOUT_CASES = (AuditAction.SEEN, AuditAction.DONE)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Filters for access-log entries, from `since` up to but not including `until`.

    `person` is who acted; `account` is the account that the action changed. `older_than` is the time and
    number of the last entry on the page before. `cases` are those of a docket number: courts may share one.
    """

    since: datetime
    until: datetime
    case: UUID | None = None
    cases: tuple[UUID, ...] = ()
    person: User | None = None
    account: User | None = None
    action: str = ""
    entry_point: str = ""
    older_than: tuple[datetime, int] | None = None


@dataclass(frozen=True, kw_only=True)
class CaseViewer:
    """One person's views and changes of a case within the span."""

    name: str
    times: int
    first: datetime
    last: datetime


def cases_with_docket(docket_number: str) -> tuple[UUID, ...]:
    """Return the public ids of the cases with this docket number, in all courts."""
    return tuple(sorted({case for find in CASE_FINDERS for case in find(docket_number)}))


def reads_of_cases(reader: User) -> bool:
    """Return True if the reader may see who viewed which case."""
    return Role.AUDITOR in reader.roles


def entries(question: Question, *, reader: User) -> list[AuditEntry]:
    """Return the newest `PAGE` matching entries that the reader may see."""
    found = _matching(question)
    if not reads_of_cases(reader):
        found = found.exclude(action__in=ABOUT_CASES)
    if question.older_than:
        at, number = question.older_than
        found = found.filter(Q(at__lt=at) | Q(at=at, pk__lt=number), at__lte=at)
    return list(_newest_first(found)[:PAGE])


def every(question: Question) -> Iterator[AuditEntry]:
    """Iterate over all matching entries, newest first, in chunks."""
    return _newest_first(_matching(question)).iterator(chunk_size=PAGE)


def case_viewers(question: Question) -> Sequence[CaseViewer]:
    """Return the people who viewed or changed the case, latest first; at most `PAGE`."""
    rows: Any = (
        _matching(question)
        .filter(action__in=ABOUT_CASES)
        .values("actor", "actor__name")
        .annotate(times=Count("pk"), first=Min("at"), last=Max("at"))
        .order_by("-last")[:PAGE]
    )
    return [
        CaseViewer(
            name=row["actor__name"] or "The system", times=row["times"], first=row["first"], last=row["last"]
        )
        for row in rows
    ]


def _newest_first(found: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
    return found.select_related("actor", "subject", "token").order_by("-at", "-id")


def _matching(question: Question) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(at__gte=question.since, at__lt=question.until)
    if question.case:
        found = found.filter(cases__contains=[question.case])
    if question.cases:
        found = found.filter(cases__overlap=list(question.cases))
    if question.person:
        found = found.filter(actor=question.person)
    if question.account:
        found = found.filter(subject=question.account)
    if question.action:
        found = found.filter(action=question.action)
    if question.entry_point:
        found = found.filter(entry_point=question.entry_point)
    return found
