"""Sworn statements of the respondent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts.dates import format_instant
from accounts.models import POLICE, Agency, AgencyKind, User
from accounts.text import clean
from orders.models import (
    Firearm,
    FirearmsAnswer,
    Order,
    Statement,
    StatementKind,
    StatementVerification,
    VerificationMethod,
)
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import check_proof_not_before_order, zone_of
from orders.services.firearms.status import refresh_status
from orders.services.one_round import doubt, refuse
from orders.services.planning.load_inventories import load_inventories
from orders.services.said_before import ask_if_recorded
from orders.services.validation import check_instant, need_one_of


def record_statement(
    order: Order,
    *,
    kind: str,
    sworn_at: datetime,
    by: User | None,
    now: datetime,
    receipt_number: str = "",
    firearms: Sequence[Firearm] = (),
    confirm: str = "",
) -> Statement:
    """Record a sworn statement. One of non-possession meets the deadline only if nothing contradicts it.

    A statement of firearms that cannot be reached names which of the list.
    Raises `InvalidFact`, and `DoubtfulFact` for a statement from before the order, or one that is recorded,
    unless `confirm` gives the reason.
    """
    with changing(
        order, "statement_recorded", by=by, now=now, occurred_at=sworn_at, reason=clean(confirm)
    ) as change:
        statement = Statement(order=change.order, kind=kind, sworn_at=sworn_at, receipt_number=receipt_number)
        check_statement(statement, now=now, confirm=confirm)
        unreachable = _unreachable(statement, firearms)
        statement.save()
        statement.firearms.set(unreachable)
        refresh_status(unreachable)
        change.data["statement"] = str(statement.public_id)
        STATEMENT.note(change, statement)
    return statement


def check_statement(statement: Statement, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved statement and set its offset. Raises `InvalidFact` and `DoubtfulFact`."""
    order, at = statement.order, statement.sworn_at
    statement.sworn_offset = check_instant("sworn_at", at, now=now, zone=zone_of(order))
    check_proof_not_before_order("sworn_at", order, at, confirm=confirm)
    need_one_of("kind", "unknown_statement", statement.kind, StatementKind.values)
    statement.receipt_number = number = clean(statement.receipt_number)
    same = Statement.objects.filter(order=order, receipt_number__iexact=number).exclude(pk=statement.pk)
    if number and same.exists():
        refuse("receipt_number", "duplicate_statement", f"Statement {number} is already recorded.")
    told = ("sworn_at", "kind", "receipt_number")
    ask_if_recorded(statement, told, words=_in_words, confirm=confirm)
    if statement.pk is not None:
        _check_corrected(statement)


def _check_corrected(statement: Statement) -> None:
    """Refuse a correction after which a check is not of a denial that was sworn before it."""
    zone, is_denial = zone_of(statement.order), statement.kind == StatementKind.NON_POSSESSION
    for check in statement.verifications.all():
        if not is_denial:
            refuse(
                "kind",
                "verified",
                f"A check of this statement is recorded ({_check_in_words(check)}). Withdraw the check "
                "first.",
            )
        if check.verified_at < statement.sworn_at:
            refuse(
                "sworn_at",
                "after_the_check",
                f"{format_instant(statement.sworn_at, zone)} is after the check of this statement "
                f"({_check_in_words(check)}). Correct one of the two.",
            )


def _unreachable(statement: Statement, firearms: Sequence[Firearm]) -> list[int]:
    """The keys of the firearms that a statement names, which must be of its case. Raises `InvalidFact`."""
    listed = Firearm.objects.of_case(statement.order.case_id)
    is_unreachable = statement.kind == StatementKind.UNREACHABLE
    if firearms and not is_unreachable:
        refuse("firearms", "not_asked", "Only a statement of firearms that cannot be reached names firearms.")
    if is_unreachable and not firearms and listed.exists():
        refuse("firearms", "required", "Choose the firearms that cannot be reached.")
    named = list(listed.filter(pk__in=[one.pk for one in firearms]).values_list("pk", flat=True))
    if len(named) < len({one.pk for one in firearms}):
        refuse("firearms", "firearm_of_another_order", "A firearm belongs to another case.")
    return named


def _remove_statement(statement: Statement) -> None:
    named = list(statement.firearms.values_list("pk", flat=True))
    statement.delete()
    refresh_status(named)


def _follow_statement(statement: Statement) -> None:
    """Clear the firearms of a statement that is not about them any more, and set their status again."""
    named = list(statement.firearms.values_list("pk", flat=True))
    if statement.kind != StatementKind.UNREACHABLE:
        statement.firearms.clear()
    refresh_status(named)


