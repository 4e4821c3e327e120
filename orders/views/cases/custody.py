"""Custody: what police hold of one case, labels to print, and the storage places of an agency."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import MATRIX
from accounts.dates import format_day
from accounts.models import Agency, User
from accounts.narrowing import expect
from accounts.services.access.access_log import log_access
from orders.display import due_words
from orders.forms.acts import ACTS
from orders.forms.custody import MoveForm, PlaceForm
from orders.models import CustodyStep, Deadline, Firearm, FirearmStatus, Order, Receipt, StoragePlace
from orders.services.court_days import zone_of
from orders.services.firearms.custody import latest_steps, police_items
from orders.services.firearms.custody_steps import put_right_by, step_words
from orders.services.orders.record import load_record
from orders.services.planning.rulebooks import bundled
from orders.views.cases.lines import CaseAct, item_acts
from orders.views.cases.views import go_on, order_of_case
from orders.views.seen import person_in

VIEWERS = MATRIX.resources["custody_step"].actions["view"]

#: The most items of one agency on its page; the others are found by the search.
MOST = 100
#: The acts of a case about what police hold, in the order of a return.
_ACTS = ("custody-request", "return-check", "return-hold", "return-decision", "return", "dispose")


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """One step, with the acts that put it right."""

    step: CustodyStep
    acts: Sequence[CaseAct]

    @property
    def words(self) -> str:
        """The step in words, for the acts."""
        return step_words(self.step)


@dataclass(frozen=True, kw_only=True)
class HeldItem:
    """One item in custody: where it is now, and the steps that brought it there."""

    firearm: Firearm
    step: CustodyStep | None
    steps: Sequence[StepLine] = ()
    #: The receipt with which police took it, for an item without a step.
    receipt: Receipt | None = None

    @property
    def agency(self) -> Agency | None:
        """The agency that has it."""
        if self.step is not None:
            return self.step.agency
        return self.receipt.agency if self.receipt is not None else None

    @property
    def since(self) -> datetime | None:
        """From when on it is where it is now."""
        if self.step is not None:
            return self.step.moved_at
        return self.receipt.received_at if self.receipt is not None else None

    @property
    def where(self) -> str:
        """The place and shelf, or the officer who has it."""
        if self.step is None:
            return "Not recorded"
        place = str(self.step.place or f"With {self.step.taken_by}")
        return f"{place}, shelf {self.step.shelf}" if self.step.shelf else place


@require_http_methods(["GET", "POST"])
def case_custody(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show what police hold of a case, and record that it goes to another officer or place."""
    order, roles = _order(request, public_id)
    person, now = expect(User, request.user), timezone.now()
    form = MoveForm(request.POST if request.method == "POST" else None, order=order)
    form.offer_to(person)
    form.begin(person, now)
    if form.is_bound and form.record(by=person, now=now):
        messages.success(request, "The step is recorded.")
        return go_on(request, reverse("case-custody", args=[public_id]))
    record = load_record(order)
    offered = [ACTS[name] for name in _ACTS if ACTS[name].is_permitted(roles)]
    context = {
        "order": order,
        "form": form,
        "items": _with_steps(_held(order), order, person, roles),
        "left": _with_steps(_left(order), order, person, roles),
        "acts": [
            (f"{reverse('case-act', args=[public_id, act.name])}{query}", title)
            for act in offered
            if act.is_offered(record)
            for query, title in act.links(order)
        ],
        "kept_until": _kept_until(order),
        "zone": zone_of(order),
    }
    return render(request, "orders/cases/custody.html", context)


