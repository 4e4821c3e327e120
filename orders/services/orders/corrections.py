"""Corrections of the facts of an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from orders.errors import DoubtfulFact
from orders.matching.dockets import clean_docket, spellings
from orders.matching.registry_numbers import clean_registry_number
from orders.models import Case, Order
from orders.models.fields import offset_of
from orders.services.change import Change, changing, note_permit
from orders.services.court_days import check_dates, check_issued, check_nothing_earlier, court_day
from orders.services.limits import within_limits
from orders.services.one_round import refuse
from orders.services.orders.early_proof import early_proof, early_proof_doubts
from orders.services.orders.entry import check_por_number, once
from orders.services.orders.extension import follow_last_day
from orders.services.orders.legal_checks import check_alleged_count, check_area, check_asked, check_kind
from orders.services.parties.prosecutors import name_filer
from orders.services.planning.load_facts import load_facts
from orders.services.validation import need_reason, need_visible

#: The fields of the order that a correction may change.
CORRECTABLE = frozenset(
    {
        "kind",
        "issued_at",
        "issued_on",
        "expires_on",
        "firearms_indicated",
        "firearms_alleged_count",
        "permit_indicated",
        "financial_support",
        "filed_by",
        "proof_found",
        "area",
        "por_number",
    }
)


def correct_order(
    order: Order, *, by: User | None, now: datetime, reason: str, confirm: str = "", **changes: Any
) -> Order:
    """Change facts of the order; the history keeps the old and new values and the reason.

    Raises `InvalidFact`, `DoubtfulFact` for a date that is then beyond the rules or proof from before the
    order, unless `confirm` gives the reason, and `TypeError` for a name that is not in `CORRECTABLE`.
    """
    if unknown := changes.keys() - CORRECTABLE:
        raise TypeError(f"cannot be corrected here: {', '.join(sorted(unknown))}")
    number = changes.get("por_number", "")
    with once(number), changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        row = change.order
        early, doubts, last_day = early_proof(row), list[DoubtfulFact](), row.expires_on
        with within_limits(change, confirm=confirm, doubts=doubts):
            _complete(changes, row, change, by=by)
            for name, value in changes.items():
                change.set(name, value)
            note_permit(change, now=now)
            if changes.keys() & {"issued_at", "issued_on"}:
                change.set("issued_offset", offset_of(row.issued_at) if row.issued_at else None)
                check_issued(row, now=now)
                check_nothing_earlier(row)
                doubts += early_proof_doubts(row, besides=early)
            if "expires_on" in change.touched:
                follow_last_day(row, former=last_day)
            check_kind(row.jurisdiction, row.kind)
            check_dates(row, served_field="issued_at")
        if "filed_by" in change.touched:
            name_filer(row)
        if change.touched & {"kind", "issued_on", "filed_by", "proof_found"}:
            check_asked(load_facts([row])[row.pk], filed_by=row.filed_by, proof_found=row.proof_found)
    return change.order


def _complete(changes: dict[str, Any], row: Order, change: Change, *, by: User | None) -> None:
    """Clean the changes, and add those that follow from them."""
    if "por_number" in changes:
        changes["por_number"] = clean_registry_number(changes["por_number"])
        court = row.case.court_id
        check_por_number(changes["por_number"], court=court, by=by, besides=row)
    if "firearms_alleged_count" in changes:
        check_alleged_count(count := changes["firearms_alleged_count"])
        if count and not row.firearms_indicated:
            changes.setdefault("firearms_indicated", True)
    count = changes.get("firearms_alleged_count", row.firearms_alleged_count)
    if count and not changes.get("firearms_indicated", row.firearms_indicated):
        refuse(
            "firearms_indicated",
            "alleged_count",
            f"The application alleges {count} firearms. Correct that number first.",
        )
    if "area" in changes:
        change.set("area", check_area(row.jurisdiction, changes.pop("area")))
        # In another time zone the same instant may be another day.
        changes.setdefault("issued_at", row.issued_as_given)
    if changes.get("issued_at") is not None:
        changes["issued_on"] = court_day(row, changes["issued_at"])


def correct_docket(order: Order, *, docket_number: str, by: User | None, now: datetime, reason: str) -> Order:
    """Change the docket number of the order's case, and so of every order in it.

    Raises `InvalidFact`, also if another case of the court has the number: then the order may have to be
    moved to that case.
    """
    with changing(order, "corrected", by=by, now=now, reason=need_reason(reason)) as change:
        case = change.order.case
        number = need_visible("docket_number", clean_docket(docket_number))
        others = Case.objects.filter(court=case.court_id, docket_number__in=spellings(number))
        # A case of another person without orders, or with orders entered in error only, does not count.
        used = Q(respondent=case.respondent_id) | Exists(Order.objects.filter(case=OuterRef("pk")))
        if others.filter(used).exclude(pk=case.pk).exists():
            refuse(
                "docket_number",
                "docket_taken",
                f"Another case of this court has the docket number {number}. Correct the number, or move the "
                "order if it belongs to that case.",
            )
        if number != case.docket_number:
            change.data["changes"] = {"docket_number": [case.docket_number, number]}
            case.docket_number = number
            case.save(update_fields=["docket_number"])
        change.is_of_whole_case = True
    return change.order
