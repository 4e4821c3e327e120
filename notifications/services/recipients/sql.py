"""SQL that decides who is notified and through which channels. FIRE and `recipients.py` are made of it.

Statements made of these texts take `PARAMETERS`. Placeholders with a dollar sign are SQL expressions that the
functions below put in; pass only constants to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any

from accounts.access import MATRIX
from accounts.models import Role
from accounts.predicates import can_act_sql, in_use_sql
from notifications.models import Channel, Via
from notifications.services.recipients import news
from notifications.services.recipients.audience import (
    POLICE_CAPACITIES,
    PROTECTED_PERSON,
    STATEWIDE,
    WITHOUT_FALLBACK,
)
from orders.models import Capacity
from orders.predicates import STATEMENT_TIME, release_covers_all_sql, release_in_force_sql
from orders.rules.vocabulary import Purpose

#: Of an agency the members of the first rung that has anyone are notified; `_FIRST_RUNG` has the exception.
RUNGS = (Via.PERSON, Via.BACKUP, Via.SUPERVISOR)
#: Who is notified for these reasons gets email alone, whatever the person's preferences.
EMAIL_ONLY = (Via.FALLBACK, Via.RELAY)

#: The constants of the texts below, by the name of their placeholder.
PARAMETERS: Mapping[str, Any] = {
    "capacities": list(MATRIX.alert_role),
    "alert_roles": list(MATRIX.alert_role.values()),
    "police": [str(one) for one in POLICE_CAPACITIES],
    "respondent_police": Capacity.RESPONDENT_POLICE.value,
    "assisting_police": Capacity.ASSISTING_POLICE.value,
    "named": [Capacity.MARSHAL.value, Capacity.SCHOOL.value],
    "statewide": [str(one) for one in STATEWIDE],
    "without_fallback": [str(one) for one in WITHOUT_FALLBACK],
    "supervisor": Role.SUPERVISOR.value,
    "administrator": Role.ADMINISTRATOR.value,
    "advocate": Role.ADVOCATE.value,
    "protected_person": PROTECTED_PERSON,
    "rungs": [str(one) for one in RUNGS],
    "email_only": [str(one) for one in EMAIL_ONLY],
    "via_person": Via.PERSON.value,
    "via_backup": Via.BACKUP.value,
    "via_supervisor": Via.SUPERVISOR.value,
    "via_desk": Via.DESK.value,
    "via_fallback": Via.FALLBACK.value,
    "via_missing": Via.MISSING.value,
    "via_relay": Via.RELAY.value,
    "via_protected": Via.PROTECTED.value,
    "canary": Via.CANARY.value,
    "email": Channel.EMAIL.value,
    "sms": Channel.SMS.value,
    "service": Channel.SERVICE.value,
    "remind": Purpose.REMIND.value,
    "inform": Purpose.INFORM.value,
    **news.parameters(),
}

# Members with an account in use. Who cannot act now counts as absent.
_MEMBERS = Template("""
SELECT m.user_id,
       CASE WHEN m.role <> $role THEN %(via_supervisor)s
            WHEN m.is_backup THEN %(via_backup)s ELSE %(via_person)s END AS via,
       $can_act AS can_act
FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND $in_use
WHERE m.agency_id = $agency AND m.receives_alerts AND m.role IN ($role, %(supervisor)s)
""")

# If everyone of a lower rung is absent, all who can act are notified together, and no step is waited for.
_FIRST_RUNG = Template("""
SELECT user_id, via FROM (
  SELECT user_id, via, can_act, rung, min(rung) FILTER (WHERE can_act) OVER () AS first_rung,
         min(rung) FILTER (WHERE NOT can_act) OVER () AS absent_rung
  FROM (SELECT *, array_position(%(rungs)s::text[], via) AS rung FROM ($members) members) placed
) reachable WHERE can_act AND (rung = first_rung OR absent_rung < first_rung)
""")

# The administrators who are notified for an agency that has no one (`user_id`). If all of them are absent,
# all are: someone must know.
_ADMINISTRATORS = Template("""
SELECT DISTINCT user_id FROM (
  SELECT u.id AS user_id, $can_act AS can_act, bool_or($can_act) OVER () AS anyone_can
  FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id AND $in_use
  WHERE m.role = %(administrator)s AND m.receives_alerts
) known WHERE can_act OR NOT anyone_can
""")

_CHANNELS = Template("""
SELECT $first AS channel
UNION ALL SELECT %(sms)s WHERE p.by_sms AND $purpose <> %(remind)s AND $via <> ALL (%(email_only)s)
UNION ALL SELECT %(service)s WHERE p.encrypted_service <> '' AND $via <> ALL (%(email_only)s)
""")

# One branch for each kind of word. An agency has its capacity as the word, and receives alerts in the role
# that the matrix names for the capacity.
_AUDIENCE = Template("""
-- Agencies by their business with the order.
SELECT c.capacity AS word, c.agency_id, c.capacity, NULL::bigint AS release_id, '' AS contact_channel,
       (%(alert_roles)s::text[])[array_position(%(capacities)s::text[], c.capacity::text)] AS role
