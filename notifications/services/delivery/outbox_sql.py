"""The statements of the alert outbox. See `outbox.py`."""

from __future__ import annotations

from string import Template

from notifications.services.recipients import news
from notifications.services.restored import MAY_SEND
from notifications.services.transfers import TRANSFER_IS_NEWS
from notifications.services.watch.isolation import not_parked_sql, only_sql
from orders.models import notice_still_applies_sql
from orders.predicates import release_in_force_sql

#: The kinds of parked alerts: not to be sent, not to be freed, not to be decided.
KIND, KIND_REAPED, KIND_DOUBTED = "alert", "alert being sent", "alert in doubt"

_SENDABLE = f"""a.state IN (%(alert_ready)s, %(alert_temporary_failure)s)
    AND a.channel <> ALL (%(closed_channels)s::text[]) AND a.provider <> ALL (%(closed_providers)s::text[])
    AND {only_sql("a.id")}
    AND {not_parked_sql(KIND, "a.id")}
    AND {MAY_SEND}"""
_TO_LEASE = f"{_SENDABLE} AND a.next_attempt_at <= statement_timestamp()"

# News and reminders that were held back for their recipient, who now gets a message anyway.
_WAITING = Template("""$sendable AND a.next_attempt_at > statement_timestamp()
    AND a.held_until IS NOT NULL AND a.message_key IS NULL
    AND a.via = ANY (%(rungs)s::text[]) AND NOT a.is_rehearsal
    AND a.priority <> %(urgent)s
    AND COALESCE(a.correction_id, a.transfer_id, a.follow_up_id) IS NULL
    AND EXISTS (SELECT FROM orders_checkpoint held
                WHERE held.id = a.checkpoint_id AND held.purpose = ANY (%(can_wait)s::text[]))
    AND EXISTS (SELECT FROM unnest(%(recipients)s::bigint[], %(channels)s::text[]) AS taker (person, way)
                WHERE taker.person = a.recipient_id AND taker.way = a.channel)
""").substitute(sendable=_SENDABLE)

_CLAIM = Template("""
SELECT a.id FROM notifications_alert a
WHERE $to_lease
ORDER BY a.priority, a.created_at, a.id
LIMIT %(limit)s
FOR NO KEY UPDATE OF a SKIP LOCKED
""")
#: The ids that each of the leases would take, locked.
CLAIM_LEASE = _CLAIM.substitute(to_lease=_TO_LEASE)
CLAIM_WAITING = _CLAIM.substitute(to_lease=_WAITING)

# An earlier stage, if a later one of the same deadline goes to the same recipient;
# `AlertQuerySet.with_replaced` is the same in Django.
_REPLACED = """EXISTS (
  SELECT FROM orders_checkpoint later JOIN notifications_alert n ON n.checkpoint_id = later.id
  WHERE a.note = '' AND later.deadline_id = c.deadline_id AND later.revision = c.revision
    AND later.state = %(checkpoint_fired)s AND later.fires_at > c.fires_at
    AND n.recipient_id IS NOT DISTINCT FROM a.recipient_id AND n.agency_id IS NOT DISTINCT FROM a.agency_id
    AND n.release_id IS NOT DISTINCT FROM a.release_id AND (n.release_id IS NULL OR n.via = a.via)
    AND n.channel = a.channel AND n.correction_id IS NULL
    AND n.state NOT IN (%(alert_failed)s, %(alert_withdrawn)s))"""

# Who left the agency since the alert was written hears of its orders no more.
_IS_OF_AGENCY = """(a.recipient_id IS NULL OR a.agency_id IS NULL OR a.via IN ('fallback', 'operator')
    OR EXISTS (SELECT FROM accounts_membership m
               WHERE m.user_id = a.recipient_id AND m.agency_id = a.agency_id))"""

# The rehearsal in which a marked alert may leave, the agency's own first. Without one it is over, and the
# alert is withdrawn: it must never reach anyone else.
_REHEARSAL = """SELECT r.addresses FROM notifications_rehearsal r
    WHERE a.is_rehearsal AND r.ended_at IS NULL
      AND r.starts_at <= statement_timestamp() AND r.ends_at > statement_timestamp()
      AND (r.agency_id IS NULL OR r.agency_id = a.agency_id
           OR r.agency_id = (SELECT x.court_id FROM orders_case x WHERE x.id = o.case_id))
    ORDER BY r.agency_id IS NULL, r.agency_id LIMIT 1"""

