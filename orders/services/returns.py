"""Firearms that go back from police to the respondent, once the law of the order lets them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Max

from accounts.models import POLICE, Agency, User
from orders.errors import InvalidFact
from orders.models import Confirmed, Firearm, FirearmReturn, FirearmStatus, Order, ReceiptKind
from orders.rules.facts import Facts
from orders.rules.plan import in_force, plan
from orders.rules.rulebook import Becomes, Before, Entry, Rulebook, in_words
from orders.services.calendar import bundled, rulebooks_of
from orders.services.change import changing, check_instant, need_one_of, need_reason
from orders.services.known import facts_of
from orders.services.requirements import law_of


def asked_before_return(order: Order) -> list[Confirmed]:
    """What somebody must confirm before firearms go back under such an order, in the rules' order."""
    asking = (entry for entry in law_of(order) if entry.becomes is Becomes.RETURN)
    return list(dict.fromkeys(one for entry in asking for one in _to_confirm(entry)))


def record_return(
    order: Order,
    *,
    firearms: Sequence[Firearm],
    at: datetime,
    agency: Agency,
    officer: str,
    by: User | None,
    now: datetime,
    confirmed: Collection[str] = (),
) -> list[FirearmReturn]:
    """The firearms, which police held, went back to the respondent at `at`; each one's status says so.

    With the last one that police held, what is due about their return is met. Raises `InvalidFact`, in the
    rule's words, while an order of the case stands or while it is too early, and where something that the
    rule asks before is not confirmed.
    """
    with changing(order, "returned", by=by, now=now, occurred_at=at) as change:
        offset = check_instant("returned_at", at, now=now)
        held = _held(change.order, firearms, at)
        if agency.kind not in POLICE:
            raise InvalidFact("agency", "not_police", "Name the police agency that gave the firearms back.")
        if not officer.strip():
            raise InvalidFact("officer", "required", "Say who gave the firearms back.")
        _check_lawful(change.order, at, confirmed)
        Firearm.objects.filter(pk__in=[one.pk for one in held]).update(status=FirearmStatus.RETURNED)
        change.data["return"] = {
            "firearms": [str(one.public_id) for one in held],
            "confirmed": [one.value for one in Confirmed if one in confirmed],
        }
        return FirearmReturn.objects.bulk_create(
            FirearmReturn(
                order=change.order,
                firearm=one,
                returned_at=at,
                returned_offset=offset,
                agency=agency,
                officer=officer.strip(),
                confirmed=change.data["return"]["confirmed"],
            )
            for one in held
        )


def withdraw_return(
    order: Order, *, returned: FirearmReturn, by: User | None, now: datetime, reason: str
) -> None:
    """The return was an error: police hold the firearm, and what is due about its return stands open.

    Raises `InvalidFact` where the firearm was handed over again since.
    """
    with changing(order, "return_withdrawn", by=by, now=now, reason=need_reason(reason)) as change:
        row = FirearmReturn.objects.select_related("firearm").get(pk=returned.pk, order=change.order)
        if row.firearm.status != FirearmStatus.RETURNED:
            raise InvalidFact(
                "returned",
                "moved_since",
                f"{row.firearm} was handed over again since. Withdraw that receipt first.",
            )
        change.data["return"] = {"firearms": [str(row.firearm.public_id)], "confirmed": row.confirmed}
        Firearm.objects.filter(pk=row.firearm_id).update(status=FirearmStatus.SURRENDERED)
        row.delete()


def _held(order: Order, firearms: Sequence[Firearm], at: datetime) -> list[Firearm]:
    """The firearms, which police held at `at`. Raises `InvalidFact` for one that they did not."""
    if not firearms:
        raise InvalidFact("firearms", "required", "Name at least one firearm that went back.")
    rows = Firearm.objects.filter(order__case=order.case_id, pk__in=[one.pk for one in firearms])
    mine = {one.pk: one for one in rows}
    if any(one.pk not in mine for one in firearms):
        raise InvalidFact(
            "firearms",
            "firearm_of_another_order",
            "A firearm belongs to another case. Choose from this list.",
        )
    for one in mine.values():
        if one.status != FirearmStatus.SURRENDERED:
            raise InvalidFact(
                "firearms",
                "not_in_custody",
                f"{one}: {one.get_status_display().lower()}. Only what police hold goes back; record the "
                "receipt of police first.",
            )
    taken = rows.filter(receipts__kind=ReceiptKind.POLICE).aggregate(last=Max("receipts__received_at"))
    if taken["last"] is not None and at < taken["last"]:
        raise InvalidFact(
            "returned_at",
            "returned_before_receipt",
            f"{at.isoformat()} is before police took the firearms. Correct the time, or the receipt first.",
        )
    return list(mine.values())


def _check_lawful(order: Order, at: datetime, confirmed: Collection[str]) -> None:
    for word in confirmed:
        need_one_of("confirmed", "unknown_condition", word, Confirmed.values)
    rulebook = rulebooks_of([order.case.court_id])[order.case.court_id]
    siblings = list(Order.objects.filter(case=order.case_id).order_by("id"))
    facts = facts_of(siblings)
    for one in siblings:
        _check_over(one, facts[one.pk], rulebook, at)
    for entry in _asking(facts[order.pk]):
        if missing := [one.label for one in _to_confirm(entry) if one not in confirmed]:
            raise InvalidFact(
                "confirmed", "not_confirmed", f"Not confirmed: {'; '.join(missing)}. {entry.words}"
            )
    for planned in plan(facts[order.pk], rulebook):
        if planned.opens is None or all(one.happening != "returned" for one in planned.rule.met_by):
            continue
        if at < (opens := planned.opens.begins_at(planned.jurisdiction)):
            words = in_words(planned.rule, planned.value.sources)
            raise InvalidFact("returned_at", "too_early", f"Not before {opens.isoformat()}. {words}")


def _check_over(order: Order, facts: Facts, rulebook: Rulebook, at: datetime) -> None:
    """Refuses a return while an order stands whose law says that it must be over, or asks for surrender."""
    if not in_force(facts, rulebook, at):
        return
    words = [entry.words for entry in _asking(facts) if Before.ORDER_OVER in entry.before] or [
        in_words(rule, value.sources)
        for rule in rulebook.binding(facts)
        if any(one.happening == "surrendered" for one in rule.met_by)
        and rule.starts == "served"
        and (value := rule.value_on(facts.issued_on))
    ]
    if words:
        raise InvalidFact(
            "firearms",
            "order_stands",
            f"{order.get_kind_display()} of {order.issued_on} stands. {' '.join(words)}",
        )


def _asking(facts: Facts) -> list[Entry]:
    return bundled().entries_of(facts, Becomes.RETURN)


def _to_confirm(entry: Entry) -> list[Confirmed]:
    """What of the entry somebody confirms: whether the order is over is known from its facts."""
    return [Confirmed(word) for word in entry.before if word != Before.ORDER_OVER]
