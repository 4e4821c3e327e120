"""Firearms that leave police custody other than to the respondent: destroyed, or transferred."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from accounts.dates import format_day, format_instant
from accounts.models import Agency, User
from accounts.text import clean
from orders.errors import DoubtfulFact, InvalidFact
from orders.models import (
    CustodyRequest,
    CustodyRequestKind,
    Deadline,
    DeadlineState,
    DisposalKind,
    Firearm,
    FirearmDisposal,
    Order,
    ReceiptItem,
    ReceiptKind,
)
from orders.rules.court_time import local_date
from orders.rules.license import LicenseError, parse_dealer_license
from orders.rules.plan import in_force
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import zone_of
from orders.services.firearms.custody import check_corrected_holder, check_holder
from orders.services.firearms.returns import held_by_police
from orders.services.firearms.status import custody_follows, held_since, refresh_status
from orders.services.firearms.takers import taker_refusal
from orders.services.limits import ask
from orders.services.one_round import refuse
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import bundled, rulebooks_of
from orders.services.validation import check_instant, need_one_of, need_police


def record_disposal(
    order: Order,
    *,
    firearms: Sequence[Firearm],
    kind: str,
    disposed_at: datetime,
    agency: Agency,
    officer: str,
    authority: str,
    by: User | None,
    now: datetime,
    dealer_license: str = "",
    taker_name: str = "",
    confirm: str = "",
) -> list[FirearmDisposal]:
    """Record that police destroyed or transferred firearms in their custody.

    Raises `InvalidFact`, and `DoubtfulFact` for what the law does not allow yet, or not to this taker, unless
    `confirm` gives the reason: a court can order it, for the owner of a firearm for example.
    """
    reason = clean(confirm)
    with changing(order, "disposed", by=by, now=now, occurred_at=disposed_at, reason=reason) as change:
        rows = [
            FirearmDisposal(
                order=change.order,
                firearm=one,
                kind=kind,
                disposed_at=disposed_at,
                agency=agency,
                officer=officer,
                authority=authority,
                dealer_license=dealer_license,
                taker_name=taker_name,
            )
            for one in held_by_police(change.order, firearms, disposed_at, field_name="disposed_at")
        ]
        for row in rows:
            check_disposal(row, now=now)
        check_holder(agency, [row.firearm for row in rows])
        for row in rows:
            ask(_doubts(row), confirm=confirm)
            row.save()
        refresh_status([row.firearm_id for row in rows])
        words = "; ".join(str(row.firearm) for row in rows)
        change.data["item"] = {"id": str(rows[0].public_id), "words": f"{DisposalKind(kind).label}: {words}"}
    return rows


def check_disposal(row: FirearmDisposal, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved disposal and set its offset. Raises `InvalidFact`.

    Raises `DoubtfulFact` for a correction that the law does not allow, unless `confirm` gives the reason.
    """
    need_one_of("kind", "unknown_disposal", row.kind, DisposalKind.values)
    row.disposed_offset = check_instant("disposed_at", row.disposed_at, now=now, zone=zone_of(row.order))
    need_police(row.agency, "Choose the police agency that had custody.")
    for name in ("officer", "authority", "dealer_license", "taker_name"):
        setattr(row, name, clean(getattr(row, name)))
    for name, missing in _MISSING.items():
        if not getattr(row, name):
            refuse(name, "required", missing)
    _check_taker(row)
    check_corrected_holder(row)
    if (stored := FirearmDisposal.objects.filter(pk=row.pk).first()) and _what(stored) != _what(row):
        ask(_doubts(row), confirm=confirm)


def _what(row: FirearmDisposal) -> tuple[object, ...]:
    """What the law of a disposal depends on."""
    return row.kind, row.disposed_at, row.dealer_license, row.taker_name


def _doubts(row: FirearmDisposal) -> list[DoubtfulFact]:
    """Return what speaks against it: an open request for return, the law's day, or the law's recipients."""
    found = []
    asked = CustodyRequest.objects.filter(firearms=row.firearm, kind=CustodyRequestKind.RETURN, decision=None)
    if asked.exists():
        found.append(
            DoubtfulFact(
                "firearms",
                "return_requested",
                f"The respondent asked for {row.firearm} back, and the request is open. Decide it first, or "
                "give the reason to continue.",
            )
        )
    if row.kind == DisposalKind.DESTROYED:
        doubts = [_too_early(row)]
    else:
        doubts = [_doubtful_taker(row), _without_notice(row)]
    return [*found, *(one for one in doubts if one is not None)]