FROM orders_orderagency c WHERE c.order_id = due.order_id AND c.capacity = ANY (due.audience)
  -- News that an agency was named is for that agency alone among those of its capacity.
  AND (due.rule_id <> ALL (%(naming_rules)s) OR c.capacity <> ALL (%(named)s)
       OR due.occurrence = c.agency_id::text)
UNION ALL
-- With the respondent's police, the police who accepted a transfer of the follow-up; an announcement concerns
-- every follow-up of the order.
SELECT %(respondent_police)s, c.agency_id, c.capacity, NULL, '',
       (%(alert_roles)s::text[])[array_position(%(capacities)s::text[], c.capacity::text)]
FROM orders_orderagency c JOIN orders_followup f
  ON f.closed_at IS NULL AND f.owner_id = c.agency_id AND f.order_id = due.order_id
    AND (f.deadline_id = due.deadline_id OR due.purpose = %(inform)s)
WHERE c.order_id = due.order_id AND c.capacity = %(assisting_police)s
  AND %(respondent_police)s = ANY (due.audience)
UNION ALL
-- The supervisors of the order's police.
SELECT %(supervisor)s, c.agency_id, c.capacity, NULL, '', %(supervisor)s
FROM orders_orderagency c
WHERE c.order_id = due.order_id AND c.capacity = ANY (%(police)s) AND %(supervisor)s = ANY (due.audience)
UNION ALL
-- The agency of a kind that answers for the whole state of the order. Without one the row has no agency and
-- falls back.
SELECT word, g.id, word, NULL, '',
       (%(alert_roles)s::text[])[array_position(%(capacities)s::text[], word)]
FROM unnest(%(statewide)s::text[]) AS word
LEFT JOIN accounts_agency g ON g.kind = word AND g.answers_for_state AND g.jurisdiction = o.jurisdiction
WHERE word = ANY (due.audience) AND (g.id IS NOT NULL OR due.purpose <> %(inform)s)
UNION ALL
-- Advocates whose organization has a release in force that covers everything; the protected person by the
-- contact in force under one, if the person wants this news.
SELECT word, r.agency_id, word, r.id,
       CASE WHEN word = %(protected_person)s THEN s.channel ELSE '' END, %(advocate)s
FROM unnest(ARRAY[%(advocate)s, %(protected_person)s]) AS word
JOIN orders_confidentialityrelease r ON r.order_id = due.order_id AND $release_in_force
LEFT JOIN notifications_safecontact s ON s.release_id = r.id AND s.ended_at IS NULL
  AND s.confirmed_at + s.confirm_every > $now AND $wanted
WHERE word = ANY (due.audience)
  AND CASE word WHEN %(advocate)s THEN $release_covers_all ELSE s.id IS NOT NULL END
