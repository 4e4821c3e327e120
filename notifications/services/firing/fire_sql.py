"""The statement FIRE, in one piece: claim what is due, decide who is notified, write all that follows.

The recipients come from `recipients/sql.py`. State numbers and words are parameters, taken from the enums.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

from accounts.models import AgencyKind
from notifications.models import AlertState, DeliveryState, Priority, SubscriptionState, Via, WebhookEvent
from notifications.services.recipients import sql
from notifications.services.recipients.audience import WITHOUT_FOLLOW_UP
from notifications.services.watch.isolation import not_parked_sql, only_sql
from orders.models import Capacity, CheckpointState, DeadlineState
from orders.predicates import STATEMENT_TIME
from orders.querysets import ABOUT_SCHOOL
from orders.rules.vocabulary import Purpose

#: The instant at which the statement fires: `now` if given, else the database's clock.
#: `statement_timestamp()` is stable and so can be an index condition; `clock_timestamp()` would be read for
#: every row.
_NOW = f"COALESCE(%(now)s, {STATEMENT_TIME})"

#: The kind of a parked checkpoint.
KIND = "checkpoint"

#: The constants of the texts below, by the name of their placeholder.
PARAMETERS: Mapping[str, Any] = {
    **sql.PARAMETERS,
    "pending": CheckpointState.PENDING.value,
    "fired": CheckpointState.FIRED.value,
    "open": DeadlineState.OPEN.value,
    "overdue": DeadlineState.OVERDUE.value,
    "check": Purpose.CHECK.value,
    "inform": Purpose.INFORM.value,
    "ready": AlertState.READY.value,
    "failed": AlertState.FAILED.value,
    "delivery_ready": DeliveryState.READY.value,
    "subscription_active": SubscriptionState.ACTIVE.value,
    "alert_created": WebhookEvent.ALERT_CREATED.value,
    "urgent": Priority.URGENT.value,
    "normal": Priority.NORMAL.value,
    "reminder": Priority.REMINDER.value,
    # The history shows no client of an organization and no school.
    "off_record": [*sql.PARAMETERS["without_fallback"], Capacity.SCHOOL.value],
    "about_school": ABOUT_SCHOOL,
    "court_kind": AgencyKind.COURT.value,
    "without_follow_up": [str(one) for one in WITHOUT_FOLLOW_UP],
    "without_webhook": [one.value for one in (Via.RELAY, Via.PROTECTED, Via.CANARY)],
}

# Planning FIRE costs more than running it on nothing; this look at the same index spares an idle pulse. It
# asks for the first row in the order of the index: without that, statistics let PostgreSQL expect many rows,
# and it reads the whole table to find nothing due.
IS_ANYTHING_DUE = Template("""
SELECT EXISTS (
  SELECT FROM (
    SELECT FROM orders_checkpoint
    WHERE state = %(pending)s AND fires_at <= $now AND fires_at >= %(low_water)s
      AND $not_parked
    ORDER BY fires_at, id
    LIMIT 1) first)
