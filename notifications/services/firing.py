"""FIRE: what is due becomes overdue deadlines, open follow-ups, events and alerts, in one statement.

Exactly once by construction: claiming a checkpoint and writing all that comes of it is one atomic statement
that touches nothing outside the database, so it needs no lease and any number of pulses may run it.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.utils import Error

from accounts.access import MATRIX
from accounts.models import Role
from notifications.models import HookEvent, Via
from orders.models import Capacity, DeadlineState
from orders.rules.rulebook import Purpose
from orders.services.queue import BYSTANDERS

logger = logging.getLogger(__name__)

#: Checkpoints claimed by one statement.
BATCH = 500
#: Seconds one call keeps firing before it yields to the next pulse.
BUDGET = 0.8
#: How far behind the newest claim the low-water mark stays, for checkpoints committed a little late.
MARGIN = timedelta(seconds=5)
#: How often the mark is forgotten, so that a checkpoint planned in the past is found within that time: at
#: every beat. The mark serves the batches of one burst; one look a second behind it is cheap even where a
#: held snapshot keeps what has fired in the index.
SWEEP_EVERY = timedelta(seconds=1)

#: In which capacities an agency is waited for.
POLICE_CAPACITIES = (
    Capacity.RESPONDENT_POLICE,
    Capacity.SERVICE_POLICE,
    Capacity.ASSISTING_POLICE,
    Capacity.STATE_POLICE,
)
#: Words of an audience that mean the one agency of that kind for the whole state.
STATEWIDE = (Capacity.STATE_POLICE, Capacity.LICENSING)
#: The word of an audience for whom the order protects.
PROTECTED_PERSON = "protected_person"

#: Who hears of a deadline and owns no follow-up of it, as they see none.
_BYSTANDERS = (*BYSTANDERS, Role.ADVOCATE, PROTECTED_PERSON)
#: Words of an audience for whom nobody stands in.
_UNFORCED = (Role.ADVOCATE, PROTECTED_PERSON, Via.CANARY)

_BEGINNING = datetime(1, 1, 2, tzinfo=UTC)

# `due` is materialized so that the planner cannot take more rows than the limit. statement_timestamp() is
# stable and so an index condition; clock_timestamp() would be read for every row. The lock is of the weakest
# kind that excludes a second claim, on checkpoint and deadline both: what a service holds is passed over, so
# FIRE never waits and cannot be part of a deadlock. The low-water mark skips the dead rows that a held
# snapshot keeps in the index.
#
# `told` carries every column forward, one row for each agency concerned and each of its people, so that no
# two of these temporary tables are ever joined: the planner thinks each of one row and would compare all
# with all. An agency without people has one row without a user.
#
# Who is concerned, by the word of the audience: agencies by their business with the order, and with the
# respondent's police those who took the follow-up over; supervisors of its police; the agency of a kind that
# answers for the whole state, whose business it is from now on; advocates to whose organization a release
# stands; the protected person by the way chosen, which may be through the advocate. Of an agency the people
# who are told first; else its backups; else its supervisors and its own address; where there is none of
# these, the administrators; and where there is nobody at all the alert is written as failed, to be seen. An
# advocate without a release and a protected person without a choice are nobody whom anything falls back from.
#
# Police who are told that time ran out are waited for: `awaited` is what goes up the ladder. The systems that
# an agency subscribed are told of each alert to it. No insert says ON CONFLICT for alerts: a conflict there
# is a broken invariant and must stop loudly.
FIRE = """
WITH due AS MATERIALIZED (
  SELECT c.id, c.name, c.purpose, c.audience, c.revision, c.fires_at,
         d.id AS deadline_id, d.order_id, d.rule_id, d.occurrence
  FROM orders_checkpoint c JOIN orders_deadline d ON d.id = c.deadline_id
  WHERE c.state = 0
    AND c.fires_at <= COALESCE(%(now)s, statement_timestamp())
    AND c.fires_at >= %(low_water)s
  ORDER BY c.fires_at, c.id
  LIMIT %(limit)s
  FOR NO KEY UPDATE OF c, d SKIP LOCKED
), told AS MATERIALIZED (
  SELECT due.id AS checkpoint_id, due.deadline_id, due.order_id, due.purpose,
         concat_ws(':', o.public_id, due.rule_id, due.occurrence, due.name, due.revision) AS key,
         COALESCE(k.agency_id, cases.court_id) AS agency_id, k.agency_id AS named_id,
         COALESCE(k.capacity, '') AS capacity, k.release_id, COALESCE(k.directly, '') AS directly,
         COALESCE(array_position(due.audience, k.word), 0) AS place,
         COALESCE(agency.email, '') AS email, person.user_id, person.via AS as_what
  FROM due
  JOIN orders_order o ON o.id = due.order_id
  JOIN orders_case cases ON cases.id = o.case_id
  LEFT JOIN LATERAL (
    SELECT c.capacity AS word, c.agency_id, c.capacity, NULL::bigint AS release_id, '' AS directly,
           (%(roles)s::text[])[array_position(%(capacities)s::text[], c.capacity::text)] AS role
    FROM orders_concern c WHERE c.order_id = due.order_id AND c.capacity = ANY (due.audience)
    UNION ALL
    SELECT %(respondent_police)s, c.agency_id, c.capacity, NULL, '',
           (%(roles)s::text[])[array_position(%(capacities)s::text[], c.capacity::text)]
    FROM orders_concern c JOIN orders_followup f
      ON f.deadline_id = due.deadline_id AND f.closed_at IS NULL AND f.owner_id = c.agency_id
    WHERE c.order_id = due.order_id AND c.capacity = %(assisting_police)s
      AND %(respondent_police)s = ANY (due.audience)
    UNION ALL
    SELECT %(supervisor)s, c.agency_id, c.capacity, NULL, '', %(supervisor)s
    FROM orders_concern c
    WHERE c.order_id = due.order_id AND c.capacity = ANY (%(police)s) AND %(supervisor)s = ANY (due.audience)
    UNION ALL
    SELECT word, g.id, word, NULL, '',
           (%(roles)s::text[])[array_position(%(capacities)s::text[], word)]
    FROM unnest(%(statewide)s::text[]) AS word
    LEFT JOIN accounts_agency g ON g.kind = word AND g.answers_for_state
    WHERE word = ANY (due.audience)
    UNION ALL
    SELECT word, r.agency_id, word, r.id,
           CASE WHEN word = %(protected)s THEN s.channel ELSE '' END, %(advocate)s
    FROM unnest(ARRAY[%(advocate)s, %(protected)s]) AS word
    JOIN orders_release r ON r.order_id = due.order_id
      AND r.begins_at <= COALESCE(%(now)s, statement_timestamp())
      AND r.ends_at > COALESCE(%(now)s, statement_timestamp())
      AND (r.revoked_at IS NULL OR r.revoked_at > COALESCE(%(now)s, statement_timestamp()))
    LEFT JOIN notifications_safecontact s ON s.release_id = r.id AND s.ended_at IS NULL
      AND s.confirmed_at + s.confirm_every > COALESCE(%(now)s, statement_timestamp())
    WHERE word = ANY (due.audience) AND (word = %(advocate)s OR s.id IS NOT NULL)
    UNION ALL
    SELECT %(canary)s, NULL, '', NULL, %(canary)s, '' WHERE %(canary)s = ANY (due.audience)
  ) k ON true
  LEFT JOIN accounts_agency agency ON agency.id = k.agency_id
  LEFT JOIN LATERAL (
    SELECT user_id, via FROM (
      SELECT user_id, via, rank() OVER (ORDER BY array_position(%(ladder)s::text[], via)) AS rank
      FROM (
        SELECT m.user_id, CASE WHEN m.role <> k.role THEN %(as_supervisor)s
                               WHEN m.is_backup THEN %(as_backup)s ELSE %(person)s END AS via
        FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND u.is_active
        WHERE m.agency_id = k.agency_id AND m.receives_alerts AND m.role IN (k.role, %(supervisor)s)
      ) held
    ) ranked WHERE rank = 1
  ) person ON k.directly IN ('', %(relay)s)
  WHERE k.word IS NOT NULL OR NOT due.audience <@ %(unforced)s::varchar[]
), administrators AS MATERIALIZED (
  SELECT DISTINCT u.id AS user_id
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND u.is_active
  WHERE m.role = %(administrator)s AND m.receives_alerts
), want AS MATERIALIZED (
  SELECT DISTINCT ON (checkpoint_id, target) * FROM (
    SELECT told.*, user_id AS recipient_id,
           CASE WHEN directly = %(relay)s THEN %(relay)s ELSE as_what END AS via,
           'u' || user_id || CASE WHEN directly = %(relay)s THEN 'r' ELSE '' END AS target
    FROM told WHERE user_id IS NOT NULL
    UNION ALL
    SELECT told.*, NULL, %(desk)s, 'a' || agency_id
    FROM told WHERE email <> '' AND directly = '' AND (user_id IS NULL OR as_what = %(as_supervisor)s)
    UNION ALL
    SELECT told.*, NULL, CASE WHEN directly = %(canary)s THEN %(canary)s ELSE %(as_protected)s END,
           CASE WHEN directly = %(canary)s THEN directly ELSE 'r' || release_id END
    FROM told WHERE directly NOT IN ('', %(relay)s)
    UNION ALL
    SELECT told.*, a.user_id, %(fallback)s, 'u' || a.user_id
    FROM told CROSS JOIN administrators a
    WHERE told.user_id IS NULL AND (email = '' AND directly = '' OR directly = %(relay)s)
    UNION ALL
    SELECT told.*, NULL, %(nobody)s, 'n' || agency_id
    FROM told
    WHERE user_id IS NULL AND (email = '' AND directly = '' OR directly = %(relay)s)
      AND NOT EXISTS (SELECT FROM administrators)
  ) targets
  ORDER BY checkpoint_id, target, via = %(fallback)s, place
), alerts AS (
  INSERT INTO notifications_alert
    (public_id, checkpoint_id, order_id, agency_id, capacity, release_id, recipient_id, via, channel,
     idem_key, state, next_attempt_at, fence, worker, attempts, provider_ref, last_error, possible_duplicate,
     created_at)
  SELECT gen_random_uuid(), checkpoint_id, order_id, agency_id, capacity, release_id, recipient_id, via,
         by_way.channel, concat_ws(':', key, by_way.channel, target),
         CASE WHEN via = %(nobody)s THEN 6 ELSE 0 END,
         statement_timestamp(), 0, '', 0, '',
         CASE WHEN via = %(nobody)s THEN 'no recipient could be found' ELSE '' END,
         false, statement_timestamp()
  FROM want
  LEFT JOIN notifications_preference p ON p.user_id = recipient_id
  CROSS JOIN LATERAL (
    SELECT CASE WHEN via IN (%(as_protected)s, %(canary)s) THEN directly ELSE 'email' END AS channel
    UNION ALL SELECT 'sms' WHERE p.by_sms AND purpose <> %(remind)s AND via NOT IN (%(fallback)s, %(relay)s)
    UNION ALL SELECT 'service' WHERE p.sealed_service <> '' AND via NOT IN (%(fallback)s, %(relay)s)
  ) by_way
  RETURNING public_id, checkpoint_id, order_id, agency_id, via
), hooks AS (
  INSERT INTO notifications_webhookdelivery
    (public_id, subscription_id, event, alert, "order", occurred_at, state, attempts, next_attempt_at,
     fence, last_error)
  SELECT gen_random_uuid(), s.id, %(created)s, a.public_id, o.public_id, statement_timestamp(), 0, 0,
         statement_timestamp(), 0, ''
  FROM alerts a
  JOIN notifications_webhooksubscription s
    ON s.agency_id = a.agency_id AND s.state = 'active' AND %(created)s = ANY (s.events)
  JOIN orders_order o ON o.id = a.order_id
  WHERE a.via NOT IN (%(relay)s, %(as_protected)s, %(canary)s)
), fired AS (
  UPDATE orders_checkpoint c
  SET state = 1, fired_at = statement_timestamp(), fired_by = %(by)s, expected = counted.alerts
  FROM (
    SELECT checkpoint_id, sum(one) AS alerts
    FROM (SELECT checkpoint_id, 1 AS one FROM alerts UNION ALL SELECT id, 0 FROM due) counting
    GROUP BY checkpoint_id
  ) counted
  WHERE c.id = counted.checkpoint_id
  RETURNING c.fires_at
), overdue AS (
  UPDATE orders_deadline d
  SET state = %(overdue)s, overdue_at = COALESCE(%(now)s, statement_timestamp())
  FROM due WHERE d.id = due.deadline_id AND due.purpose = %(check)s AND d.state = %(open)s
  RETURNING 1
), concerned AS (
  INSERT INTO orders_concern (order_id, agency_id, capacity)
  SELECT DISTINCT order_id, named_id, capacity FROM told
  WHERE capacity = ANY (%(statewide)s) AND named_id IS NOT NULL
  ON CONFLICT DO NOTHING
), awaited AS (
  INSERT INTO notifications_awaitedanswer
    (checkpoint_id, order_id, agency_id, capacity, asked_at, step, next_step_at)
  SELECT DISTINCT ON (checkpoint_id, named_id)
         checkpoint_id, order_id, named_id, capacity, statement_timestamp(), 0,
         statement_timestamp() + COALESCE(
           (SELECT after FROM notifications_escalationstep s WHERE s.agency_id = named_id
            ORDER BY place LIMIT 1),
           (SELECT after FROM notifications_escalationstep s WHERE s.agency_id IS NULL
            ORDER BY place LIMIT 1))
  FROM told WHERE capacity = ANY (%(police)s) AND named_id IS NOT NULL AND purpose <> %(remind)s
  ORDER BY checkpoint_id, named_id, place
), follow_ups AS (
  INSERT INTO orders_followup
    (public_id, deadline_id, order_id, owner_id, assigned_to_id, opened_at, next_action_at, outcome)
  SELECT DISTINCT ON (deadline_id)
         gen_random_uuid(), deadline_id, order_id, agency_id, user_id, statement_timestamp(),
         statement_timestamp(), ''
  FROM told WHERE purpose = %(check)s AND capacity <> ALL (%(bystanders)s)
  ORDER BY deadline_id, place, agency_id, user_id
  ON CONFLICT (deadline_id) WHERE closed_at IS NULL DO NOTHING
), events AS (
  INSERT INTO orders_event (order_id, kind, occurred_at, recorded_at, reason, data)
  SELECT order_id,
         CASE purpose WHEN %(check)s THEN 'deadline_overdue' WHEN %(remind)s THEN 'reminded'
                      ELSE 'escalated' END,
         fires_at, statement_timestamp(), '',
         jsonb_build_object('rule', rule_id, 'occurrence', occurrence, 'checkpoint', name,
                            'revision', revision)
  FROM due WHERE NOT %(canary)s = ANY (audience)
)
SELECT (SELECT count(*) FROM fired), (SELECT count(*) FROM overdue), (SELECT count(*) FROM alerts),
       (SELECT max(fires_at) FROM fired),
       (SELECT extract(epoch FROM max(statement_timestamp() - fires_at)) FROM fired)
