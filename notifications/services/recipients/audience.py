"""The words of a checkpoint's audience, and which of them must acknowledge an alert or own a follow-up."""

from __future__ import annotations

from accounts.models import Role
from notifications.models import Via
from orders.models import Capacity
from orders.services.follow_ups.queue import NOTIFY_ONLY

#: Capacities in which an agency must acknowledge an alert that time ran out.
POLICE_CAPACITIES = (
    Capacity.RESPONDENT_POLICE,
    Capacity.SERVICE_POLICE,
    Capacity.ASSISTING_POLICE,
    Capacity.STATE_POLICE,
)
#: Words for the one agency of that kind that answers for the whole state.
STATEWIDE = (Capacity.STATE_POLICE, Capacity.LICENSING)
#: The word for the person protected by the order.
PROTECTED_PERSON = "protected_person"

#: Words whose recipients own no follow-up, because they see no follow-ups.
WITHOUT_FOLLOW_UP = (*NOTIFY_ONLY, Role.ADVOCATE, PROTECTED_PERSON)
#: Words without a fallback: without a release or a contact no one is notified, not even administrators.
WITHOUT_FALLBACK = (Role.ADVOCATE, PROTECTED_PERSON, Via.CANARY)
