"""A coming service: when and where an order will be served, and whether police will be present."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from accounts.dates import format_instant
from accounts.models import POLICE, Agency, Town, User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models import Capacity, ComingService, Order, OrderAgency, PresenceAnswer
from orders.services.change import changing
from orders.services.correctable import ChoiceColumn, Column, Correctable, InstantColumn
from orders.services.court_days import check_day_ahead, check_not_before_issue, court_day, zone_of
from orders.services.one_round import refuse
from orders.services.service import set_town
from orders.services.validation import need_offset, need_one_of, need_police

#: How long after its time an announced service is still shown as the next one.
STILL_DUE = timedelta(hours=12)


def plan_service(
    order: Order,
    *,
    planned_at: datetime,
    place: str,
    by: User | None,
    now: datetime,
    officer: str = "",
    asks_police: bool = False,
    town: Town | None = None,
) -> ComingService:
    """Record when and where the order will be served, and whether police are asked to be present.

    The police of `town` are added to the order and notified: the law names the police of the town where the
    respondent will be served. The place stays out of the history, which is kept forever. Raises
    `InvalidFact`.
    """
    with changing(order, "service_planned", by=by, now=now, occurred_at=now) as change:
        if change.order.served_at is not None:
            refuse("planned_at", "already_served", "Service is recorded already.")
        row = ComingService(
            order=change.order, planned_at=planned_at, place=place, officer=officer, asks_police=asks_police
        )
        if planned_at <= now:
            refuse(
                "planned_at", "not_ahead", "This time is past. Enter when it will be, or record the service."
            )
        check_coming_service(row, now=now)
        row.save()
        if town is not None:
            set_town(change, town)
        COMING_SERVICE.note(change, row)
    return row


def check_coming_service(row: ComingService, *, now: datetime, confirm: str = "") -> None:
    """Check an unsaved coming service and set its offset. Raises `InvalidFact`."""
    row.planned_offset = need_offset("planned_at", row.planned_at)
    check_not_before_issue("planned_at", row.order, row.planned_at, "planned_before_issued")
    check_day_ahead("planned_at", court_day(row.order, row.planned_at), now=now)
    row.place, row.officer = clean(row.place), clean(row.officer)
    if not row.place:
        refuse("place", "required", "Enter where the order will be served.")
    same = ComingService.objects.filter(order=row.order, planned_at=row.planned_at).exclude(pk=row.pk)
    if same.exists():
        refuse("planned_at", "duplicate_plan", "A service at this time is announced already.")


def answer_presence(
    coming: ComingService,
    *,
    answer: str,
    agency: Agency,
    by: User | None,
    now: datetime,
    answer_note: str = "",
) -> ComingService:
    """Record whether police of `agency` will be present. A later answer replaces it. Raises `InvalidFact`."""
    with changing(coming.order, "presence_answered", by=by, now=now) as change:
        row = ComingService.objects.filter(pk=coming.pk, order=change.order).first()
        if row is None:
            raise InvalidFact(
                "coming", "withdrawn", "Someone has withdrawn this notice. Open the case again."
            )
        row.order = change.order
        need_one_of("answer", "unknown_answer", answer, PresenceAnswer.values)
        _check_answering(agency, by)
        if answer == PresenceAnswer.NO and not clean(answer_note):
            refuse("answer_note", "required", "Enter why not, or what to do instead.")
        row.answer, row.answer_note = answer, clean(answer_note)
        row.answered_at, row.answered_for = now, agency
        row.save()
        COMING_SERVICE.note(change, row)
        change.data["answer"] = answer
    return row


def _check_answering(agency: Agency, by: User | None) -> None:
    """Raise `InvalidFact` unless police answer for their own agency; a clerk answers for any."""
    need_police(agency, "Choose the police agency that answers.")
    own = by.agencies_for("answer", "coming_service") if by else frozenset()
    own_police = Agency.objects.filter(pk__in=own, kind__in=POLICE).values_list("pk", flat=True)
    if own_police and agency.pk not in own_police:
        refuse("agency", "not_yours", "Choose your own police agency.")


def _take_back(row: ComingService) -> None:
    row.answer, row.answer_note, row.answered_at, row.answered_for = "", "", None, None
    row.save()


def _withdraw_plan(row: ComingService) -> None:
    """Remove the notice; with the last one of an unserved order, the police that it named."""
    row.delete()
    if row.order.served_at is None and not ComingService.objects.filter(order=row.order).exists():
        OrderAgency.objects.filter(order=row.order, capacity=Capacity.SERVICE_POLICE).delete()


def presence_words(row: ComingService) -> str:
    """Return whether police will be present, in a sentence."""
    if row.answer:
        note = f": {row.answer_note}" if row.answer_note else ""
        will = "will" if row.answer == PresenceAnswer.YES else "will not"
        return f"{row.answered_for} {will} be present{note}"
    return "Police are asked to be present: no answer yet" if row.asks_police else "Police are not asked"


def next_of(orders: Collection[int], now: datetime) -> dict[int, ComingService]:
    """Return the service that comes next for each order (by key); one of the last hours is still due."""
    rows = ComingService.objects.filter(order__in=orders, planned_at__gt=now - STILL_DUE)
    rows = rows.select_related("answered_for").order_by("order_id", "planned_at", "pk")
    return {one.order_id: one for one in rows.distinct("order_id")}


def coming_words(row: ComingService) -> str:
    """Return the coming service with its time, without the place."""
    return f"service on {format_instant(row.planned_at, zone_of(row.order))}"


COMING_SERVICE = Correctable(
    name="coming_service",
    model=ComingService,
    noun="notice of service",
    words=coming_words,
    columns=(
        InstantColumn(name="planned_at", label="When"),
        Column(name="place", label="Where", is_private=True),
        Column(name="officer", label="Who serves"),
        Column(name="asks_police", label="Police are asked to be present"),
    ),
    check=check_coming_service,
    remove=_withdraw_plan,
)

PRESENCE = Correctable(
    name="presence",
    model=ComingService,
    noun="answer of police",
    words=coming_words,
    columns=(
        ChoiceColumn(name="answer", label="Police will be present"),
        Column(name="answer_note", label="Note", is_private=True),
    ),
    is_recorded=lambda row: bool(row.answer),
    remove=_take_back,
    part_of="coming_service",
)
