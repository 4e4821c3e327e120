"""Count compliance with surrender at an instant, from the facts dated at or before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from string import Template

from django.db import connection, transaction

from accounts.models import Agency, Role, User
from orders.models import StatementKind
from orders.predicates import not_in_error_sql
from orders.rules.court_time import local_date
from orders.rules.facts import Facts
from orders.rules.jurisdiction import Jurisdiction
from orders.rules.model import Rule
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import DatedBy, Unit
from orders.services.planning.rulebooks import current_rulebook
from orders.services.reports.apart import SurrenderStatus, all_cases, cases_apart, count_apart

#: Seconds until a page or the API gives up counting. The management command may take longer.
TIMEOUT = 20


@dataclass(frozen=True)
class Compliance:
    """The counts of one state. `firearms_outstanding` are listed, on no receipt, and past their time.

    `rule` sets the time to surrender firearms after service. Without one no order is counted, only firearms.
    """

    rule: Rule | None
    orders: dict[SurrenderStatus, int]
    firearms_outstanding: int
    firearms_alleged: int
    firearms_listed: int
    firearms_accounted: int
    firearms_whole: int

    @property
    def numbers(self) -> str:
        """The numbers of all firearms in one line, as on the page of an order."""
        return (
            f"{self.firearms_accounted:,} of {self.firearms_whole:,} accounted for; "
            f"{self.firearms_alleged:,} alleged, {self.firearms_listed:,} listed"
        )


#: The counts of firearms, named as in `Compliance` and in the statement.
_FIREARMS = (
    "firearms_outstanding",
    "firearms_alleged",
    "firearms_listed",
    "firearms_accounted",
    "firearms_whole",
)

# Cases with a finding of the court, a check of a statement, or a return that may have been made while an
# order was in force are counted `apart`, by the planner.
# `law` holds the hours for every kind of order that the rule binds, so the numbers stay in the rule file.
# Firearms belong to the case: one inventory for all its orders, as in the rules. An undated fact (a listed
# firearm, a permit) has the date of its order. A firearm returned before an order was issued counts as held
# again: for the orders of these cases, `again` has the time at which all firearms were on a receipt.
_COUNT = Template("""
WITH law (kind, firearms_indicated, financial_support, since, until, due_after) AS MATERIALIZED (
  SELECT kind, firearms_indicated, financial_support, since, until, make_interval(hours => hours)
  FROM unnest(%(kinds)s::text[], %(indicated)s::bool[], %(support)s::bool[], %(since)s::date[],
              %(until)s::date[], %(hours)s::int[])
    AS one (kind, firearms_indicated, financial_support, since, until, hours)
), issued AS NOT MATERIALIZED (
  SELECT * FROM orders_order
  WHERE withdrawn_at IS NULL AND jurisdiction = %(jurisdiction)s
    AND CASE WHEN issued_at IS NULL THEN issued_on <= %(day)s ELSE issued_at <= %(as_of)s END
    AND (%(courts)s::bigint[] IS NULL
      OR case_id IN (SELECT id FROM orders_case WHERE court_id = ANY (%(courts)s::bigint[])))
), apart (case_id) AS MATERIALIZED (
  SELECT unnest(%(apart)s::bigint[])
), allegation AS (
  SELECT case_id, max(firearms_alleged_count) AS alleged, COALESCE(
      max(firearms_alleged_count), bool_or(issued.firearms_indicated OR COALESCE($admits, false))::int
    ) AS whole
  FROM issued GROUP BY case_id
), item AS MATERIALIZED (
  SELECT firearm.id, issued.case_id, firearm.item_kind = 'firearm' AS is_firearm,
    min(receipt.received_at) AS received_at
  FROM issued
  JOIN orders_firearm firearm ON firearm.order_id = issued.id
  LEFT JOIN orders_receiptitem line ON line.firearm_id = firearm.id
  LEFT JOIN orders_receipt receipt ON receipt.id = line.receipt_id AND receipt.received_at <= %(as_of)s
    AND $receipt_counts
  WHERE issued.case_id NOT IN (SELECT case_id FROM apart)
  GROUP BY firearm.id, issued.case_id
), inventory AS (
  SELECT case_id, count(*) = count(received_at) AS is_complete, max(received_at) AS received_at,
    count(*) FILTER (WHERE is_firearm) AS listed,
    count(*) FILTER (WHERE is_firearm AND received_at IS NOT NULL) AS accounted
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
      WHERE line.firearm_id = item.id AND receipt.received_at <= %(as_of)s AND $receipt_counts
        AND receipt.received_at > COALESCE(
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
  WHERE kind = %(non_possession)s AND sworn_at <= %(as_of)s GROUP BY order_id
), permit AS (
  SELECT DISTINCT order_id FROM orders_permit
), bound AS (
  SELECT issued.case_id, issued.served_at, issued.served_at + law.due_after AS due_at, denial.sworn_at,
    issued.vacated_at <= %(as_of)s AS is_vacated,
    issued.firearms_indicated OR COALESCE($admits, false) OR issued.permit_indicated
      OR permit.order_id IS NOT NULL OR inventory.case_id IS NOT NULL AS is_indicated,
    CASE WHEN allegation.whole > inventory.listed THEN NULL
      WHEN again.order_id IS NOT NULL THEN again.received_at
      WHEN inventory.is_complete THEN inventory.received_at END AS surrendered_at
  FROM issued
  JOIN law ON law.kind = issued.kind
    AND law.firearms_indicated = (issued.firearms_indicated OR issued.permit_indicated)
    AND law.financial_support = issued.financial_support
    AND issued.issued_on >= law.since AND issued.issued_on < law.until
    AND issued.case_id NOT IN (SELECT case_id FROM apart)
  JOIN allegation ON allegation.case_id = issued.case_id
  LEFT JOIN inventory ON inventory.case_id = issued.case_id
  LEFT JOIN again ON again.order_id = issued.id
  LEFT JOIN denial ON denial.order_id = issued.id
  LEFT JOIN permit ON permit.order_id = issued.id
), judged AS MATERIALIZED (
  SELECT case_id, due_at, CASE
    WHEN served_at IS NULL OR served_at > %(as_of)s THEN %(not_started)s
    WHEN surrendered_at <= due_at OR NOT is_indicated AND sworn_at <= due_at THEN %(met_on_time)s
    WHEN surrendered_at > due_at OR NOT is_indicated AND sworn_at > due_at THEN %(met_late)s
    WHEN is_vacated THEN NULL
    WHEN sworn_at IS NOT NULL THEN %(unverified_denial)s
    WHEN NOT is_indicated THEN %(not_indicated)s
    WHEN %(as_of)s > due_at THEN %(overdue)s
    ELSE %(open)s
  END AS status
  FROM bound
  WHERE NOT (COALESCE(is_vacated, false) AND (served_at IS NULL OR served_at > %(as_of)s))
)
SELECT status, count(*) FROM judged WHERE status IS NOT NULL GROUP BY status
UNION ALL
SELECT 'firearms_outstanding', count(*) FROM item WHERE received_at IS NULL AND EXISTS (
  SELECT FROM judged
  WHERE judged.case_id = item.case_id AND judged.status IS NOT NULL AND judged.due_at < %(as_of)s
)
UNION ALL
SELECT number.name, COALESCE(sum(number.value), 0)::bigint
FROM allegation LEFT JOIN inventory USING (case_id)
CROSS JOIN LATERAL (VALUES
  ('firearms_alleged', allegation.alleged),
  ('firearms_listed', inventory.listed),
  ('firearms_accounted', inventory.accounted),
  ('firearms_whole', GREATEST(allegation.whole, inventory.listed))
) AS number (name, value)
WHERE case_id NOT IN (SELECT case_id FROM apart)
GROUP BY number.name
""").substitute(
    receipt_counts=not_in_error_sql("receipt.order_id"),
    admits="(issued.served_at <= %(as_of)s AND issued.firearms_answer = 'yes')",
)


def courts_of_report(user: User) -> list[Agency] | None:
    """Return the courts whose orders the person may count; None for all courts."""
    if Role.AUDITOR in user.roles:
        return None
    courts = {
        one.agency.pk: one.agency
        for one in user.memberships.all()
        if one.agency and one.role in (Role.CLERK, Role.JUDGE)
    }
    return list(courts.values())


def surrender_rule(jurisdiction: str) -> Rule | None:
    """The state's rule about the time to surrender all firearms after service; None if it sets no time."""
    return next(
        (
            rule
            for rule in current_rulebook().rules
            if rule.jurisdiction == jurisdiction
            and rule.starts == "served"
            and any(one.event == "surrendered" and one.complete for one in rule.met_by)
        ),
        None,
    )


def count_compliance(
    as_of: datetime,
    *,
    jurisdiction: str = "us_ct",
    courts: Collection[int] | None = None,
    seconds: int = 600,
) -> Compliance:
    """Count the orders issued at or before `as_of` by their status then; later facts are left out.

    Only orders of the state are counted, and with `courts` (keys) only theirs. An order vacated by then with
    its duty not met is not counted: nothing is due any more. Raises `OperationalError` if counting takes
    longer than `seconds`.
    """
    rulebook = current_rulebook()
    rule, state = surrender_rule(jurisdiction), rulebook.jurisdictions[jurisdiction]
    if rule is not None and (rule.custody_starts or state.areas or _depends_on_way(rule)):
        # The statement knows one clock for a state, no start but service, and one time for all ways of it.
        found = dict(count_apart(all_cases(jurisdiction, courts), as_of, rule, seconds=seconds))
    else:
        apart = cases_apart(jurisdiction, courts) if rule else []
        found = _count_all(as_of, state, rule, courts=courts, apart=apart, seconds=seconds)
        if rule is not None:
            for name, count in count_apart(apart, as_of, rule, seconds=seconds).items():
                found[name] = found.get(name, 0) + count
    return Compliance(
        rule=rule,
        orders={status: found.get(status, 0) for status in SurrenderStatus},
        **{name: found.get(name, 0) for name in _FIREARMS},
    )


def _depends_on_way(rule: Rule) -> bool:
    return any(value.by_way for value in rule.values)


def _count_all(
    as_of: datetime,
    state: Jurisdiction,
    rule: Rule | None,
    *,
    courts: Collection[int] | None,
    apart: Collection[int],
    seconds: int,
) -> dict[str, int]:
    """Count in one statement every order of the state, but those of the cases `apart`."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One statement over every order; with millions of orders the limit of a page is too short.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        cursor.execute(
            _COUNT,
            {
                "as_of": as_of,
                "day": local_date(as_of, state.zone),
                "zone": state.zone.key,
                "jurisdiction": state.id,
                "courts": None if courts is None else list(courts),
                "apart": list(apart),
                "non_possession": StatementKind.NON_POSSESSION.value,
                **{status.value: status.value for status in SurrenderStatus},
                **_law(rule),
            },
        )
        return dict(cursor.fetchall())


def _law(rule: Rule | None) -> dict[str, list[object]]:
    """The columns of `law`: the hours for each kind of order and each value of the rule."""
    rows = list(_hours(rule, current_rulebook())) if rule else []
    names = ("kinds", "indicated", "support", "since", "until", "hours")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _hours(rule: Rule, rulebook: Rulebook) -> Iterator[tuple[str, bool, bool, date, date, int]]:
    if rule.starts != "served" or rule.custody_starts or rule.dated_by is not DatedBy.ISSUED:
        raise NotImplementedError(
            f"{rule.id} must start at service and go by the order's date to be counted here"
        )
    ends = [value.effective for value in rule.values[1:]] + [date.max]
    for value, until in zip(rule.values, ends, strict=True):
        if value.due.unit is not Unit.ELAPSED_HOURS:
            raise NotImplementedError(f"{rule.id} must count elapsed hours, not {value.due.unit}")
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
