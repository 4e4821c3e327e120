"""Printed notices, for recipients that no other channel reached: print, hand over, confirm."""

from __future__ import annotations

from datetime import datetime
from string import Template

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.access import MATRIX
from accounts.models import Membership, Role, User
from notifications.models import Alert, AlertState, Channel, Via
from notifications.querysets import AlertQuerySet
from notifications.services.recipients.recipients import reachable_members
from notifications.services.transfers import TRANSFER_IS_NEWS
from notifications.services.watch.isolation import not_parked_sql, only_sql, rows_isolating
from orders.errors import InvalidFact
from orders.models import ALERTABLE, HistoryEntry, deadline_is_alertable_sql
from orders.services.validation import check_instant

#: Failed alerts that one call processes.
BATCH = 500

#: The longest name of the person a notice was handed to, in characters.
LONGEST_NAME = 120

#: Never printed: a protected person chose another way, and administrators see no cases.
_NOT_ON_PAPER = (Via.RELAY, Via.PROTECTED, Via.OPERATOR, Via.CANARY)

#: The kind of a parked alert that failed.
_KIND = "failed alert"

# Nothing of a rehearsal is handed over. Each failed alert is processed once. If another channel to the same
# recipient has not failed, no paper is needed; if that channel fails later, it is processed then and finds
# this one failed. If two workers process two channels at once, both build the same key and only one insert
# succeeds.
_CLAIM = Template("""
SELECT id FROM notifications_alert
WHERE state = %(alert_failed)s AND paper_at IS NULL
  AND $only AND $not_parked
ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
""").substitute(only=only_sql("id"), not_parked=not_parked_sql(_KIND, "notifications_alert.id"))
_FALL_BACK = Template("""
WITH failed AS MATERIALIZED ($claim), decided AS (
  UPDATE notifications_alert a SET paper_at = statement_timestamp()
  FROM failed WHERE a.id = failed.id
)
INSERT INTO notifications_alert
  (public_id, checkpoint_id, transfer_id, correction_id, order_id, agency_id, capacity,
   pending_acknowledgment_id, recipient_id, via,
   channel, idem_key, state, next_attempt_at, fence, worker, attempts, accepted_at, provider_ref,
   last_error, possible_duplicate, created_at)
SELECT DISTINCT ON (a.checkpoint_id, a.transfer_id, a.correction_id, a.agency_id, a.recipient_id)
       gen_random_uuid(), a.checkpoint_id, a.transfer_id, a.correction_id, a.order_id, a.agency_id,
       a.capacity, a.pending_acknowledgment_id, a.recipient_id, a.via, %(print)s, regexp_replace(a.idem_key,
       ':[^:]*(:[^:]*)$$', ':' || %(print)s || '\\1'), %(alert_accepted)s, statement_timestamp(), 0, '', 0,
       statement_timestamp(), '', '', false, statement_timestamp()
FROM failed
JOIN notifications_alert a ON a.id = failed.id
LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
LEFT JOIN orders_deadline d ON d.id = c.deadline_id
LEFT JOIN orders_transfer h ON h.id = a.transfer_id
LEFT JOIN orders_followup t ON t.id = h.follow_up_id
WHERE a.agency_id IS NOT NULL AND a.via <> ALL (%(not_on_paper)s) AND a.channel <> %(print)s
  AND NOT a.is_rehearsal
  AND CASE WHEN a.correction_id IS NOT NULL THEN true
           WHEN a.transfer_id IS NOT NULL THEN $transfer_is_news
           ELSE $deadline_is_alertable AND d.revision = c.revision END
  AND NOT EXISTS (
    SELECT FROM notifications_alert other
    WHERE (other.checkpoint_id = a.checkpoint_id OR other.transfer_id = a.transfer_id)
      AND other.agency_id = a.agency_id AND other.correction_id IS NOT DISTINCT FROM a.correction_id
      AND (other.acknowledged_at IS NOT NULL AND a.correction_id IS NULL
           OR other.recipient_id IS NOT DISTINCT FROM a.recipient_id
             AND (other.acknowledged_at IS NOT NULL
                  OR other.state NOT IN (%(alert_failed)s, %(alert_withdrawn)s))))
ORDER BY a.checkpoint_id, a.transfer_id, a.correction_id, a.agency_id, a.recipient_id, a.id
ON CONFLICT (idem_key) DO NOTHING
RETURNING id
""").substitute(
    claim=_CLAIM, transfer_is_news=TRANSFER_IS_NEWS, deadline_is_alertable=deadline_is_alertable_sql("d")
)