# Checks every alert again before it is sent. An alert is withdrawn instead of leased if, since it fired, its
# deadline was met, withdrawn or moved; it was acknowledged through another channel, or its escalation step
# was answered; its release or its safe contact ended; its finding was resolved; or its transfer offer or
# its follow-up is over. One about a correction is withdrawn if its recipient has left the agency, an earlier
# stage if a later one replaced it. Printed notices are delivered by people and never leased. What cannot be
# sent now is not leased: a channel without a provider that is up, a provider that must be kept and is down.
# What an advocate leaves to the page stays there, unsent.
# The hours of a protected person are those of the court's clock. News of a hearing that was moved is about
# the earlier day too: someone may be about to travel on it.
_LEASE = Template("""
WITH ready AS MATERIALIZED (
  SELECT a.id, a.public_id, a.channel, a.via, a.recipient_id, a.agency_id, a.release_id, a.message_key,
         a.bundled, a.template, a.provider, a.created_at, a.first_sent_at, a.priority,
         CASE WHEN COALESCE(a.transfer_id, a.follow_up_id) IS NOT NULL THEN 'check'
              WHEN a.correction_id IS NOT NULL THEN 'remind'
              ELSE COALESCE(c.purpose, '') END AS purpose, a.correction_id IS NOT NULL AS is_correction,
         COALESCE(d.rule_id, '') AS rule_id,
         CASE WHEN a.transfer_id IS NULL AND a.correction_id IS NULL THEN o.case_id END AS case_id,
         COALESCE(k.figures::text, '') AS figures,
         a.is_rehearsal, COALESCE(v.addresses, '{}') AS rehearsal_addresses,
         (NOT a.is_rehearsal OR v.addresses IS NOT NULL) AND
         CASE WHEN a.finding_id IS NOT NULL THEN f.resolved_at IS NULL
              WHEN a.weekly_report_id IS NOT NULL THEN a.acknowledged_at IS NULL
              WHEN a.release_request_id IS NOT NULL THEN a.acknowledged_at IS NULL AND EXISTS (
                SELECT FROM orders_releaserequest q
                WHERE q.id = a.release_request_id AND q.state IN ('waiting', 'confirmed'))
              WHEN a.note = 'ending' THEN a.acknowledged_at IS NULL AND $release_in_force
              WHEN a.transfer_id IS NOT NULL THEN a.acknowledged_at IS NULL AND $transfer_is_news
              WHEN a.follow_up_id IS NOT NULL
              THEN a.acknowledged_at IS NULL AND t.closed_at IS NULL AND t.owner_id = a.agency_id
              ELSE CASE WHEN a.correction_id IS NULL
                        THEN $notice_still_applies AND d.revision = c.revision
                             AND NOT $replaced
                        ELSE a.recipient_id IS NULL OR a.via = 'fallback' OR EXISTS (
                          SELECT FROM accounts_membership m
                          WHERE m.user_id = a.recipient_id AND m.agency_id = a.agency_id) END
                AND a.acknowledged_at IS NULL
                AND (a.release_id IS NULL OR $release_in_force)
                AND (a.via NOT IN ('relay', 'protected')
                     OR s.confirmed_at + s.confirm_every > statement_timestamp()
                     AND CASE WHEN a.note = 'second' THEN s.second_channel ELSE s.channel END
                       = CASE a.via WHEN 'relay' THEN 'relay' ELSE a.channel END
                     AND (a.correction_id IS NOT NULL OR $wanted))
                -- Other ways than email, unless the advocate wants email alone of this client.
                AND (a.channel = 'email' OR NOT COALESCE(choice.waits_on_page OR choice.by_email_only, false))
                AND w.answered_at IS NULL
         END IS TRUE AS still_applies,
         COALESCE(choice.waits_on_page, false) AS waits_on_page,
         CASE WHEN a.via = 'protected' AND a.note = 'second' THEN s.encrypted_second_address
              WHEN a.via = 'protected' THEN s.encrypted_address
              WHEN a.channel = 'sms' THEN COALESCE(NULLIF(p.phone, ''), encode(p.encrypted_phone, 'hex'))
              WHEN a.channel = 'service' THEN p.encrypted_service
              ELSE COALESCE(u.email, g.email) END AS address,
         CASE WHEN a.via = 'protected' THEN s.encrypted_phrase END AS encrypted_phrase,
         COALESCE(a.via = 'protected' AND s.encrypted_pin <> '', false) AS asks_answer,
         COALESCE(u.is_active, true) AND $is_of_agency AS is_active,
         CASE WHEN a.via = 'protected' THEN s.language ELSE COALESCE(p.language, 'en') END AS language,
         COALESCE(CASE WHEN a.via = 'protected' THEN (
           SELECT place.zone
           FROM unnest(%(zone_states)s::text[], %(zone_counties)s::text[], %(zones)s::text[])
             AS place (state, county, zone)
           WHERE place.state = o.jurisdiction AND place.county IN (o.area, '')
           ORDER BY place.county DESC LIMIT 1
         ) ELSE p.zone END, 'America/New_York') AS zone,
         CASE WHEN a.via = 'protected' THEN s.hours_until ELSE p.quiet_from END AS quiet_from,
         CASE WHEN a.via = 'protected' THEN s.hours_from ELSE p.quiet_until END AS quiet_until,
         p.digest_at,
         CASE WHEN d.rule_id = ANY (%(hearing_news)s::text[]) THEN least(d.due_at, (
           SELECT (min(earlier.scheduled_on) + 1)::timestamp AT TIME ZONE 'UTC'
           FROM orders_hearing hearing
           JOIN orders_continuance moved ON moved.following_id = hearing.id
           JOIN orders_hearing earlier ON earlier.id = moved.hearing_id
           WHERE hearing.public_id = d.occurrence::uuid
         )) END AS about_day
  FROM notifications_alert a
  LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
  LEFT JOIN orders_transfer h ON h.id = a.transfer_id
  LEFT JOIN orders_followup t ON t.id = COALESCE(h.follow_up_id, a.follow_up_id)
  LEFT JOIN orders_deadline d ON d.id = COALESCE(t.deadline_id, c.deadline_id)
  LEFT JOIN orders_order o ON o.id = a.order_id
  LEFT JOIN notifications_finding f ON f.id = a.finding_id
  LEFT JOIN notifications_pendingacknowledgment w ON w.id = a.pending_acknowledgment_id
  LEFT JOIN LATERAL (
    SELECT to_jsonb(w) AS figures FROM notifications_weeklyreport w WHERE w.id = a.weekly_report_id
  ) k ON true
  LEFT JOIN accounts_user u ON u.id = a.recipient_id
  LEFT JOIN accounts_agency g ON g.id = a.agency_id
  LEFT JOIN notifications_preference p ON p.user_id = a.recipient_id
  LEFT JOIN orders_confidentialityrelease r ON r.id = a.release_id
  LEFT JOIN notifications_safecontact s
    ON s.release_id = a.release_id AND s.ended_at IS NULL AND a.via IN ('relay', 'protected')
  LEFT JOIN LATERAL ($choice) choice
    ON a.correction_id IS NULL AND a.note = '' AND a.via IN ('person', 'backup', 'supervisor')
  LEFT JOIN LATERAL ($rehearsal) v ON true
  WHERE $to_lease
  ORDER BY a.priority, a.created_at, a.id
  LIMIT %(limit)s
  FOR NO KEY UPDATE OF a SKIP LOCKED
)
UPDATE notifications_alert a
SET state = CASE WHEN NOT ready.still_applies THEN %(alert_withdrawn)s
                 WHEN ready.waits_on_page THEN %(alert_on_page)s ELSE %(alert_leased)s END,
    lease_until = CASE WHEN ready.still_applies AND NOT ready.waits_on_page
                       THEN statement_timestamp() + make_interval(secs => %(lease)s) END,
    fence = a.fence + 1, worker = %(worker)s,
    attempts = a.attempts + CASE WHEN ready.still_applies AND NOT ready.waits_on_page AND a.attempts < 32000
                            THEN 1 ELSE 0 END
FROM ready WHERE a.id = ready.id
RETURNING a.state, statement_timestamp(), a.id, a.fence, a.attempts, ready.public_id, ready.channel,
          ready.via, ready.recipient_id, ready.case_id, ready.agency_id, ready.release_id, ready.message_key,
          ready.bundled, ready.template, ready.provider, ready.created_at, ready.first_sent_at, ready.purpose,
          ready.rule_id, ready.is_correction,
          COALESCE(ready.address, ''), COALESCE(ready.encrypted_phrase, ''), ready.is_active, ready.language,
          ready.zone, ready.quiet_from, ready.quiet_until, ready.digest_at, ready.priority, ready.figures,
          ready.about_day, ready.is_rehearsal, ready.rehearsal_addresses, ready.asks_answer
""")
_PARTS = {
    "transfer_is_news": TRANSFER_IS_NEWS,
    "notice_still_applies": notice_still_applies_sql("d", "c"),
    "replaced": _REPLACED,
    "release_in_force": release_in_force_sql("r"),
    "rehearsal": _REHEARSAL,
    "wanted": news.wanted_sql("d.rule_id"),
    "choice": news.choice_sql("d.rule_id", release="a.release_id", user="a.recipient_id"),
    "is_of_agency": _IS_OF_AGENCY,
}
LEASE = _LEASE.substitute(_PARTS, to_lease=_TO_LEASE)
LEASE_WAITING = _LEASE.substitute(_PARTS, to_lease=_WAITING)

