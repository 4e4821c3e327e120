"""How orders stood at an instant, counted by the database from the facts dated at or before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import connection, transaction

from orders.rules.court_time import local_date
from orders.rules.facts import Facts
from orders.rules.rulebook import Dated, Rule, Rulebook, Unit
from orders.services.calendar import current_rulebook

#: The rule that is counted.
RULE = "CT-SUR-01"


class Standing(StrEnum):
    """How an order stands to the surrender of firearms."""

    NOT_STARTED = "not_started"
    NOT_INDICATED = "not_indicated"
    OPEN = "open"
    MET_ON_TIME = "met_on_time"
    MET_LATE = "met_late"
    OVERDUE = "overdue"
    UNVERIFIED_DENIAL = "unverified_denial"


@dataclass(frozen=True)
class Compliance:
    """The counts. `firearms_outstanding` are listed, on no receipt, and past the hours after service."""

    orders: dict[Standing, int]
    firearms_outstanding: int


# `law` holds the hours for every sort of order the rule binds, so that the numbers of law stay in its files.
# Firearms belong to the case: one inventory for all its orders, as the rules see it too. An undated fact (a
# listed firearm, a permit) is as old as the order it came with. What was given back before an order was
# issued is held again: `again` holds, for the orders of cases where that happened, when all was receipted.
_COUNT = """
WITH law (kind, firearms_indicated, financial_support, since, until, due_after) AS MATERIALIZED (
  SELECT kind, firearms_indicated, financial_support, since, until, make_interval(hours => hours)
  FROM unnest(%(kinds)s::text[], %(indicated)s::bool[], %(support)s::bool[], %(since)s::date[],
              %(until)s::date[], %(hours)s::int[])
    AS one (kind, firearms_indicated, financial_support, since, until, hours)
), issued AS NOT MATERIALIZED (
  SELECT * FROM orders_order
  WHERE jurisdiction = %(jurisdiction)s
    AND CASE WHEN issued_at IS NULL THEN issued_on <= %(day)s ELSE issued_at <= %(as_of)s END
    AND (%(courts)s::bigint[] IS NULL
      OR case_id IN (SELECT id FROM orders_case WHERE court_id = ANY (%(courts)s::bigint[])))
), item AS MATERIALIZED (
  SELECT firearm.id, issued.case_id, min(receipt.received_at) AS received_at
  FROM issued
  JOIN orders_firearm firearm ON firearm.order_id = issued.id
  LEFT JOIN orders_receiptitem line ON line.firearm_id = firearm.id
  LEFT JOIN orders_receipt receipt ON receipt.id = line.receipt_id AND receipt.received_at <= %(as_of)s
  GROUP BY firearm.id, issued.case_id
), inventory AS (
  SELECT case_id, count(*) = count(received_at) AS is_complete, max(received_at) AS received_at
  FROM item GROUP BY case_id
), returned AS MATERIALIZED (
  SELECT back.firearm_id, issued.case_id, back.returned_at
  FROM orders_firearmreturn back JOIN issued ON issued.id = back.order_id
  WHERE back.returned_at <= %(as_of)s
), again AS (
  SELECT held.order_id, CASE WHEN count(*) = count(held.received_at) THEN max(held.received_at) END
    AS received_at
  FROM (
    SELECT issued.id AS order_id, (
      SELECT min(receipt.received_at)
      FROM orders_receiptitem line JOIN orders_receipt receipt ON receipt.id = line.receipt_id
      WHERE line.firearm_id = item.id AND receipt.received_at <= %(as_of)s AND receipt.received_at > COALESCE(
        (SELECT max(returned.returned_at) FROM returned
         WHERE returned.firearm_id = item.id AND returned.returned_at <= COALESCE(
           issued.issued_at, (issued.issued_on + 1)::timestamp AT TIME ZONE %(zone)s)),
        '-infinity')
    ) AS received_at
    FROM issued JOIN item ON item.case_id = issued.case_id
    WHERE issued.case_id IN (SELECT case_id FROM returned)
  ) held GROUP BY held.order_id
), denial AS (
  SELECT order_id, min(sworn_at) AS sworn_at FROM orders_statement
  WHERE kind = 'non_possession' AND sworn_at <= %(as_of)s GROUP BY order_id
), permit AS (
  SELECT DISTINCT order_id FROM orders_permit
), bound AS (
  SELECT issued.case_id, issued.served_at, issued.served_at + law.due_after AS due_at, denial.sworn_at,
    issued.vacated_at <= %(as_of)s AS is_vacated,
    issued.firearms_indicated OR issued.permit_indicated OR permit.order_id IS NOT NULL
      OR inventory.case_id IS NOT NULL AS is_indicated,
    CASE WHEN again.order_id IS NOT NULL THEN again.received_at
      WHEN inventory.is_complete THEN inventory.received_at END AS surrendered_at
  FROM issued
  JOIN law ON law.kind = issued.kind AND law.firearms_indicated = issued.firearms_indicated
    AND law.financial_support = issued.financial_support
    AND issued.issued_on >= law.since AND issued.issued_on < law.until
  LEFT JOIN inventory ON inventory.case_id = issued.case_id
  LEFT JOIN again ON again.order_id = issued.id
  LEFT JOIN denial ON denial.order_id = issued.id
  LEFT JOIN permit ON permit.order_id = issued.id
), standing AS MATERIALIZED (
  SELECT case_id, due_at, CASE
    WHEN served_at IS NULL OR served_at > %(as_of)s THEN 'not_started'
    WHEN surrendered_at <= due_at OR NOT is_indicated AND sworn_at <= due_at THEN 'met_on_time'
    WHEN surrendered_at > due_at OR NOT is_indicated AND sworn_at > due_at THEN 'met_late'
    WHEN is_vacated THEN NULL
    WHEN sworn_at IS NOT NULL THEN 'unverified_denial'
    WHEN NOT is_indicated THEN 'not_indicated'
    WHEN %(as_of)s > due_at THEN 'overdue'
    ELSE 'open'
  END AS status
  FROM bound
  WHERE NOT (COALESCE(is_vacated, false) AND (served_at IS NULL OR served_at > %(as_of)s))
)
SELECT status, count(*) FROM standing WHERE status IS NOT NULL GROUP BY status
UNION ALL
SELECT 'firearms_outstanding', count(*) FROM item WHERE received_at IS NULL AND EXISTS (
  SELECT FROM standing
  WHERE standing.case_id = item.case_id AND standing.status IS NOT NULL AND standing.due_at < %(as_of)s
)
"""


def count_compliance(
    as_of: datetime, *, courts: Collection[int] | None = None, seconds: int = 600
) -> Compliance:
    """The orders issued at or before `as_of`, by how they stood then; facts dated later are left out.

    Of these courts only, where they are given. An order that was vacated by then without its duty met is not
    counted: nothing is due any more. Raises OperationalError when counting takes longer than `seconds`.
    """
    rulebook = current_rulebook()
    rule = rulebook.by_id[RULE]
    zone = rulebook.jurisdictions[rule.jurisdiction].zone
    with transaction.atomic(), connection.cursor() as cursor:
        # One statement over every order; a page's limit would cut it off where there are millions.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        cursor.execute(
            _COUNT,
            {
                "as_of": as_of,
                "day": local_date(as_of, zone),
                "zone": zone.key,
                "jurisdiction": rule.jurisdiction,
                "courts": None if courts is None else list(courts),
                **_law(rule, rulebook),
            },
        )
        found: dict[str, int] = dict(cursor.fetchall())
    return Compliance(
        orders={standing: found.get(standing, 0) for standing in Standing},
        firearms_outstanding=found["firearms_outstanding"],
    )


def _law(rule: Rule, rulebook: Rulebook) -> dict[str, list[object]]:
    """The columns of `law`: for each sort of order and each of the rule's values, the hours."""
    rows = list(_hours(rule, rulebook))
    names = ("kinds", "indicated", "support", "since", "until", "hours")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _hours(rule: Rule, rulebook: Rulebook) -> Iterator[tuple[str, bool, bool, date, date, int]]:
    if rule.starts != "served" or rule.custody_starts or rule.dated_by is not Dated.ISSUED:
        raise NotImplementedError(
            f"{rule.id} is counted from service by the order's date; the rule says else"
        )
    ends = [value.effective for value in rule.values[1:]] + [date.max]
    for value, until in zip(rule.values, ends, strict=True):
        if value.due.unit is not Unit.ELAPSED_HOURS:
            raise NotImplementedError(f"{rule.id} is counted in elapsed hours; the rule has {value.due.unit}")
        for kind in sorted({bind.kind for bind in rule.binds}):
            for indicated in (True, False):
                for support in (True, False):
                    facts = Facts(
                        jurisdiction=rule.jurisdiction,
                        kind=kind.value,
                        issued_on=value.effective,
                        firearms_indicated=indicated,
                        financial_support=support,
                    )
                    if rule in rulebook.binding(facts):
                        yield kind.value, indicated, support, value.effective, until, value.due.amount
