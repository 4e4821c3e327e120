"""Firearms that leave police custody other than to the respondent: destroyed, or transferred."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.dates import format_instant
from accounts.models import POLICE, Agency, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import DisposalKind, Firearm, FirearmDisposal, Order
from orders.rules.license import LicenseError, parse_dealer_license
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import zone_of
from orders.services.firearms.returns import held_by_police
from orders.services.firearms.status import custody_follows, refresh_status
from orders.services.one_round import refuse
from orders.services.validation import check_instant, need_one_of


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
) -> list[FirearmDisposal]:
    """Record that police destroyed or transferred firearms in their custody. Raises `InvalidFact`."""
    with changing(order, "disposed", by=by, now=now, occurred_at=disposed_at) as change:
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
            row.save()
        refresh_status([row.firearm_id for row in rows])
        words = "; ".join(str(row.firearm) for row in rows)
        change.data["item"] = {"id": str(rows[0].public_id), "words": f"{DisposalKind(kind).label}: {words}"}
    return rows


def check_disposal(row: FirearmDisposal, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved disposal and set its offset. Raises `InvalidFact`."""
    need_one_of("kind", "unknown_disposal", row.kind, DisposalKind.values)
    row.disposed_offset = check_instant("disposed_at", row.disposed_at, now=now, zone=zone_of(row.order))
    if row.agency.kind not in POLICE:
        refuse("agency", "not_police", "Choose the police agency that had custody.")
    for name in ("officer", "authority", "dealer_license", "taker_name"):
        setattr(row, name, clean(getattr(row, name)))
    for name, missing in _MISSING.items():
        if not getattr(row, name):
            refuse(name, "required", missing)
    _check_taker(row)


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
