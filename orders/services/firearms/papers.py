"""Where a receipt was given, and the paper that was signed for it."""

from __future__ import annotations

from orders.models import Attachment, AttachmentKind, Receipt, SignatureMethod


def place_words(receipt: Receipt) -> str:
    """Return the place and the town of the hand-over; empty if neither is known."""
    return ", ".join(filter(None, [receipt.handed_over_at, str(receipt.town) if receipt.town else ""]))


def papers_of(receipt: Receipt) -> list[Attachment]:
    """Return the photographs and scans of the signed paper."""
    rows = receipt.attachments.all()
    return [one for one in rows if one.kind == AttachmentKind.RECEIPT and one.withdrawn_at is None]


def wants_paper(receipt: Receipt) -> bool:
    """True if somebody signed on paper and no photograph or scan of it is kept."""
    on_paper = any(one.method == SignatureMethod.PAPER for one in receipt.signatures.all())
    return on_paper and not papers_of(receipt)
