"""The receipt for firearms, on one page, for the person who handed them over.

It lists what was taken and nothing else: a line about a missing firearm would show what the application
states. It names neither the protected person nor the street. The true owner of a firearm can be the protected
person, so a receipt names no private person who took one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from accounts.dates import format_birth_date, format_instant
from orders.models import (
    Firearm,
    ItemKind,
    Receipt,
    ReceiptGiver,
    ReceiptKind,
    ReceiptSignature,
    SignatureMethod,
    SignatureParty,
)
from orders.services.court_days import zone_of
from orders.services.documents.blocks import (
    Block,
    Code,
    DataTable,
    Document,
    FactGrid,
    Heading,
    Items,
    Note,
    Paragraph,
    Signatures,
    Signer,
)
from orders.services.documents.codes import qr_code
from orders.services.documents.words import DocumentWords
from orders.services.firearms.signatures import corrected_at, signature_svg, signatures_of

_KIND = "receipt"


def receipt_number(receipt: Receipt) -> str:
    """Return the number that the paper carries: its own, or one that follows from its id."""
    return receipt.receipt_number or f"R-{str(receipt.public_id)[:8].upper()}"


def receipt_document(receipt: Receipt, words: DocumentWords, *, photographs: int = 0) -> Document:
    """Return the receipt. It comes with its order, case, court, respondent, agency, firearms and permits."""
    number = receipt_number(receipt)
    return Document(
        name=f"receipt-{number}",
        title=words.text(_KIND, "title"),
        office=str(receipt.agency) if receipt.agency else taker_words(receipt, words),
        number=number,
        language=words.language,
        page_words=words.page,
        foot=[words.text(_KIND, "foot", number=number), words.text("page", "not_advice")],
        blocks=[
            *_corrected(receipt, words),
            Paragraph(text=words.text(_KIND, "intro")),
            _facts(receipt, words),
            *_taken(receipt, words, photographs),
            Heading(text=words.text(_KIND, "signatures")),
            _signatures(receipt, words),
            Heading(text=words.text(_KIND, "means_heading")),
            Items(lines=words.lines(_KIND, "means")),
            Heading(text=words.text(_KIND, "back_heading")),
            Items(lines=words.lines(_KIND, "back")),
            Code(
                drawing=qr_code(number),
                alt=words.text(_KIND, "code", number=number),
                lines=[words.text(_KIND, "code", number=number), words.text(_KIND, "check")],
            ),
        ],
    )


def _corrected(receipt: Receipt, words: DocumentWords) -> list[Block]:
    """Return the line by which a corrected paper differs from the earlier one with the same number."""
    if (at := corrected_at(receipt)) is None:
        return []
    when = format_instant(at, zone_of(receipt.order), words.language)
    return [Paragraph(text=words.text(_KIND, "corrected", at=when.removesuffix(".")))]


def taker_words(receipt: Receipt, words: DocumentWords) -> str:
    """Return who took the items. A private person is not named."""
    if receipt.kind == ReceiptKind.POLICE and receipt.agency:
        return str(receipt.agency)
    return words.text("receipt_kind", receipt.kind, license=receipt.dealer_license)


def _facts(receipt: Receipt, words: DocumentWords) -> FactGrid:
    case, unknown = receipt.order.case, words.text("page", "not_recorded")
    born = case.respondent.date_of_birth
    at = format_instant(receipt.received_at, zone_of(receipt.order), words.language)
    return FactGrid(
        pairs=[
            (words.text(_KIND, "taken_from"), case.respondent.name),
            (words.text(_KIND, "born"), format_birth_date(born, words.language) if born else unknown),
            (words.text(_KIND, "at"), at),
            (words.text(_KIND, "docket"), case.docket_number),
            (words.text(_KIND, "taken_by"), taker_words(receipt, words)),
            (words.text(_KIND, "court"), str(case.court)),
        ]
    )


def _taken(receipt: Receipt, words: DocumentWords, photographs: int) -> list[Block]:
    firearms = list(receipt.firearms.all())
    heads = ("number_column", "item", "make", "caliber", "serial", "tag")
    tags = {one.firearm_id: one.tag for one in receipt.custody_steps.all()}
    found: list[Block] = [Heading(text=words.text(_KIND, "what", count=_counts(firearms, words)))]
    if firearms:
        found.append(
            DataTable(
                columns=[words.text(_KIND, one) for one in heads],
                widths=[2, 5, 6, 4, 6, 6],
                rows=[
                    [str(place), *_cells(one, words), tags.get(one.pk, "")]
                    for place, one in enumerate(firearms, 1)
                ],
            )
        )
    notes = [words.text(_KIND, "end_of_list")]
    if permits := [f"{one.kind} {one.number}".strip() for one in receipt.permits.all()]:
        notes.append(words.text(_KIND, "permits", permits="; ".join(permits)))
    if photographs:
        notes.append(
            words.text(_KIND, "photograph" if photographs == 1 else "photographs", count=photographs)
        )
    return [*found, Note(text=" ".join(notes))]


def _cells(firearm: Firearm, words: DocumentWords) -> list[str]:
    unknown = words.text("page", "not_recorded")
    kind = words.text("item_kind", firearm.item_kind, quantity=firearm.quantity)
    if firearm.item_kind == ItemKind.FIREARM:
        kind = firearm.firearm_type or kind
    return [
        ", ".join(filter(None, [kind, firearm.description])),
        " ".join(filter(None, [firearm.make, firearm.model])) or unknown,
        firearm.caliber or unknown,
        firearm.serial or words.text("page", "no_serial"),
    ]


def _counts(firearms: Sequence[Firearm], words: DocumentWords) -> str:
    counts = Counter(one.item_kind for one in firearms)
    found = [words.counted(kind, counts[kind]) for kind in ItemKind.values if counts[kind]]
    return ", ".join(found) or words.text("count", "nothing")


def _signatures(receipt: Receipt, words: DocumentWords) -> Signatures:
    by_party = {one.party: one for one in signatures_of(receipt)}
    giver, taker = by_party.get(SignatureParty.GIVER), by_party.get(SignatureParty.TAKER)
    officer = next((one.taken_by for one in receipt.custody_steps.all()), "")
    names = {
        "giver": _giver_words(receipt, words),
        "taker": (taker.name if taker else "") or officer or taker_words(receipt, words),
    }
    return Signatures(
        signers=[
            _signer(one, words.text(_KIND, key, name=names[key]), receipt, words)
            for key, one in (("giver", giver), ("taker", taker))
        ]
    )


def _giver_words(receipt: Receipt, words: DocumentWords) -> str:
    """Return who handed the items over. Another person is not named: it can be the protected person."""
    if receipt.giver == ReceiptGiver.RESPONDENT:
        return receipt.order.case.respondent.name
    return words.text(_KIND, f"giver_{receipt.giver}")


def _signer(signed: ReceiptSignature | None, who: str, receipt: Receipt, words: DocumentWords) -> Signer:
    """Return one signature; an empty line to sign by hand if there is no signature yet.

    A signature can be read as a name, so that of another person than the respondent is not drawn.
    """
    if signed is None:
        return Signer(caption=who)
    at = format_instant(signed.signed_at, zone_of(receipt.order), words.language)
    caption = words.text(_KIND, "signed_at", who=who, at=at)
    is_unnamed = signed.party == SignatureParty.GIVER and receipt.giver != ReceiptGiver.RESPONDENT
    if is_unnamed and signed.method != SignatureMethod.REFUSED:
        return Signer(caption=caption, instead=words.text(_KIND, "kept"))
    if signed.method == SignatureMethod.SCREEN:
        alt = words.text(_KIND, "signature")
        return Signer(caption=caption, drawing=signature_svg(signed.encrypted_drawing), alt=alt)
    instead = "on_paper" if signed.method == SignatureMethod.PAPER else "refused"
    return Signer(caption=caption, instead=words.text(_KIND, instead))
