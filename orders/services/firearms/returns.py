"""Return of firearms by police to the respondent, once the law of the order allows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db.models import Max
from typing_extensions import override

from accounts.dates import format_day, format_instant
from accounts.models import Agency, User
from accounts.text import clean
from orders.models import Confirmed, Firearm, FirearmReturn, FirearmStatus, Order, ReceiptKind
from orders.querysets import OrderQuerySet
from orders.rules.facts import Facts
from orders.rules.model import Entry, cite
from orders.rules.plan import in_force, plan
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import EntryType, ReturnRequirement
from orders.services.change import changing
from orders.services.conditions.notices import law_of
from orders.services.correctable import NOTHING, Column, Correctable, InstantColumn
from orders.services.court_days import zone_of
from orders.services.firearms.custody import check_corrected_holder, check_holder
from orders.services.firearms.release import REQUESTED, Release, requests_of, too_early
from orders.services.firearms.status import custody_follows, held_since, refresh_status
from orders.services.one_round import doubt, refuse
from orders.services.order_state import last_days
from orders.services.planning.load_facts import load_facts
from orders.services.planning.rulebooks import bundled, rulebooks_of
from orders.services.related_orders import order_words, orders_of_person, same_name_orders
from orders.services.validation import check_instant, need_one_of, need_police


def asked_before_return(order: Order) -> list[Confirmed]:
    """What a person must confirm before firearms are returned under this order, in the rulebook's order."""
    asking = (entry for entry in law_of(order) if entry.type is EntryType.RETURN)
    return list(dict.fromkeys(one for entry in asking for one in _to_confirm(entry)))


def record_return(
    order: Order,
    *,
    firearms: Sequence[Firearm],
    returned_at: datetime,
    agency: Agency,
    officer: str,
    by: User | None,
    now: datetime,
    confirmed: Collection[str] = (),
    confirm: str = "",
) -> list[FirearmReturn]:
    """Record that firearms in police custody went back to the respondent at `returned_at`.

    The return of the last firearm in custody meets the deadline for it. Raises `InvalidFact`, in the words of
    the rule, while an order against the person is in force at any court, if it is too early, or if a required
    confirmation is missing; `DoubtfulFact` while an order against someone of the same name is in force,
    unless `confirm` gives the reason.
    """
    with changing(
        order, "returned", by=by, now=now, occurred_at=returned_at, reason=clean(confirm)
    ) as change:
        check_instant("returned_at", returned_at, now=now, zone=zone_of(change.order))
        held = held_by_police(change.order, firearms, returned_at)
        returns = [
            FirearmReturn(
                order=change.order,
                firearm=one,
                returned_at=returned_at,
                agency=agency,
                officer=officer,
                confirmed=list(confirmed),
            )
            for one in held
        ]
        check_return(returns[0], now=now, confirm=confirm, firearms=held)
        check_holder(agency, held)
        for one in returns:
            for name in ("returned_offset", "officer", "confirmed"):
                setattr(one, name, getattr(returns[0], name))
        change.data["return"] = {
            "firearms": [str(one.public_id) for one in held],
            "confirmed": returns[0].confirmed,
        }
        change.data["item"] = {"words": "; ".join(map(str, held))}
        FirearmReturn.objects.bulk_create(returns)
        refresh_status([one.pk for one in held])
        return returns


def check_return(
    row: FirearmReturn, *, now: datetime, confirm: str = "", firearms: Sequence[Firearm] = ()
) -> None:
    """Check an unsaved return of its firearm, or of all of `firearms`, by the law of its order.

    Set its offset, and what was confirmed before. Raises `InvalidFact`.
    """
    order, at = row.order, row.returned_at
    row.returned_offset = check_instant("returned_at", at, now=now, zone=zone_of(order))
    need_police(row.agency, "Choose the police agency that returned the firearms.")
    row.officer = clean(row.officer)
    if not row.officer:
        refuse("officer", "required", "Enter who returned the firearms.")
    check_corrected_holder(row)
    _check_person(order, at, confirm=confirm)
    _check_allowed(row, firearms or [row.firearm])
    row.confirmed = [one.value for one in Confirmed if one in row.confirmed]


def withdraw_return(
    order: Order, *, returned: FirearmReturn, by: User | None, now: datetime, reason: str
) -> None:
    """Withdraw a wrong return: police hold the firearm, and the deadline for its return is open.

    Raises `InvalidFact` if the firearm was surrendered again since then.
    """
    returned.order = order
    RETURN.withdraw(returned, by=by, now=now, reason=reason)


def _check_last(row: FirearmReturn) -> None:
    if row.firearm.status != FirearmStatus.RETURNED:
        refuse(
            "returned",
            "moved_since",
            f"{row.firearm} was surrendered again since then. Withdraw that receipt first.",
        )


def _remove(row: FirearmReturn) -> None:
    row.delete()
    refresh_status([row.firearm_id])


def _refresh(row: FirearmReturn) -> None:
    """Refresh the status of the firearm after a correction. Raises `InvalidFact`."""
    refresh_status([row.firearm_id])
    if not custody_follows([row.firearm_id]):
        refuse(
            "returned_at",
            "returned_before_receipt",
            "Police did not hold the firearm at that time. Correct this time, or the receipt first.",
        )


class _ConfirmedColumn(Column):
    """What was confirmed before a return."""

    @override
    def words(self, row: FirearmReturn) -> str:
        return "; ".join(str(Confirmed(one).label) for one in row.confirmed) or NOTHING