def fall_back_to_paper() -> int:
    """Create a printed notice for each recipient if all channels failed and the agency has not acknowledged.

    Of a correction, only the acknowledgment of this recipient counts.
    Return how many were created. Each failed alert is processed once.
    """
    return len(
        rows_isolating(
            _KIND,
            _FALL_BACK,
            {
                "limit": BATCH,
                "print": Channel.PRINT.value,
                "not_on_paper": [one.value for one in _NOT_ON_PAPER],
            },
            claim=_CLAIM,
        )
    )


def to_hand_over(user: User) -> AlertQuerySet[Alert]:
    """Return the printed notices that `user` may hand over and confirm, newest first.

    The agency's own members may; court clerks may if no member of the agency was reached. Notices whose
    deadline was met, moved or withdrawn, and acknowledged ones, are left out. Those about a correction stay:
    of an order that was entered in error, the court hands them over.
    """
    own, courts = _by_agency(user), _courts_as_clerk(user)
    if not own and not courts:
        return Alert.objects.none()
    waiting = (
        Alert.objects.filter(channel=Channel.PRINT, state=AlertState.ACCEPTED)
        .filter(
            Q(transfer__isnull=False)
            | Q(correction__isnull=False)
            | Q(
                checkpoint__deadline__state__in=ALERTABLE,
                checkpoint__deadline__revision=F("checkpoint__revision"),
            )
        )
        .unacknowledged()
    )
    of_court = Q(order__case__court__in=courts)
    seen = waiting.visible_to(user).filter(own | of_court & ~Exists(_members_reached()))
    in_error = Q(correction__isnull=False, order__withdrawn_at__isnull=False)
    return waiting.filter(Q(pk__in=seen.values("pk")) | of_court & in_error).order_by("-id")


def confirm_handed_over(alert: Alert, *, by: User, to: str, at: datetime, now: datetime) -> Alert:
    """Record that the notice was handed to `to` at `at`: delivered, with an entry in the order's history.

    The first confirmation counts; a later one changes nothing. Raises `InvalidFact`.
    """
    to = " ".join(to.split())
    if not to:
        raise InvalidFact("handed_to", "required", "Enter the name of the person who received it.")
    if len(to) > LONGEST_NAME:
        raise InvalidFact(
            "handed_to", "too_long", f"The name has {len(to)} characters. Use at most {LONGEST_NAME}."
        )
    check_instant("handed_at", at, now=now)
    if at < alert.created_at.replace(second=0, microsecond=0):
        raise InvalidFact(
            "handed_at",
            "too_early",
            "This is before the notice was created. Enter the time when it was handed over.",
        )
    with transaction.atomic():
        row = Alert.objects.select_for_update(no_key=True, of=("self",)).get(pk=alert.pk)
        if row.channel == Channel.PRINT and row.state == AlertState.ACCEPTED:
            row.state = AlertState.DELIVERED
            row.delivered_at = at
            row.handed_by = by
            row.save(update_fields=["state", "delivered_at", "handed_by"])
            _record(row, by=by, to=to, at=at)
    return row


def _record(row: Alert, *, by: User, to: str, at: datetime) -> None:
    HistoryEntry.objects.create(
        order=row.of_order,
        kind="notice_handed",
        occurred_at=at,
        actor=by,
        data={**row.for_history, "to": to},
    )


def _by_agency(user: User) -> Q:
    """Match notices to this person's agencies, in the capacities for which the person's role is alerted."""
    found = Q()
    for one in user.memberships.all():
        if one.role == Role.SUPERVISOR:
            found |= Q(agency=one.agency_id)
        elif capacities := _alerted_capacities(one.role):
            found |= Q(agency=one.agency_id, capacity__in=capacities)
    return found


def _alerted_capacities(role: str) -> list[str]:
    may = MATRIX.may({role}, "transfer", "alert")
    return [capacity for capacity, alerted in MATRIX.alert_role.items() if alerted == role] if may else []


def _courts_as_clerk(user: User) -> list[int]:
    return [one.agency_id for one in user.memberships.all() if one.role == Role.CLERK and one.agency_id]


def _members_reached() -> QuerySet[Membership]:
    """Members of the outer alert's agency who receive its alerts and do not themselves need paper for it."""
    on_paper = Alert.objects.filter(
        Q(transfer=OuterRef(OuterRef("transfer"))) | Q(checkpoint=OuterRef(OuterRef("checkpoint"))),
        recipient=OuterRef("user"),
        channel=Channel.PRINT,
    )
    return reachable_members().filter(
        ~Exists(on_paper), agency=OuterRef("agency"), role__in={*MATRIX.alert_role.values(), Role.SUPERVISOR}
    )