# Committed before the first byte is sent, so that after a crash the row shows that the message may have been
# sent, and through which provider. Runs again if a provider certainly accepted nothing and the next one
# tries. The lease begins again, because a slow server may take most of it for one part. What was acknowledged
# since the lease, or whose recipient left or has another address, is not begun: the next lease decides again.
BEGIN = """
UPDATE notifications_alert a
SET state = %(alert_sending)s, lease_until = statement_timestamp() + make_interval(secs => %(lease)s),
    first_sent_at = COALESCE(a.first_sent_at, statement_timestamp()),
    message_key = mine.key, bundled = mine.bundled, template = mine.template, provider = mine.provider
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(keys)s::uuid[], %(bundled)s::smallint[],
            %(templates)s::text[], %(providers)s::text[], %(addresses)s::text[])
     AS mine (id, fence, key, bundled, template, provider, address)
WHERE a.id = mine.id AND a.fence = mine.fence AND a.state + 0 IN (%(alert_leased)s, %(alert_sending)s)
  AND a.lease_until > statement_timestamp() + make_interval(secs => %(left)s)
  AND a.acknowledged_at IS NULL
  AND NOT EXISTS (
    SELECT FROM accounts_user u
    WHERE u.id = a.recipient_id AND (NOT u.is_active OR a.channel = 'email' AND u.email <> mine.address))
RETURNING a.id
"""