"""

# Planning FIRE costs more than running it over nothing; this probe of the same index spares an idle pulse.
_IS_ANYTHING_DUE = """
SELECT EXISTS (
  SELECT FROM orders_checkpoint
  WHERE state = 0 AND fires_at <= COALESCE(%(now)s, statement_timestamp()) AND fires_at >= %(low_water)s)
"""


@dataclass(frozen=True, kw_only=True)
class Fired:
    """What firing did: counts, and by how many seconds the latest of them was late."""

    checkpoints: int = 0
    overdue: int = 0
    alerts: int = 0
    worst_late: float = 0.0

    def __add__(self, other: Fired) -> Fired:
        """Both together."""
        return Fired(
            checkpoints=self.checkpoints + other.checkpoints,
            overdue=self.overdue + other.overdue,
            alerts=self.alerts + other.alerts,
            worst_late=max(self.worst_late, other.worst_late),
        )


class Firer:
    """One process's way of firing: it remembers how far it got, so that it need not look behind.

    Safe to share between threads. Forgetting the mark costs time, never an alert.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._low_water = _BEGINNING
        self._swept_at = 0.0
        self._lock = threading.Lock()

    def fire(self, *, now: datetime | None = None, budget: float = BUDGET) -> Fired:
        """Everything due is fired, or as much as `budget` seconds allow; a batch at least.

        `now` stands for the database's clock, which decides where it is not given.
        """
        self._forget_in_time()
        total = Fired()
        began = time.monotonic()
        try:
            while self._is_anything_due(now):
                one = self._fire_batch(now)
                total += one
                if one.checkpoints < BATCH or time.monotonic() - began > budget:
                    break
        except Error:
            self.forget()
            raise
        return total

    def forget(self) -> None:
        """The next call looks at everything that is due, however long ago."""
        with self._lock:
            self._low_water = _BEGINNING

    def _forget_in_time(self) -> None:
        if time.monotonic() - self._swept_at >= SWEEP_EVERY.total_seconds():
            self._swept_at = time.monotonic()
            self.forget()

    def _is_anything_due(self, now: datetime | None) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_IS_ANYTHING_DUE, {"now": now, "low_water": self._low_water})
            return bool(cursor.fetchone()[0])

    def _fire_batch(self, now: datetime | None) -> Fired:
        parameters = {
            "now": now,
            "low_water": self._low_water,
            "limit": BATCH,
            "by": self.name,
            "capacities": list(MATRIX.told_as),
            "roles": list(MATRIX.told_as.values()),
            "police": list(POLICE_CAPACITIES),
            "respondent_police": Capacity.RESPONDENT_POLICE.value,
            "assisting_police": Capacity.ASSISTING_POLICE.value,
            "statewide": list(STATEWIDE),
            "bystanders": list(_BYSTANDERS),
            "unforced": list(_UNFORCED),
            "supervisor": Role.SUPERVISOR.value,
            "administrator": Role.ADMINISTRATOR.value,
            "advocate": Role.ADVOCATE.value,
            "protected": PROTECTED_PERSON,
            "ladder": [Via.PERSON.value, Via.BACKUP.value, Via.SUPERVISOR.value],
            "person": Via.PERSON.value,
            "as_backup": Via.BACKUP.value,
            "as_supervisor": Via.SUPERVISOR.value,
            "as_protected": Via.PROTECTED.value,
            "relay": Via.RELAY.value,
            "canary": Via.CANARY.value,
            "desk": Via.DESK.value,
            "fallback": Via.FALLBACK.value,
            "nobody": Via.NOBODY.value,
            "created": HookEvent.ALERT_CREATED.value,
            "check": Purpose.CHECK.value,
            "remind": Purpose.REMIND.value,
            "open": DeadlineState.OPEN.value,
            "overdue": DeadlineState.OVERDUE.value,
        }
        with connection.cursor() as cursor:
            cursor.execute(FIRE, parameters)
            checkpoints, overdue, alerts, newest, late = cursor.fetchone()
        if newest is not None:
            with self._lock:
                self._low_water = max(self._low_water, newest - MARGIN)
        return Fired(checkpoints=checkpoints, overdue=overdue, alerts=alerts, worst_late=float(late or 0))
