"""Everything about an order that can be corrected or withdrawn: one row for each kind of fact.

The order itself, its service and its parties have services of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from orders.models import Order
from orders.services import cautions, coming_service, hearings, service
from orders.services.conditions import conditions, notices
from orders.services.correctable import Correctable
from orders.services.firearms import (
    custody_steps,
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
)
from orders.services.follow_ups import attempts, referrals
from orders.services.orders import case_events, licensing, order_cards
from orders.services.parties import releases

#: By the stem of their history kinds.
CORRECTABLE: Mapping[str, Correctable] = {
    one.name: one
    for one in (
        inventory.FIREARM,
        inventory.PERMIT,
        inventory.HAND_IN,
        receipts.RECEIPT,
        returns.RETURN,
        disposals.DISPOSAL,
        custody_steps.CUSTODY_STEP,
        requests.CUSTODY_REQUEST,
        return_steps.RETURN_CHECK,
        return_steps.RETURN_HOLD,
        return_steps.RETURN_DECISION,
        statements.STATEMENT,
        statements.VERIFICATION,
        service.ATTEMPT,
        cautions.CAUTION,
        coming_service.COMING_SERVICE,
        coming_service.PRESENCE,
        hearings.HEARING,
        hearings.HEARING_OUTCOME,
        hearings.CONTINUANCE,
        case_events.CASE_EVENT,
        licensing.LICENSING_REPORT,
        notices.NOTICE_SENT,
        conditions.CONDITION,
        conditions.SATISFACTION,
        releases.RELEASE,
        order_cards.ORDER_CARD,
        attempts.ATTEMPT,
        referrals.REFERRAL,
        referrals.REFERRAL_DECISION,
    )
}

_BY_MODEL = {one.model: one for one in CORRECTABLE.values() if not one.part_of}


def correct(
    row: Any,
    changes: Mapping[str, Any],
    *,
    by: User | None,
    now: datetime,
    reason: str,
    confirm: str = "",
) -> Any:
    """Correct columns of a fact, as its `Correctable` allows, and return it."""
    return _BY_MODEL[type(row)].correct(row, changes, by=by, now=now, reason=reason, confirm=confirm)


def withdraw(row: Any, *, by: User | None, now: datetime, reason: str) -> Order:
    """Withdraw a fact that never was, and return its order."""
    order: Order = _BY_MODEL[type(row)].withdraw(row, by=by, now=now, reason=reason)
    return order