# “state + 0” keeps the planner from using the small partial index of leases, whose statistics show it as
# empty. An alert that was not offered to a provider does not count as an attempt. A sender whose lease was
# reaped may still record that the message was accepted, until another sender leases it.
COMPLETE = """
UPDATE notifications_alert a
SET state = mine.state, lease_until = NULL,
    accepted_at = CASE WHEN mine.state = %(alert_accepted)s THEN statement_timestamp() ELSE a.accepted_at END,
    next_attempt_at = statement_timestamp() + make_interval(secs => mine.wait),
    held_until = CASE WHEN mine.held THEN statement_timestamp() + make_interval(secs => mine.wait)
                      ELSE a.held_until END,
    waits_for_recipient = mine.for_recipient,
    attempts = greatest(a.attempts - (mine.held OR mine.untried)::int, 0),
    provider = CASE WHEN mine.state IN (%(alert_ready)s, %(alert_temporary_failure)s)
                      AND NOT mine.keep_provider THEN '' ELSE a.provider END,
    provider_ref = mine.ref, last_error = mine.error
FROM unnest(%(ids)s::bigint[], %(fences)s::bigint[], %(states)s::smallint[], %(waits)s::float[],
            %(held)s::boolean[], %(untried)s::boolean[], %(for_recipient)s::boolean[],
            %(keep_provider)s::boolean[], %(refs)s::text[], %(errors)s::text[])
     AS mine (id, fence, state, wait, held, untried, for_recipient, keep_provider, ref, error)
WHERE a.id = mine.id
  AND (a.fence = mine.fence AND a.state + 0 IN (%(alert_leased)s, %(alert_sending)s)
       OR a.fence = mine.fence + 1 AND mine.state = %(alert_accepted)s
          AND a.state + 0 IN (%(alert_in_doubt)s, %(alert_ready)s))
RETURNING a.id
"""