def _in_words(statement: Statement) -> str:
    sworn = format_instant(statement.sworn_at, zone_of(statement.order))
    return f"{statement.get_kind_display()}, sworn {sworn}"


def _check_statement_withdrawable(statement: Statement) -> None:
    if check := statement.verifications.first():
        refuse(
            "statement",
            "verified",
            f"A check of this statement is recorded ({_check_in_words(check)}). Withdraw the check first.",
        )


STATEMENT = Correctable(
    name="statement",
    model=Statement,
    noun="statement",
    words=_in_words,
    columns=(
        ChoiceColumn(name="kind", label="The respondent swears"),
        InstantColumn(name="sworn_at", label="Sworn"),
        Column(name="receipt_number", label="Number"),
    ),
    check=check_statement,
    check_withdrawable=_check_statement_withdrawable,
    remove=_remove_statement,
    after_correction=_follow_statement,
)


def verify_statement(
    statement: Statement,
    *,
    verified_at: datetime,
    agency: Agency,
    verified_by: str,
    method: str,
    by: User | None,
    now: datetime,
    note: str = "",
    confirm: str = "",
) -> StatementVerification:
    """Record a check that confirmed a statement of no firearms. It accounts for everything still open.

    Raises `InvalidFact`, and `DoubtfulFact` if the respondent admitted firearms at service, unless
    `confirm` gives the reason.
    """
    with changing(
        statement.order,
        "statement_verified",
        by=by,
        now=now,
        occurred_at=verified_at,
        reason=clean(confirm),
    ) as change:
        row = StatementVerification(
            order=change.order,
            statement=Statement.objects.get(pk=statement.pk, order=change.order),
            verified_at=verified_at,
            agency=agency,
            verified_by=verified_by,
            method=method,
            note=note,
        )
        check_verification(row, now=now, confirm=confirm)
        balance = load_inventories([change.order.case_id])[change.order.case_id].balance_for(change.order)
        row.unlisted = balance.unlisted
        row.save()
        row.firearms.set(balance.open_items)
        refresh_status(balance.open_items)
        VERIFICATION.note(change, row)
    return row


def check_verification(row: StatementVerification, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved verification and set its offset. Raises `InvalidFact` and `DoubtfulFact`."""
    statement, zone = row.statement, zone_of(row.order)
    if statement.kind != StatementKind.NON_POSSESSION:
        refuse("statement", "not_a_denial", "Only a statement of no firearms can be verified. Choose one.")
    row.verified_offset = check_instant("verified_at", row.verified_at, now=now, zone=zone)
    if row.verified_at < statement.sworn_at:
        refuse(
            "verified_at",
            "before_the_statement",
            f"{format_instant(row.verified_at, zone)} is before the statement was sworn "
            f"({format_instant(statement.sworn_at, zone)}). Correct one of the two.",
        )
    if row.agency.kind not in (*POLICE, AgencyKind.COURT):
        refuse("agency", "not_a_checker", "Choose the court or the police agency that checked.")
    row.verified_by, row.note = clean(row.verified_by), clean(row.note)
    if not row.verified_by:
        refuse("verified_by", "required", "Enter the name of the person who checked.")
    need_one_of("method", "unknown_method", row.method, VerificationMethod.values)
    if row.method == VerificationMethod.OTHER and not row.note:
        refuse("note", "required", "Describe how the statement was checked.")
    if statement.verifications.filter(verified_at=row.verified_at).exclude(pk=row.pk).exists():
        refuse("verified_at", "duplicate_check", "This check is already recorded.")
    if row.order.firearms_answer == FirearmsAnswer.YES and not confirm.strip():
        doubt(
            "statement",
            "contradicts_answer",
            "At service the respondent answered that there are firearms. Confirm with a reason why the check "
            "nevertheless shows the opposite.",
        )


def _check_in_words(row: StatementVerification) -> str:
    checked = format_instant(row.verified_at, zone_of(row.order))
    return f"{row.get_method_display()}, {row.agency}, {checked}"


def _remove_verification(row: StatementVerification) -> None:
    firearms = list(row.firearms.values_list("pk", flat=True))
    row.delete()
    refresh_status(firearms)


def _refresh_verified(row: StatementVerification) -> None:
    refresh_status(list(row.firearms.values_list("pk", flat=True)))


VERIFICATION = Correctable(
    name="verification",
    model=StatementVerification,
    noun="check of a statement",
    words=_check_in_words,
    columns=(
        InstantColumn(name="verified_at", label="Checked"),
        Column(name="agency", label="Checked by the agency"),
        Column(name="verified_by", label="Checked by"),
        ChoiceColumn(name="method", label="How"),
        Column(name="note", label="Note"),
    ),
    check=check_verification,
    remove=_remove_verification,
    after_correction=_refresh_verified,
)
