"""Signatures of a receipt: by the officer who took the firearms, and by the person who handed them over."""

from __future__ import annotations

import re
from datetime import datetime

from accounts.models import User
from accounts.text import clean
from orders.models import HistoryEntry, Receipt, ReceiptSignature, SignatureMethod, SignatureParty
from orders.services.change import changing
from orders.services.one_round import refuse
from orders.services.validation import need_one_of

#: The size of the field in which a person signs; a page sends the pen's path in these units.
WIDTH, HEIGHT = 600, 200
#: The longest path of a pen, in characters.
LONGEST = 20_000
#: Only moves and lines to whole numbers: the path is drawn on paper and can carry nothing else.
_PATH = re.compile(r"(?:M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})+)+")


def sign_receipt(
    receipt: Receipt,
    *,
    party: str,
    method: str,
    by: User | None,
    now: datetime,
    drawing: str = "",
    name: str = "",
) -> ReceiptSignature:
    """Record how one party signed: on the screen, on paper, or not at all.

    `drawing` is the path of the pen on the screen, such as “M10 20L11 25”, in a field of 600 by 200. `name`
    is the officer's, with the badge number; the person who handed them over is the respondent.
    The same signature sent again is stored once. Raises `InvalidFact`.
    """
    need_one_of("party", "unknown_party", party, SignatureParty.values)
    need_one_of("method", "unknown_method", method, SignatureMethod.values)
    if method == SignatureMethod.SCREEN:
        check_drawing(drawing)
    elif drawing:
        refuse("drawing", "not_on_screen", "Leave the drawing empty: it was not signed here.")
    named = clean(name) if party == SignatureParty.TAKER else ""
    stored = ReceiptSignature.objects.filter(receipt=receipt, party=party).first()
    if stored is not None:
        if (stored.method, stored.encrypted_drawing, stored.name) == (method, drawing, named):
            return stored
        refuse("party", "already_signed", "This side of the receipt is signed already.")
    with changing(receipt.order, "receipt_signed", by=by, now=now) as change:
        row = ReceiptSignature.objects.create(
            receipt=receipt,
            party=party,
            method=method,
            name=named,
            encrypted_drawing=drawing,
            signed_at=now,
        )
        change.data["receipt"] = str(receipt.public_id)
        change.data["signed"] = {"party": party, "method": method}
    return row


def signatures_of(receipt: Receipt) -> list[ReceiptSignature]:
    """Return the signatures that still belong to what the receipt lists.

    Who signed saw the list of that moment. After a correction of the receipt or of a firearm on it, the paper
    has lines to sign again.
    """
    mine = {str(one.public_id) for one in receipt.firearms.all()} | {str(receipt.public_id)}
    kinds = ("receipt_signed", "receipt_corrected", "firearm_corrected")
    entries = HistoryEntry.objects.filter(order__case=receipt.order.case_id, kind__in=kinds).order_by("id")
    signed: set[str] = set()
    for data in entries.values_list("data", flat=True):
        if data.get("receipt") in mine and "signed" in data:
            signed.add(data["signed"]["party"])
        elif data.get("item", {}).get("id") in mine and "corrected" in data:
            signed.clear()
    return [one for one in receipt.signatures.order_by("id") if one.party in signed]


def corrected_at(receipt: Receipt) -> datetime | None:
    """Return when the receipt, or an item on it, was last corrected after it was recorded; else None."""
    mine = {str(one.public_id) for one in receipt.firearms.all()} | {str(receipt.public_id)}
    kinds = ("receipt_recorded", "receipt_corrected", "receipt_extended", "firearm_corrected")
    rows = HistoryEntry.objects.filter(order__case=receipt.order.case_id, kind__in=kinds).order_by("id")
    found: datetime | None = None
    is_recorded = False
    for kind, data, at in rows.values_list("kind", "data", "recorded_at"):
        is_mine = data.get("receipt") == str(receipt.public_id)
        is_recorded = is_recorded or (kind == "receipt_recorded" and is_mine)
        is_changed = data.get("item", {}).get("id") in mine and "corrected" in data
        is_recorded = is_recorded or (kind == "receipt_corrected" and is_changed)
        if is_recorded and (is_changed or (kind == "receipt_extended" and is_mine)):
            found = at
    return found


def signature_svg(drawing: str) -> str:
    """Return the path of a pen as a picture. Raises `ValueError` for anything but moves and lines."""
    if not _PATH.fullmatch(drawing):
        raise ValueError("This is not the path of a pen.")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}"><path d="{drawing}" fill="transparent" stroke="#111" stroke-width="3" '
        'stroke-linecap="round" stroke-linejoin="round"/></svg>'
    )


def check_drawing(drawing: str) -> None:
    """Raise `InvalidFact` if this is not the path of a pen on the screen."""
    if not drawing:
        refuse("drawing", "required", "Sign in the field, or choose “Signed on paper”.")
    if len(drawing) > LONGEST or not _PATH.fullmatch(drawing):
        refuse("drawing", "invalid_drawing", "The drawing cannot be read. Clear it and sign again.")