@require_safe
def labels(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a label for each item in custody, to print: tag, item and a code that leads to its page.

    A label names no person. The code holds an address that needs a sign-in.
    """
    order, _ = _order(request, public_id)
    found = [
        (one, _code(request.build_absolute_uri(reverse("custody-item", args=[one.firearm.public_id]))))
        for one in _held(order)
    ]
    return render(request, "orders/cases/labels.html", {"order": order, "labels": found})


@require_safe
def item(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Redirect from the code on a label to the custody page of its case."""
    person = person_in(request, VIEWERS)
    visible = Firearm.objects.visible_to(person, roles=VIEWERS).select_related("order__case")
    firearm = get_object_or_404(visible, public_id=public_id)
    log_access(request, [firearm.order.case.public_id])
    return redirect("case-custody", public_id=firearm.order.public_id)


@require_http_methods(["GET", "POST"])
def agency_custody(request: HttpRequest) -> HttpResponse:
    """Show the storage places of the person's agencies and what is in them; add a place."""
    person = person_in(request, VIEWERS)
    form = PlaceForm(request.POST if request.method == "POST" else None, person=person)
    if form.is_bound and form.record(timezone.now()):
        messages.success(request, "The place is added.")
        return redirect("custody")
    mine = person.agencies_for("view", "custody_step")
    held = _held_by(person)
    steps = list(held.select_related("firearm", "place", "order__case__respondent")[: MOST + 1])
    unrecorded = list(_without_a_step(person).select_related("order__case__respondent")[: MOST + 1])
    log_access(request, {one.order.case.public_id for one in (*unrecorded[:MOST], *steps[:MOST])})
    receipts = _receipts_of(unrecorded[:MOST])
    counts = dict(held.order_by().values_list("place").annotate(Count("pk")))
    places = StoragePlace.objects.filter(agency__in=mine, is_open=True).select_related("agency")
    context: dict[str, Any] = {
        "form": form,
        "places": [(one, counts.get(one.pk, 0)) for one in places],
        "unplaced": counts.get(None, 0),
        "unrecorded": len(unrecorded[:MOST]),
        "items": [
            *(
                (one.order, HeldItem(firearm=one, step=None, receipt=receipts.get(one.pk)))
                for one in unrecorded[:MOST]
            ),
            *((one.order, HeldItem(firearm=one.firearm, step=one)) for one in steps[:MOST]),
        ],
        "has_more": max(len(steps), len(unrecorded)) > MOST,
    }
    return render(request, "orders/cases/agency_custody.html", context)


def _held_by(person: User) -> Any:
    """Return the latest step of each item that the person's agencies hold, the newest first."""
    later = CustodyStep.objects.filter(
        Q(moved_at__gt=OuterRef("moved_at")) | Q(moved_at=OuterRef("moved_at"), pk__gt=OuterRef("pk")),
        firearm=OuterRef("firearm"),
    )
    return (
        CustodyStep.objects.visible_to(person, roles=VIEWERS)
        .filter(
            ~Exists(later),
            agency__in=person.agencies_for("view", "custody_step"),
            firearm__status=FirearmStatus.SURRENDERED,
        )
        .order_by("-moved_at", "-id")
    )


def _without_a_step(person: User) -> QuerySet[Firearm]:
    """Return what a receipt says that the person's agencies hold, without a word on where it is."""
    receipts = Receipt.objects.filter(
        items__firearm=OuterRef("pk"), agency__in=person.agencies_for("view", "custody_step")
    )
    return (
        Firearm.objects.visible_to(person, roles=VIEWERS)
        .filter(
            Exists(receipts),
            ~Exists(CustodyStep.objects.filter(firearm=OuterRef("pk"))),
            status=FirearmStatus.SURRENDERED,
        )
        .order_by("-id")
    )


def _held(order: Order) -> list[HeldItem]:
    """Return what police hold of the case."""
    return _items(Firearm.objects.of_case(order.case_id).filter(status=FirearmStatus.SURRENDERED))


def _left(order: Order) -> list[HeldItem]:
    """Return what police held of the case before."""
    firearms = Firearm.objects.of_case(order.case_id).exclude(status=FirearmStatus.SURRENDERED)
    had = firearms.filter(Exists(CustodyStep.objects.filter(firearm=OuterRef("pk"))))
    return _items(had)


def _items(rows: QuerySet[Firearm]) -> list[HeldItem]:
    firearms = list(rows.order_by("id"))
    latest = latest_steps(firearms)
    receipts = _receipts_of([one for one in firearms if one.pk not in latest])
    return [HeldItem(firearm=one, step=latest.get(one.pk), receipt=receipts.get(one.pk)) for one in firearms]


def _with_steps(
    items: Sequence[HeldItem], order: Order, person: User, roles: Collection[str]
) -> list[HeldItem]:
    """Return the items with their steps, each step with what the person may do about it."""
    steps: dict[int, list[StepLine]] = {one.firearm.pk: [] for one in items}
    found = CustodyStep.objects.filter(firearm__in=steps).select_related("agency", "place", "firearm")
    own = put_right_by(person, [one for one in found if one.order_id == order.pk])
    for one in found:
        acts = item_acts(one, order, roles) if one.pk in own else []
        steps[one.firearm_id].append(StepLine(step=one, acts=acts))
    return [replace(one, steps=steps[one.firearm.pk]) for one in items]


def _receipts_of(firearms: Sequence[Firearm]) -> dict[int, Receipt]:
    """Return the latest receipt of police for each firearm, by its key."""
    return {one.firearm_id: one.receipt for one in police_items(firearms).distinct("firearm_id")}


@cache
def _keeping_rules() -> frozenset[str]:
    """Return the ids of the rules that the destruction of what police hold meets."""
    rules = bundled().by_id.items()
    return frozenset(id_ for id_, rule in rules if any(one.event == "destroyed" for one in rule.met_by))


def _kept_until(order: Order) -> list[tuple[str, str]]:
    """Return until when the law lets the firearms of the case be claimed or sold, in words.

    Each with the day on which they were taken if there are several ends, else without one.
    """
    zone = zone_of(order)
    rows = Deadline.objects.filter(
        order__case=order.case_id, rule_id__in=_keeping_rules(), due_at__isnull=False
    )
    running = [one for one in rows.order_by("due_at") if one.is_running]
    taken = Receipt.objects.filter(order__case=order.case_id).in_bulk(field_name="public_id")
    days = {key.hex: format_day(one.received_at.astimezone(zone).date()) for key, one in taken.items()}
    found = dict.fromkeys((days.get(one.occurrence, ""), due_words(one, zone)) for one in running)
    return list(found) if len(found) > 1 else [("", until) for _, until in found]


def _code(address: str) -> str:
    """Return the address as a QR code, as the address of a picture."""
    return segno.make(address, error="m").svg_data_uri(border=2, scale=3)


def _order(request: HttpRequest, public_id: UUID) -> tuple[Order, frozenset[str]]:
    order, roles = order_of_case(request, public_id)
    if not MATRIX.may(roles, "view", "custody_step"):
        raise PermissionDenied
    return order, roles