RETURN = Correctable(
    name="return",
    model=FirearmReturn,
    noun="return",
    words=lambda row: f"{row.firearm}, returned {format_instant(row.returned_at, zone_of(row.order))}",
    columns=(
        InstantColumn(name="returned_at", label="Returned"),
        Column(name="agency", label="Police agency"),
        Column(name="officer", label="Officer"),
        _ConfirmedColumn(name="confirmed", label="Confirmed"),
    ),
    check=check_return,
    check_withdrawable=_check_last,
    remove=_remove,
    after_correction=_refresh,
)


def held_by_police(
    order: Order, firearms: Sequence[Firearm], at: datetime, *, field_name: str = "returned_at"
) -> list[Firearm]:
    """The firearms, which must be in police custody at `at`. Raises `InvalidFact`."""
    if not firearms:
        refuse("firearms", "required", "Choose at least one firearm.")
    rows = Firearm.objects.of_case(order.case_id).filter(pk__in=[one.pk for one in firearms])
    mine = {one.pk: one for one in rows}
    if any(one.pk not in mine for one in firearms):
        refuse(
            "firearms",
            "firearm_of_another_order",
            "A firearm belongs to another case. Choose from this list.",
        )
    for one in mine.values():
        if one.status != FirearmStatus.SURRENDERED:
            refuse(
                "firearms",
                "not_in_custody",
                f"{one}: {one.get_status_display().lower()}. Only a firearm in police custody can "
                "leave it. Record the police receipt first.",
            )
    taken = rows.filter(receipts__kind=ReceiptKind.POLICE).aggregate(last=Max("receipts__received_at"))
    if taken["last"] is not None and at < taken["last"]:
        refuse(
            field_name,
            "returned_before_receipt",
            f"{format_instant(at, zone_of(order))} is before police took the firearms. Correct this time, or "
            "the receipt first.",
        )
    return list(mine.values())


def _check_allowed(row: FirearmReturn, firearms: Sequence[Firearm]) -> None:
    order, at = row.order, row.returned_at
    for word in row.confirmed:
        need_one_of("confirmed", "unknown_condition", word, Confirmed.values)
    rulebook = rulebooks_of([order.case.court_id])[order.case.court_id]
    siblings = list(Order.objects.filter(case=order.case_id).order_by("id"))
    facts = load_facts(siblings)
    for one in siblings:
        _check_over(one, facts[one.pk], rulebook, at)
    release = Release(
        order=order,
        at=at,
        facts=facts,
        rulebook=rulebook,
        requests=requests_of(order),
        held_since=held_since([one.pk for one in firearms], at),
    )
    for firearm in firearms:
        release.check(firearm)
    row.confirmed = sorted({*row.confirmed, *release.confirmed(firearms)})
    for entry in _asking(facts[order.pk]):
        if missing := [one.label for one in _to_confirm(entry) if one not in row.confirmed]:
            refuse("confirmed", "not_confirmed", f"Not confirmed: {'; '.join(missing)}. {entry.citation}")
    _check_wait(order, facts[order.pk], rulebook, at)


def _check_wait(order: Order, facts: Facts, rulebook: Rulebook, at: datetime) -> None:
    """Refuse a return before a rule allows it that runs from another event than a request."""
    for planned in plan(facts, rulebook):
        is_about_return = any(one.event == "returned" for one in planned.rule.met_by)
        if planned.opens is None or not is_about_return or planned.rule.starts == REQUESTED:
            continue
        if at < planned.opens.begins_at(planned.jurisdiction):
            raise too_early(order, planned)


def _check_person(order: Order, at: datetime, *, confirm: str) -> None:
    """Refuse a return while an order of another case of the person is in force, at any court."""
    for one in _in_force(orders_of_person(order), at):
        refuse(
            "firearms",
            "other_order_in_force",
            f"Another order against this person is in force: {order_words(one, last_days([one])[one.pk])}. "
            "Firearms are not returned before it has ended.",
        )
    if confirm:
        return
    for one in _in_force(same_name_orders(order), at):
        doubt(
            "firearms",
            "same_name_in_force",
            "An order against a person of the same name is in force: "
            f"{order_words(one, last_days([one])[one.pk])}. Record first whether it is the same person, or "
            "give the reason why it is another one.",
        )


def _in_force(orders: OrderQuerySet[Order], at: datetime) -> Iterator[Order]:
    """Yield those of the orders that are in force at `at`."""
    rows = list(orders.select_related("case__court").order_by("-issued_on", "pk"))
    rulebooks = rulebooks_of({one.case.court_id for one in rows})
    facts = load_facts(rows)
    for one in rows:
        if in_force(facts[one.pk], rulebooks[one.case.court_id], at):
            yield one


def _check_over(order: Order, facts: Facts, rulebook: Rulebook, at: datetime) -> None:
    """Refuse a return while an order is in force that must have ended first, or that requires surrender."""
    if not in_force(facts, rulebook, at):
        return
    words = [
        entry.citation for entry in _asking(facts) if ReturnRequirement.ORDER_OVER in entry.requires
    ] or [
        cite(rule, value.sources)
        for rule in rulebook.binding(facts)
        if any(one.event == "surrendered" for one in rule.met_by)
        and rule.starts == "served"
        and (value := rule.value_on(facts.issued_on))
    ]
    if words:
        refuse(
            "firearms",
            "not_in_error",
            f"An order of the case is in force: {order.get_kind_display()}, {format_day(order.issued_on)}. "
            f"{' '.join(words)}",
        )


def _asking(facts: Facts) -> list[Entry]:
    return bundled().entries_of(facts, EntryType.RETURN)


def _to_confirm(entry: Entry) -> list[Confirmed]:
    """The confirmations of the entry. Whether the order has ended follows from its facts."""
    return [Confirmed(word) for word in entry.requires if word != ReturnRequirement.ORDER_OVER]