""").substitute(now=_NOW, not_parked=not_parked_sql(KIND, "orders_checkpoint.id"))

# What is claimed. MATERIALIZED, so that the planner cannot take more rows than the limit. The lock is the
# weakest kind that excludes a second claim, on checkpoint and deadline: rows that a service holds are
# skipped, so FIRE never waits and cannot be part of a deadlock. The low-water mark skips the dead rows that
# a held snapshot keeps in the index.
_DUE = """
due AS MATERIALIZED (
  SELECT c.id, c.name, c.purpose, c.audience, c.revision, c.fires_at, c.needs_answer,
         d.id AS deadline_id, d.order_id, d.rule_id, d.occurrence
  FROM orders_checkpoint c JOIN orders_deadline d ON d.id = c.deadline_id
  WHERE c.state = %(pending)s
    AND c.fires_at <= $now
    AND c.fires_at >= %(low_water)s
    AND $only
    AND $not_parked
  ORDER BY c.fires_at, c.id
  LIMIT %(limit)s
  FOR NO KEY UPDATE OF c, d SKIP LOCKED
)"""

_IDS = "SELECT id FROM due ORDER BY fires_at, id"

# One alert for each recipient and channel. Without ON CONFLICT: a second alert with the same key would mean
# that a checkpoint fired twice, and that must fail loudly. Systems that an agency subscribed get a webhook
# for each of its alerts, but for those that would show who a protected person is a client of, and those of a
# rehearsal.
_ALERTS = """
alerts AS (
  INSERT INTO notifications_alert
    (public_id, checkpoint_id, order_id, agency_id, capacity, release_id, recipient_id, via, channel,
     idem_key, state, priority, waits_for_recipient, next_attempt_at, fence, worker, attempts, provider_ref,
     last_error, possible_duplicate, created_at)
  SELECT gen_random_uuid(), checkpoint_id, order_id, agency_id, capacity, release_id, recipient_id, via,
         by_way.channel, concat_ws(':', key, by_way.channel, target),
         CASE WHEN via = %(via_missing)s THEN %(failed)s ELSE %(ready)s END,
         CASE WHEN via = %(canary)s THEN %(urgent)s WHEN purpose = %(remind)s THEN %(reminder)s
              WHEN via <> %(via_protected)s AND rule_id = ANY (%(alarm_rules)s) THEN %(urgent)s
              ELSE %(normal)s END, false,
         statement_timestamp(), 0, '', 0, '',
         CASE WHEN via = %(via_missing)s THEN 'no recipient could be found' ELSE '' END,
         false, statement_timestamp()
  FROM recipient
  LEFT JOIN notifications_preference p ON p.user_id = recipient_id
  CROSS JOIN LATERAL ($channels) by_way
  RETURNING public_id, checkpoint_id, order_id, agency_id, via, is_rehearsal
), webhooks AS (
  INSERT INTO notifications_webhookdelivery
    (public_id, subscription_id, event, alert, "order", occurred_at, state, attempts, next_attempt_at,
     fence, last_error)
  SELECT gen_random_uuid(), s.id, %(alert_created)s, a.public_id, o.public_id, statement_timestamp(),
         %(delivery_ready)s, 0, statement_timestamp(), 0, ''
  FROM alerts a
  JOIN notifications_webhooksubscription s
    ON s.agency_id = a.agency_id AND s.state = %(subscription_active)s AND %(alert_created)s = ANY (s.events)
  JOIN orders_order o ON o.id = a.order_id
  WHERE a.via <> ALL (%(without_webhook)s) AND NOT a.is_rehearsal
)"""

# `expected` is how many alerts were written, for the audit that counts them again.
_STATES = """
fired AS (
  UPDATE orders_checkpoint c
  SET state = %(fired)s, fired_at = statement_timestamp(), fired_by = %(by)s, expected = counted.alerts
  FROM (
    SELECT checkpoint_id, sum(one) AS alerts
    FROM (SELECT checkpoint_id, 1 AS one FROM alerts UNION ALL SELECT id, 0 FROM due) counting
    GROUP BY checkpoint_id
  ) counted
  WHERE c.id = counted.checkpoint_id
  RETURNING c.fires_at
), overdue AS (
  UPDATE orders_deadline d
  SET state = %(overdue)s, overdue_at = $now
  FROM due WHERE d.id = due.deadline_id AND due.purpose = %(check)s AND d.state = %(open)s
  RETURNING 1
)"""

# A statewide agency sees the order from now on. Police must acknowledge that time ran out: a pending
# acknowledgment is what escalates. The follow-up belongs to the first agency of the audience that sees
# follow-ups, and there to the person who is notified first; of a court to no one until a clerk takes it.
_RECORDS = """
order_agencies AS (
  INSERT INTO orders_orderagency (order_id, agency_id, capacity)
  SELECT DISTINCT order_id, named_agency_id, capacity FROM candidate
  WHERE capacity = ANY (%(statewide)s) AND named_agency_id IS NOT NULL
  ON CONFLICT DO NOTHING
), pending_acknowledgments AS (
  INSERT INTO notifications_pendingacknowledgment
    (checkpoint_id, order_id, agency_id, capacity, asked_at, step, next_step_at)
  SELECT DISTINCT ON (checkpoint_id, named_agency_id)
         checkpoint_id, order_id, named_agency_id, capacity, statement_timestamp(), 0,
         statement_timestamp() + COALESCE(
           (SELECT after FROM notifications_escalationstep s WHERE s.agency_id = named_agency_id
            ORDER BY place LIMIT 1),
           (SELECT after FROM notifications_escalationstep s WHERE s.agency_id IS NULL
            ORDER BY place LIMIT 1))
  FROM candidate
  WHERE capacity = ANY (%(police)s) AND named_agency_id IS NOT NULL
    AND (purpose NOT IN (%(remind)s, %(inform)s) OR needs_answer)
  ORDER BY checkpoint_id, named_agency_id, audience_place
), follow_ups AS (
  INSERT INTO orders_followup
    (public_id, deadline_id, order_id, owner_id, assigned_to_id, opened_at, next_action_at, outcome)
  SELECT DISTINCT ON (deadline_id)
         gen_random_uuid(), deadline_id, order_id, agency_id,
         CASE WHEN agency_kind = %(court_kind)s THEN NULL ELSE user_id END, statement_timestamp(),
         statement_timestamp(), ''
  FROM candidate WHERE purpose = %(check)s AND capacity <> ALL (%(without_follow_up)s)
  ORDER BY deadline_id, audience_place, agency_id, array_position(%(rungs)s::text[], rung), user_id
  ON CONFLICT (deadline_id) WHERE closed_at IS NULL DO NOTHING
), history AS (
  INSERT INTO orders_historyentry (order_id, kind, occurred_at, recorded_at, reason, data)
  SELECT order_id,
         CASE purpose WHEN %(check)s THEN 'deadline_overdue' WHEN %(remind)s THEN 'reminded'
                      WHEN %(inform)s THEN 'informed' ELSE 'escalated' END,
         fires_at, statement_timestamp(), '',
         jsonb_build_object('rule', rule_id, 'occurrence', occurrence, 'checkpoint', name,
                            'revision', revision)
  FROM due
  WHERE NOT %(canary)s = ANY (audience)
    AND NOT (purpose = %(inform)s AND audience <@ %(off_record)s::varchar[])
    AND NOT starts_with(rule_id, %(about_school)s)
    AND (rule_id <> ALL (%(waiting_rules)s)
         OR EXISTS (SELECT FROM candidate WHERE candidate.checkpoint_id = due.id))
)"""

_COUNTS = """
SELECT (SELECT count(*) FROM fired), (SELECT count(*) FROM overdue), (SELECT count(*) FROM alerts),
       (SELECT max(fires_at) FROM fired),
       (SELECT extract(epoch FROM max(statement_timestamp() - fires_at)) FROM fired)
"""

#: The ids of the checkpoints that FIRE would take, locked.
CLAIM = Template("WITH" + _DUE + _IDS).substitute(
    now=_NOW, only=only_sql("c.id"), not_parked=not_parked_sql(KIND, "c.id")
)

#: Takes `PARAMETERS`, `alarm_rules`, `naming_rules`, `waiting_rules`, `awaited_rules`, `only`, `now`,
#: `low_water`, `limit` and `by`. Returns one row: counts of checkpoints, deadlines now overdue and alerts,
#: the newest `fires_at`, and the most seconds that one was late.
FIRE = (
    "WITH"
    + ", ".join(
        Template(part).safe_substitute(
            now=_NOW,
            only=only_sql("c.id"),
            not_parked=not_parked_sql(KIND, "c.id"),
            channels=sql.channels(
                "CASE WHEN via IN (%(via_protected)s, %(canary)s) THEN contact_channel ELSE %(email)s END",
                via="via",
                purpose="purpose",
            ),
        )
        for part in (_DUE, sql.recipients(_NOW), _ALERTS, _STATES, _RECORDS)
    )
    + _COUNTS
)
