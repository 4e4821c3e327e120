"""The form of an act: a page of its own, a panel beside the order, and the preview in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html

from accounts.form_middleware import keep_page
from accounts.models import User
from orders.admin.desk import laid_out, order_address
from orders.display import due_words, event_words, rule_title, shown_state
from orders.forms.acts import PREVIEW, ActRun, run_act
from orders.forms.base import Act
from orders.history_details import other_orders
from orders.models import Deadline, Order
from orders.services.court_days import zone_of
from orders.services.preview import ActPreview, DeadlineMove
from orders.views.court.moved import moved_words

#: Marks an answer that belongs into the panel. Without it the script opens the page itself.
PANEL = "X-Panel"


@dataclass(frozen=True, kw_only=True)
class MoveLine:
    """A deadline that an act moves: its state and due time before and after, in words."""

    title: str
    order: str
    before: str
    after: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class ActPage:
    """Shows and runs an act for a person."""

    request: HttpRequest
    order: Order
    person: User
    now: datetime

    @property
    def is_panel(self) -> bool:
        """True if the order's page asks for the form, to show it beside the order."""
        return self.request.headers.get("HX-Request") == "true"

    def run(self, act: Act) -> ActRun:
        """Open the form, do the act, or try it for a preview."""
        visible = Order.objects.visible_to(self.person).filter(case=self.order.case_id)
        return run_act(
            act,
            self.order,
            query=self.request.GET,
            typed=self.request.POST if self.request.method == "POST" else None,
            visible=set(visible.values_list("pk", flat=True)),
            by=self.person,
            now=self.now,
        )

    def leave(self, run: ActRun) -> HttpResponse:
        """Return to the order, with a message and the way to take the act back."""
        address = order_address(self.order)
        done = f"{run.act.done} {moved_words(run.entries, self.now)}"
        if run.is_gone and run.act.fact is not None:
            messages.warning(self.request, f"Someone has withdrawn this {run.act.fact.noun}, or changed it.")
        elif run.undo_query is None:
            messages.success(self.request, done)
        else:
            undo = format_html('{} <a href="{}{}">Undo</a>', done, address, run.undo_query)
            messages.success(self.request, undo)
        if self.is_panel:
            # The form was sent from the panel: the browser opens the order again.
            keep_page(self.request)
            return HttpResponse(headers={"HX-Redirect": address, PANEL: "1"})
        return redirect(address)

    def show(self, run: ActRun, frame: dict[str, Any]) -> HttpResponse:
        """Show the form, in the panel without the frame of a page."""
        if not run.form.errors:
            # The script of the panel moves the focus itself.
            run.form.mark_first("data-first" if self.is_panel else "autofocus")
        context = self._context(run)
        if self.is_panel:
            part = "preview" if PREVIEW in self.request.POST else "act_panel"
            response = TemplateResponse(self.request, f"admin/orders/order/{part}.html", context)
            response.headers[PANEL] = "1"
            return response
        return TemplateResponse(self.request, "admin/orders/order/act.html", frame | context)

    def _context(self, run: ActRun) -> dict[str, Any]:
        entry = (
            run.act.preview(self.order, run.item, by=self.person, now=self.now) if run.act.previews else None
        )
        zone = zone_of(self.order)
        return {
            "title": run.act.title_for(self.order, self.request.GET.get("kind", "")),
            "button": run.act.title,
            "address": self.request.get_full_path(),
            "order": self.order,
            "form": run.form,
            "adminform": laid_out(run.form),
            "item": run.item_words,
            "others": list(other_orders(entry)) if entry else [],
            "run": run,
            "opened": run.opened,
            "by_others": [(one, event_words(one)) for one in run.by_others(self.person)],
            "zone": zone,
            "is_panel": self.is_panel,
            "moves": move_lines(run.preview, self.order, zone, self.now),
        }


def move_lines(preview: ActPreview | None, order: Order, zone: ZoneInfo, now: datetime) -> Sequence[MoveLine]:
    """Return the deadlines that an act would move."""
    return [_line(one, order, zone, now) for one in preview.moves] if preview else []


def _line(move: DeadlineMove, order: Order, zone: ZoneInfo, now: datetime) -> MoveLine:
    of_other = move.after.order_id != order.pk
    return MoveLine(
        title=rule_title(move.after.rule_id),
        order=str(move.after.order.get_kind_display()) if of_other else "",
        before=_words(move.before, zone, now) if move.before else "New",
        after=_words(move.after, zone, now),
        tone=shown_state(move.after, now).value,
    )


def _words(deadline: Deadline, zone: ZoneInfo, now: datetime) -> str:
    due = due_words(deadline, zone)
    return f"{shown_state(deadline, now).label}{f', due {due}' if due else ''}"