UNION ALL
SELECT %(canary)s, NULL, '', NULL, %(canary)s, '' WHERE %(canary)s = ANY (due.audience)
""")

# `candidate` has one row for each agency of the audience and each member of its first rung; an agency without
# members has one row without a user. It carries every column forward, so that no two of these temporary
# tables are joined: the planner expects one row of each and would compare every row with every row.
_RECIPIENTS = Template("""
candidate AS MATERIALIZED (
  SELECT due.id AS checkpoint_id, due.deadline_id, due.order_id, due.purpose, due.rule_id, due.needs_answer,
         concat_ws(':', o.public_id, due.rule_id, due.occurrence, due.name, due.revision) AS key,
         COALESCE(k.agency_id, cases.court_id) AS agency_id, k.agency_id AS named_agency_id,
         COALESCE(k.capacity, '') AS capacity, k.release_id,
         COALESCE(k.contact_channel, '') AS contact_channel,
         COALESCE(array_position(due.audience, k.word), 0) AS audience_place,
         COALESCE(agency.email, '') AS email, COALESCE(agency.kind, '') AS agency_kind,
         person.user_id, person.via AS rung
  FROM due
  JOIN orders_order o ON o.id = due.order_id
  JOIN orders_case cases ON cases.id = o.case_id
  LEFT JOIN LATERAL ($audience) k ON true
  LEFT JOIN accounts_agency agency ON agency.id = k.agency_id
  LEFT JOIN LATERAL ($first_rung) person ON k.contact_channel IN ('', %(via_relay)s)
  WHERE (k.word IS NOT NULL
      OR NOT due.audience <@ %(without_fallback)s::varchar[] AND due.purpose <> %(inform)s)
    -- News that an agency has not acknowledged, only if no one of it has.
    AND (due.rule_id <> ALL (%(waiting_rules)s) OR NOT EXISTS (
      SELECT FROM orders_deadline awaited
      JOIN orders_checkpoint earlier
        ON earlier.deadline_id = awaited.id AND earlier.revision = awaited.revision
      JOIN notifications_alert a ON a.checkpoint_id = earlier.id
      WHERE awaited.order_id = due.order_id AND awaited.occurrence = due.occurrence
        AND awaited.rule_id
          = (%(awaited_rules)s::text[])[array_position(%(waiting_rules)s::text[], due.rule_id::text)]
        AND a.acknowledged_at IS NOT NULL AND a.via <> %(via_fallback)s))
), administrators AS MATERIALIZED ($administrators
), recipient AS MATERIALIZED (
  SELECT DISTINCT ON (checkpoint_id, target) * FROM (
    -- The members of the first rung; for a protected person who chose it, the advocates who pass the news on.
    SELECT candidate.*, user_id AS recipient_id,
           CASE WHEN contact_channel = %(via_relay)s THEN %(via_relay)s ELSE rung END AS via,
           'u' || user_id || CASE WHEN contact_channel = %(via_relay)s THEN 'r' ELSE '' END AS target
    FROM candidate WHERE user_id IS NOT NULL
    UNION ALL
    -- With the supervisors, or without any member, the agency's own address.
    SELECT candidate.*, NULL, %(via_desk)s, 'a' || agency_id
    FROM candidate
    WHERE email <> '' AND contact_channel = '' AND (user_id IS NULL OR rung = %(via_supervisor)s)
    UNION ALL
    -- The protected person, by the channel chosen; the canary.
    SELECT candidate.*, NULL,
           CASE WHEN contact_channel = %(canary)s THEN %(canary)s ELSE %(via_protected)s END,
           CASE WHEN contact_channel = %(canary)s THEN contact_channel ELSE 'r' || release_id END
    FROM candidate WHERE contact_channel NOT IN ('', %(via_relay)s)
    UNION ALL
    -- For an agency without members and address, the administrators.
    SELECT candidate.*, a.user_id, %(via_fallback)s, 'u' || a.user_id
    FROM candidate CROSS JOIN administrators a
    WHERE candidate.user_id IS NULL
      AND (email = '' AND contact_channel = '' OR contact_channel = %(via_relay)s)
    UNION ALL
    -- Without administrators a row without a recipient, from which a failed alert is written.
    SELECT candidate.*, NULL, %(via_missing)s, 'n' || agency_id
    FROM candidate
    WHERE user_id IS NULL AND (email = '' AND contact_channel = '' OR contact_channel = %(via_relay)s)
      AND NOT EXISTS (SELECT FROM administrators)
  ) targets
  ORDER BY checkpoint_id, target, via = %(via_fallback)s, audience_place
)
""")


def first_rung(agency: str, role: str, *, now: str = STATEMENT_TIME) -> str:
    """The members that the alerts to `role` in the agency reach first: `user_id`, `via` (a rung)."""
    return _FIRST_RUNG.substitute(members=members(agency, role, now=now))


def members(agency: str, role: str, *, now: str = STATEMENT_TIME) -> str:
    """The agency's members when alerts go to `role`: `user_id`, `via` (a rung), `can_act`."""
    return _MEMBERS.substitute(agency=agency, role=role, **_able(now))


def administrators(*, now: str = STATEMENT_TIME) -> str:
    """The administrators who are notified for an agency that has no one: `user_id`."""
    return _ADMINISTRATORS.substitute(_able(now))


def _able(now: str) -> dict[str, str]:
    return {"can_act": can_act_sql("u", at=now), "in_use": in_use_sql("u")}


def channels(first: str, *, via: str, purpose: str) -> str:
    """The channels for one recipient: `channel`, `first` always. `p` is the person's row of preferences."""
    return _CHANNELS.substitute(first=first, via=via, purpose=purpose)


def recipients(now: str) -> str:
    """The CTEs `candidate`, `administrators` and `recipient` for the checkpoints of a CTE `due`."""
    audience = _AUDIENCE.substitute(
        now=now,
        release_in_force=release_in_force_sql("r", at=now),
        release_covers_all=release_covers_all_sql("r"),
        wanted=news.wanted_sql("due.rule_id"),
    )
    return _RECIPIENTS.substitute(
        audience=audience,
        first_rung=first_rung("k.agency_id", "k.role", now=now),
        administrators=administrators(now=now),
    ).strip()
