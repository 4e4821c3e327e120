"""Orders of an import whose docket another person already has: a clerk decides who it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Count, Q

from orders.matching.dockets import docket_key, spellings
from orders.models import Case, Order, ReviewItem, ReviewKind
from orders.services.registry import files


def other_respondents(
    entered: Sequence[tuple[Order, int]], *, now: datetime, have_moved: bool = False
) -> Iterator[ReviewItem]:
    """Yield an unstored item for each new case of a docket that another person already has.

    `entered` are the orders just stored, each with its line; with `have_moved`, older ones that got another
    docket.
    """
    dockets = {number for order, _ in entered for number in spellings(order.case.docket_number)}
    cases = Case.objects.filter(docket_number__in=dockets).select_related("respondent")
    by_docket: dict[tuple[str, int], list[Case]] = {}
    live = Count("orders", filter=Q(orders__withdrawn_at=None))
    for case in cases.annotate(size=Count("orders"), live=live).order_by("id"):
        by_docket.setdefault((docket_key(case.docket_number), case.court_id), []).append(case)
    new = Counter(order.case_id for order, _ in entered)
    for order, line in entered:
        on_docket = by_docket[docket_key(order.case.docket_number), order.case.court_id]
        own = next((case for case in on_docket if case.pk == order.case_id), None)
        others = [case for case in on_docket if not have_moved or case != own]
        first = next((case for case in others if vars(case)["live"]), None)
        # Once for each new case: with its first order.
        if own is None or first is None or own.pk == first.pk or vars(own)["size"] != new.pop(own.pk, None):
            continue
        if first.respondent.person_id != own.respondent.person_id:
            yield ReviewItem(
                order=order,
                kind=ReviewKind.OTHER_RESPONDENT,
                code="docket_of_another_respondent",
                file=files.ORDERS,
                line=line,
                detail=f"docket_number: {order.case.docket_number} is entered against another respondent "
                "already. Decide whether it is the same person with another spelling.",
                payload={"respondent": str(first.respondent.public_id)},
                created_at=now,
            )
