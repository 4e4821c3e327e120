"""Add a file to an order, read it, and withdraw it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime

from accounts.access import MATRIX
from accounts.encrypted_files import read_file, write_file
from accounts.models import User
from orders.errors import InvalidFact, NotYours
from orders.models import Attachment, AttachmentKind, CaseEvent, Order, Receipt, Statement
from orders.querysets import VIEW_KIND
from orders.services.attachments.checking import check_file
from orders.services.attachments.scanning import scan_file
from orders.services.change import Change, changing
from orders.services.parties.visibility import roles_over
from orders.services.validation import need_one_of, need_reason

#: The kinds in the history of an order. Only readers who see the kind of file see these entries.
ATTACHED, ATTACHMENT_WITHDRAWN = "file_attached", "file_withdrawn"
OF_FILES = (ATTACHED, ATTACHMENT_WITHDRAWN)
#: The event of a case that the return of service came in.
RETURNED = "service_returned"

#: Kinds that an act of its own makes; no one uploads them.
MADE_HERE = (AttachmentKind.FILED_RETURN,)
#: The kinds of a return of service: a scan, or one that was signed here.
RETURNS = (AttachmentKind.RETURN_OF_SERVICE, AttachmentKind.FILED_RETURN)

_ACTIONS = MATRIX.resources["attachment"].actions
ADD_KIND = "add_"


def kinds_to_add(roles: Collection[str]) -> list[AttachmentKind]:
    """Return the kinds of files that a person in these roles over an order may upload."""
    return [
        one
        for one in AttachmentKind
        if one not in MADE_HERE and not _ACTIONS[f"{ADD_KIND}{one}"].isdisjoint(roles)
    ]


def may_withdraw(kind: str, roles: Collection[str]) -> bool:
    """True if a person in these roles over an order may withdraw a file of this kind."""
    if kind in MADE_HERE:
        return MATRIX.may(roles, f"withdraw_{kind}", "attachment")
    return kind in kinds_to_add(roles)


def kinds_to_see(roles: Collection[str]) -> list[AttachmentKind]:
    """Return the kinds of files that a person in these roles over an order sees."""
    return [one for one in AttachmentKind if not _ACTIONS[f"{VIEW_KIND}{one}"].isdisjoint(roles)]


def attach_file(
    order: Order,
    *,
    kind: str,
    file: bytes,
    by: User | None,
    now: datetime,
    receipt: Receipt | None = None,
    statement: Statement | None = None,
    is_made_here: bool = False,
) -> Attachment:
    """Check, scan, encrypt and store a file of the order. The same file sent again is stored once.

    An act that makes the file itself sets `is_made_here` and checks the person.
    Raises `InvalidFact`, and `NotYours` for a kind that the person may not add.
    """
    need_one_of("kind", "unknown_kind", kind, AttachmentKind.values)
    if not is_made_here and not _may(order, by, lambda roles: kind in kinds_to_add(roles)):
        raise _not_yours()
    for name, fact in (("receipt", receipt), ("statement", statement)):
        if fact is not None and fact.order.case_id != order.case_id:
            raise InvalidFact(
                name, "of_another_case", f"This {name} belongs to another case. Choose another."
            )
    checked = check_file(file)
    scan = scan_file(file)
    digest = hashlib.sha256(checked.content).hexdigest()
    try:
        with changing(order, ATTACHED, by=by, now=now) as change:
            same = Attachment.objects.filter(order=change.order, kind=kind, sha256=digest, withdrawn_at=None)
            if (stored := same.first()) is not None:
                raise _AlreadyStoredError(stored)
            row = Attachment.objects.create(
                order=change.order,
                kind=kind,
                receipt=receipt,
                statement=statement,
                # Without the row, after a crash, the sweep removes the file.
                stored_as=write_file(checked.content),
                sha256=digest,
                size=len(checked.content),
                content_type=checked.content_type,
                scan=scan,
                uploaded_at=now,
                uploaded_by=by,
            )
            _note(change, row)
    except _AlreadyStoredError as found:
        return found.row
    return row


def withdraw_attachment(
    order: Order,
    *,
    attachment: Attachment,
    by: User | None,
    now: datetime,
    reason: str,
    is_made_here: bool = False,
) -> None:
    """Show a file to no one any more; the sweep removes it a month later.

    Raises `InvalidFact`, and `NotYours`.
    """
    why = need_reason(reason)
    if not is_made_here and not _may(order, by, lambda roles: may_withdraw(attachment.kind, roles)):
        raise _not_yours()
    with changing(order, ATTACHMENT_WITHDRAWN, by=by, now=now, reason=why) as change:
        row = Attachment.objects.filter(order=change.order, pk=attachment.pk, withdrawn_at=None).first()
        if row is None:
            raise InvalidFact(
                "attachment", "withdrawn", "Someone has withdrawn this file. Open the page again."
            )
        row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = now, by, why
        row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
        _note(change, row)
        if row.kind in RETURNS:
            # Filed with this file and at the same instant: without the file the court has no return.
            filed = CaseEvent.objects.filter(order=change.order, kind=RETURNED, occurred_at=row.uploaded_at)
            filed.delete()


def content_of(attachment: Attachment) -> bytes:
    """Return the content. Raises `FileNotFoundError`, and InvalidToken if its key is gone."""
    return read_file(attachment.stored_as)


class _AlreadyStoredError(Exception):
    """The same file was stored before: nothing is recorded again."""

    def __init__(self, row: Attachment) -> None:
        super().__init__("already stored")
        self.row = row


def _note(change: Change, row: Attachment) -> None:
    change.data["item"] = {"id": str(row.public_id), "words": str(row)}
    change.data["kind"] = row.kind


def _may(order: Order, by: User | None, check: Callable[[Collection[str]], bool]) -> bool:
    """True if one of the person's roles over the order passes; the system may always."""
    return by is None or check(roles_over(by, [order.pk])[order.pk])


def _not_yours() -> NotYours:
    return NotYours("kind", "not_yours", "Files of this kind are for others to add. Choose another kind.")