def _too_early(row: FirearmDisposal) -> DoubtfulFact | None:
    """Return a doubt about a destruction before the day from which a rule of the order has it."""
    rules = [rule.id for rule in bundled().rules if any(one.event == "destroyed" for one in rule.met_by)]
    receipts = ReceiptItem.objects.filter(firearm=row.firearm, receipt__kind=ReceiptKind.POLICE)
    keys = {one.hex for one in receipts.values_list("receipt__public_id", flat=True)}
    planned = Deadline.objects.filter(order__case=row.order.case_id, rule_id__in=rules)
    days = [
        day
        for one in planned.exclude(state=DeadlineState.WITHDRAWN)
        if (one.occurrence in keys or one.opens_on) and (day := one.opens_on or one.due_on)
    ]
    if days and local_date(row.disposed_at, zone_of(row.order)) >= max(days):
        return None
    if not days and not _is_in_force(row):
        return None
    law = f"Firearms are destroyed from {format_day(max(days))} on." if days else "The order is in force."
    message = f"{law} Correct the day, or give the reason to continue, such as the order of a court."
    return DoubtfulFact("disposed_at", "too_early", message)


def _without_notice(row: FirearmDisposal) -> DoubtfulFact | None:
    """Return a doubt about a transfer without the joint notice that the law of the order asks.

    An earlier notice that names no firearm is about what police held when it was recorded.
    """
    day = local_date(row.disposed_at, zone_of(row.order))
    notices = CustodyRequest.objects.of_case(row.order.case_id).filter(
        kind=CustodyRequestKind.SALE, dealer_license=row.dealer_license, requested_on__lte=day
    )
    received = held_since([row.firearm_id], row.disposed_at).get(row.firearm_id)
    unnamed = Q(firearms=None, recorded_at__gte=received) if received else Q(firearms=None)
    if notices.filter(Q(firearms=row.firearm) | unnamed).exists():
        return None
    rules = bundled().binding(load_facts([row.order])[row.order_id])
    if not any(one.starts == "transfer_notice_received" and one.value_on(day) is not None for one in rules):
        return None
    field, taker = ("dealer_license", "dealer") if row.dealer_license else ("taker_name", "person")
    return DoubtfulFact(
        field,
        "no_joint_notice",
        f"No joint written notice of the respondent and this {taker} about {row.firearm} is recorded. Record "
        "it first, or give the reason to continue, such as the order of a court.",
    )


def _is_in_force(row: FirearmDisposal) -> bool:
    """True if an order of the case was in force when the firearm left custody."""
    rulebook = rulebooks_of([row.order.case.court_id])[row.order.case.court_id]
    facts = load_facts(list(Order.objects.filter(case=row.order.case_id)))
    return any(in_force(one, rulebook, row.disposed_at) for one in facts.values())


def _doubtful_taker(row: FirearmDisposal) -> DoubtfulFact | None:
    """Return a doubt about a transfer that the law of an order in force does not allow."""
    kind = ReceiptKind.DEALER if row.dealer_license else ReceiptKind.THIRD_PARTY
    refusal = taker_refusal(row.order, kind, row.disposed_at)
    field = "dealer_license" if row.dealer_license else "taker_name"
    return DoubtfulFact(field, "unlawful_recipient", refusal) if refusal else None


#: What to enter in place of an empty text.
_MISSING = {
    "officer": "Enter who did it.",
    "authority": "Enter what allows it, such as a court order with its date.",
}


def _check_taker(row: FirearmDisposal) -> None:
    if row.kind == DisposalKind.DESTROYED:
        if row.dealer_license or row.taker_name:
            refuse("taker_name", "not_the_taker", "No one takes a firearm that is destroyed.")
        return
    if bool(row.dealer_license) == bool(row.taker_name):
        refuse(
            "taker_name", "required", "Enter the dealer's license, or the name of the person, but not both."
        )
    if row.dealer_license:
        try:
            row.dealer_license = parse_dealer_license(row.dealer_license).number
        except LicenseError as error:
            raise InvalidFact("dealer_license", "invalid_dealer_license", str(error)) from error


def _remove(row: FirearmDisposal) -> None:
    row.delete()
    _follow(row)


def _follow(row: FirearmDisposal) -> None:
    refresh_status([row.firearm_id])
    if not custody_follows([row.firearm_id]):
        refuse(
            "disposed_at",
            "moved_since",
            f"Another fact about {row.firearm} contradicts this. Correct or withdraw that first.",
        )


DISPOSAL = Correctable(
    name="disposal",
    model=FirearmDisposal,
    noun="disposal",
    words=lambda row: (
        f"{row.firearm}: {row.get_kind_display().lower()}, "
        f"{format_instant(row.disposed_at, zone_of(row.order))}"
    ),
    columns=(
        InstantColumn(name="disposed_at", label="When"),
        ChoiceColumn(name="kind", label="What happened"),
        Column(name="agency", label="Police agency"),
        Column(name="officer", label="Officer"),
        Column(name="authority", label="Authority"),
        Column(name="dealer_license", label="Dealer's license"),
        Column(name="taker_name", label="Name of the person", is_private=True),
    ),
    check=check_disposal,
    remove=_remove,
    after_correction=_follow,
)