# An expired lease: ready again if sending had not begun, else in doubt.
CLAIM_REAP = Template("""
SELECT id FROM notifications_alert
WHERE state IN (%(alert_leased)s, %(alert_sending)s) AND lease_until < statement_timestamp()
  AND $only AND $not_parked
ORDER BY lease_until LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
""").substitute(only=only_sql("id"), not_parked=not_parked_sql(KIND_REAPED, "notifications_alert.id"))
REAP = Template("""
WITH expired AS MATERIALIZED ($claim_reap)
UPDATE notifications_alert a
SET state = CASE a.state WHEN %(alert_leased)s THEN %(alert_ready)s ELSE %(alert_in_doubt)s END,
    fence = a.fence + 1, lease_until = NULL, worker = '',
    next_attempt_at = statement_timestamp()
FROM expired WHERE a.id = expired.id
RETURNING a.state
""").substitute(claim_reap=CLAIM_REAP)

# Alerts in doubt. If the provider still remembers our key, send again with the same key. If it sends
# receipts, wait for one first. Otherwise a check or an escalation is sent once more and marked as a possible
# duplicate, because a missed alert is worse than a duplicate; a reminder stays in doubt until a person looks
# at it.
CLAIM_DOUBT = Template("""
SELECT a.id, a.first_sent_at > statement_timestamp() - windows.lasts AS remembered
FROM notifications_alert a
LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
LEFT JOIN unnest(%(key_providers)s::text[], %(key_windows)s::interval[]) AS windows (name, lasts)
  ON windows.name = a.provider
WHERE a.state = %(alert_in_doubt)s
  AND (a.first_sent_at > statement_timestamp() - windows.lasts
       OR NOT a.possible_duplicate AND COALESCE(c.purpose, 'check') IN ('check', 'escalate')
          AND (a.provider <> ALL (%(receipt_providers)s)
               OR a.next_attempt_at < statement_timestamp() - make_interval(secs => %(receipt)s)))
  AND $only AND $not_parked
ORDER BY a.id LIMIT 1000 FOR NO KEY UPDATE OF a SKIP LOCKED
""").substitute(only=only_sql("a.id"), not_parked=not_parked_sql(KIND_DOUBTED, "a.id"))
DECIDE_DOUBT = Template("""
WITH doubtful AS MATERIALIZED ($claim_doubt)
UPDATE notifications_alert a
SET state = %(alert_ready)s, possible_duplicate = a.possible_duplicate OR doubtful.remembered IS NOT TRUE,
    provider = CASE WHEN doubtful.remembered THEN a.provider ELSE '' END,
    next_attempt_at = statement_timestamp()
FROM doubtful WHERE a.id = doubtful.id
RETURNING a.id
""").substitute(claim_doubt=CLAIM_DOUBT)

# After an outage: what waited for the provider, or was not offered, need not wait longer.
CLAIM_WAKE = Template("""
SELECT a.id FROM notifications_alert a
WHERE a.state IN (%(alert_ready)s, %(alert_temporary_failure)s) AND a.channel = ANY (%(channels)s::text[])
  AND a.next_attempt_at > statement_timestamp() AND NOT a.waits_for_recipient
  AND (a.held_until IS NULL OR a.held_until <= statement_timestamp())
  AND $only AND $not_parked
ORDER BY a.id FOR NO KEY UPDATE SKIP LOCKED
""").substitute(only=only_sql("a.id"), not_parked=not_parked_sql(KIND, "a.id"))
WAKE = Template("""
WITH waiting AS MATERIALIZED ($claim_wake)
UPDATE notifications_alert a SET next_attempt_at = statement_timestamp()
FROM waiting WHERE a.id = waiting.id
RETURNING a.id
""").substitute(claim_wake=CLAIM_WAKE)
