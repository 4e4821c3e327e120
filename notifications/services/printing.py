"""Paper, where nothing else reached somebody: a notice that a person prints, hands over and confirms."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.access import MATRIX
from accounts.models import Membership, Role, User
from notifications.models import Alert, AlertState, Channel, Via
from notifications.querysets import AlertQuerySet
from notifications.services.offers import STANDS
from notifications.services.reached import reached
from notifications.services.statements import rows_of
from orders.errors import InvalidFact
from orders.models import DeadlineState, Event
from orders.services.change import check_instant

#: Failed alerts that one call decides on.
BATCH = 500

#: Letters of the name of whom a notice was handed to.
MOST = 120

#: Whom paper must not reach: a protected person has other ways, and an administrator sees no case.
_NOT_ON_PAPER = (Via.RELAY, Via.PROTECTED, Via.OPERATOR, Via.CANARY)

# Each failed alert is decided on once. Where another way to the same recipient did not fail, or not yet,
# paper is not needed; should that one fail later, it is decided on in its turn and finds this one failed. Two
# that are decided on at once, each by another worker, want the same key, and one of them gets it.
_FALL_BACK = f"""
WITH failed AS MATERIALIZED (
  SELECT id FROM notifications_alert
  WHERE state = 6 AND paper_at IS NULL
  ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), decided AS (
  UPDATE notifications_alert a SET paper_at = statement_timestamp()
  FROM failed WHERE a.id = failed.id
)
INSERT INTO notifications_alert
  (public_id, checkpoint_id, hand_over_id, order_id, agency_id, capacity, awaited_id, recipient_id, via,
   channel, idem_key, state, next_attempt_at, fence, worker, attempts, accepted_at, provider_ref,
   last_error, possible_duplicate, created_at)
SELECT DISTINCT ON (a.checkpoint_id, a.hand_over_id, a.agency_id, a.recipient_id)
       gen_random_uuid(), a.checkpoint_id, a.hand_over_id, a.order_id, a.agency_id, a.capacity, a.awaited_id,
       a.recipient_id, a.via, %(print)s,
       regexp_replace(a.idem_key, ':[^:]*(:[^:]*)$', ':' || %(print)s || '\\1'),
       3, statement_timestamp(), 0, '', 0, statement_timestamp(), '', '', false, statement_timestamp()
FROM failed
JOIN notifications_alert a ON a.id = failed.id
LEFT JOIN orders_checkpoint c ON c.id = a.checkpoint_id
LEFT JOIN orders_deadline d ON d.id = c.deadline_id
LEFT JOIN orders_handover h ON h.id = a.hand_over_id
LEFT JOIN orders_followup t ON t.id = h.follow_up_id
WHERE a.agency_id IS NOT NULL AND a.via <> ALL (%(not_on_paper)s) AND a.channel <> %(print)s
  AND CASE WHEN a.hand_over_id IS NOT NULL THEN {STANDS}
           ELSE d.state IN ('open', 'overdue') AND d.revision = c.revision END
  AND NOT EXISTS (
    SELECT FROM notifications_alert other
    WHERE (other.checkpoint_id = a.checkpoint_id OR other.hand_over_id = a.hand_over_id)
      AND other.agency_id = a.agency_id
      AND (other.acknowledged_at IS NOT NULL
           OR other.recipient_id IS NOT DISTINCT FROM a.recipient_id AND other.state NOT IN (6, 7)))
ORDER BY a.checkpoint_id, a.hand_over_id, a.agency_id, a.recipient_id, a.id
ON CONFLICT (idem_key) DO NOTHING
RETURNING id
"""  # noqa: S608 - made of a constant of ours


def fall_back_to_paper() -> int:
    """Where every way to a recipient failed for good and the agency has not answered, a printed notice waits
    for a hand; answers how many were written. Each failure is decided on once."""
    return len(
        rows_of(
            _FALL_BACK,
            {
                "limit": BATCH,
                "print": Channel.PRINT.value,
                "not_on_paper": [one.value for one in _NOT_ON_PAPER],
            },
        )
    )


def for_a_hand(user: User) -> AlertQuerySet[Alert]:
    """The printed notices that this person may hand over and confirm, the newest first.

    They are the business of the agency's own people; of the court's clerks where nobody at the agency was
    reached. What was answered, met, moved or withdrawn since waits no more.
    """
    own, court = _by_agency(user), _courts(user)
    if not own and not court:
        return Alert.objects.none()
    waiting = (
        Alert.objects.filter(channel=Channel.PRINT, state=AlertState.ACCEPTED)
        .filter(
            Q(hand_over__isnull=False)
            | Q(
                checkpoint__deadline__state__in=[DeadlineState.OPEN, DeadlineState.OVERDUE],
                checkpoint__deadline__revision=F("checkpoint__revision"),
            )
        )
        .unanswered()
        .visible_to(user)
    )
    return waiting.filter(own | Q(order__case__court__in=court) & ~Exists(_reached())).order_by("-id")


def confirm_handed(alert: Alert, *, by: User, to: str, at: datetime, now: datetime) -> Alert:
    """The notice was handed over to `to` at `at`: delivered, and the order's history says so. The first
    confirmation stands; a later one changes nothing. Raises `InvalidFact`."""
    to = " ".join(to.split())
    if not to:
        raise InvalidFact("handed_to", "required", "Say who took it.")
    if len(to) > MOST:
        raise InvalidFact("handed_to", "too_long", f"That has {len(to)} letters; {MOST} is the most.")
    check_instant("handed_at", at, now=now)
    if at < alert.created_at.replace(second=0, microsecond=0):
        raise InvalidFact(
            "handed_at",
            "too_early",
            "That is before the notice was written. Give the time of the handing over.",
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
    Event.objects.create(
        order=row.of_order,
        kind="notice_handed",
        occurred_at=at,
        actor=by,
        data={**row.for_history, "to": to},
    )


def _by_agency(user: User) -> Q:
    """The notices to this person's agencies, in the capacities that the person's role there is told of."""
    found = Q()
    for one in user.memberships.all():
        if one.role == Role.SUPERVISOR:
            found |= Q(agency=one.agency_id)
        elif capacities := _told_as(one.role):
            found |= Q(agency=one.agency_id, capacity__in=capacities)
    return found


def _told_as(role: str) -> list[str]:
    may = MATRIX.may({role}, "hand_over", "alert")
    return [capacity for capacity, told in MATRIX.told_as.items() if told == role] if may else []


def _courts(user: User) -> list[int]:
    return [one.agency_id for one in user.memberships.all() if one.role == Role.CLERK and one.agency_id]


def _reached() -> QuerySet[Membership]:
    """Those of the agency who are told of what concerns it, and need no paper themselves to hear of this."""
    on_paper = Alert.objects.filter(
        Q(hand_over=OuterRef(OuterRef("hand_over"))) | Q(checkpoint=OuterRef(OuterRef("checkpoint"))),
        recipient=OuterRef("user"),
        channel=Channel.PRINT,
    )
    return reached().filter(
        ~Exists(on_paper), agency=OuterRef("agency"), role__in={*MATRIX.told_as.values(), Role.SUPERVISOR}
    )
