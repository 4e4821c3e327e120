"""Which cases are past their retention period, and what keeps a case all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import State
from orders.models import Case, DeadlineState, FirearmStatus
from orders.services.planning.urgency import ending_rules
from orders.services.retention.classes import RetentionClass, class_of, kinds_and_jurisdictions

#: Cases that one statement looks at.
CHUNK = 2000

# The last day of an order: vacated, entered in error, printed, or computed by a rule that ends it.
_DAY = """COALESCE(
    o.vacated_at::date, o.withdrawn_at::date, o.expires_on,
    (SELECT max(COALESCE(d.closed_day_moves_to, d.due_on, d.due_at::date)) FROM orders_deadline d
     WHERE d.order_id = o.id AND d.rule_id = ANY (%(ending)s) AND d.state <> %(withdrawn)s))"""

_DUE = Template(
    """
WITH period (jurisdiction, kind, class, before) AS (
  SELECT * FROM unnest(%(jurisdictions)s::text[], %(kinds)s::text[], %(classes)s::text[], %(befores)s::date[])
), rehearsed (court, begins, ends) AS (
  SELECT * FROM unnest(%(courts)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
), own AS (
  SELECT o.case_id, $day AS day,
    CASE WHEN r.is_rehearsal THEN %(rehearsal)s ELSE p.class END AS class,
    CASE WHEN r.is_rehearsal THEN %(rehearsal_before)s::date ELSE p.before END AS before
  FROM orders_order o
  JOIN orders_case c ON c.id = o.case_id
  LEFT JOIN period p ON p.jurisdiction = o.jurisdiction AND p.kind = o.kind
  CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM rehearsed x WHERE (x.court IS NULL OR x.court = c.court_id)
      AND o.entered_at >= x.begins AND o.entered_at < x.ends) AS is_rehearsal) r
  WHERE o.case_id = ANY (%(cases)s)
), due AS (
  SELECT case_id, max(day) AS day, count(*) AS orders, min(before) AS before,
    (array_agg(class ORDER BY before, class))[1] AS class
  FROM own GROUP BY case_id
  HAVING bool_and(COALESCE(day < before, FALSE))
)
SELECT c.id, c.public_id, c.court_id, due.class, due.day, due.orders,
  EXISTS (SELECT FROM orders_legalhold h WHERE h.case_id = c.id AND h.lifted_at IS NULL),
  EXISTS (
    SELECT FROM orders_respondent s JOIN orders_case k ON k.respondent_id = s.id
    JOIN orders_order o ON o.case_id = k.id
    WHERE s.person_id = r.person_id AND k.id <> c.id AND o.withdrawn_at IS NULL
      AND COALESCE($day, 'infinity')
          >= CASE WHEN k.court_id = c.court_id THEN due.before ELSE %(today)s END),
  EXISTS (
    SELECT FROM orders_respondent s JOIN orders_case k ON k.respondent_id = s.id
    JOIN orders_order o ON o.case_id = k.id JOIN orders_firearm f ON f.order_id = o.id
    WHERE s.person_id = r.person_id AND f.status = %(in_custody)s),
  EXISTS (
    SELECT FROM orders_followup f JOIN orders_order o ON o.id = f.order_id
    WHERE o.case_id = c.id AND f.closed_at IS NULL)
FROM due JOIN orders_case c ON c.id = due.case_id JOIN orders_respondent r ON r.id = c.respondent_id
ORDER BY c.id
"""
).substitute(day=_DAY)

#: Why a case is kept, in the order of the statement's columns. Stored with the case, so they do not change.
REASONS = ("legal_hold", "live_order", "firearm_in_custody", "open_follow_up")
#: Why a case on the list is kept: its orders do not end before the day any more.
NOT_OVER = "not_over"

REASON_WORDS = {
    "legal_hold": "A legal hold is in force",
    "live_order": "The person has another order in force, or one at this court that is not old enough",
    "firearm_in_custody": "Police hold a firearm of the person",
    "open_follow_up": "A follow-up is open",
    NOT_OVER: "Its period is not over",
}


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A time in which a court, or with None every court, entered orders to practice."""

    court: int | None
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class DueCase:
    """A case past its period. `kept_because`: why it is kept all the same; empty if nothing keeps it."""

    pk: int
    public_id: UUID
    court: int
    retention_class: str
    ended_on: date
    orders: int
    kept_because: str


def due_cases(
    known: list[RetentionClass], *, today: date, rehearsed: Collection[Rehearsed], after: int = 0
) -> Iterator[DueCase]:
    """Yield the cases past their period, by key, a chunk at a time."""
    while True:
        keys = list(Case.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            return
        yield from due_among(keys, known, today=today, rehearsed=rehearsed)
        after = keys[-1]


def due_among(
    cases: Collection[int],
    known: list[RetentionClass],
    *,
    today: date,
    rehearsed: Collection[Rehearsed],
) -> list[DueCase]:
    """Return those of these cases (by key) that are past their period, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, _parameters(cases, known, today, rehearsed))
        rows = cursor.fetchall()
    return [
        DueCase(
            pk=pk,
            public_id=public_id,
            court=court,
            retention_class=name,
            ended_on=day,
            orders=orders,
            kept_because=next((why for why, applies in zip(REASONS, keeps, strict=True) if applies), ""),
        )
        for pk, public_id, court, name, day, orders, *keeps in rows
    ]


def _parameters(
    cases: Collection[int], known: list[RetentionClass], today: date, rehearsed: Collection[Rehearsed]
) -> dict[str, Any]:
    rows = [
        (jurisdiction, kind, found.name, period.ended_before(today))
        for kind, jurisdiction in kinds_and_jurisdictions(State.values)
        if (found := class_of(kind, jurisdiction, known)) and (period := found.period(today))
    ]
    jurisdictions, kinds, classes, befores = zip(*rows, strict=True) if rows else ((), (), (), ())
    rehearsal = next((one for one in known if one.is_rehearsal), None)
    period = rehearsal.period(today) if rehearsal else None
    counted = list(rehearsed) if rehearsal and period else []
    return {
        "cases": list(cases),
        "jurisdictions": list(jurisdictions),
        "kinds": list(kinds),
        "classes": list(classes),
        "befores": list(befores),
        "courts": [one.court for one in counted],
        "begins": [one.begins_at for one in counted],
        "ends": [one.ends_at for one in counted],
        "rehearsal": rehearsal.name if rehearsal else "",
        "rehearsal_before": period.ended_before(today) if period else None,
        "ending": list(ending_rules()),
        "withdrawn": DeadlineState.WITHDRAWN.value,
        "in_custody": FirearmStatus.SURRENDERED.value,
        "today": today,
    }
