"""The acts on an order, by name, for every page that offers them. Each subject declares its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict

from accounts.models import User
from orders.errors import NotYours
from orders.forms import (
    after_hearing,
    cautions,
    coming_service,
    conditions,
    corrections,
    custody,
    firearms,
    hearings,
    items,
    modifications,
    order_cards,
    orders,
    parties,
    proof,
    returns,
    service,
)
from orders.forms.base import Act, ActForm
from orders.models import HistoryEntry, Order
from orders.services.planning.history import entries_after, last_entry
from orders.services.preview import ActPreview, preview_of

#: In the order in which their buttons appear.
ACTS = {
    act.name: act
    for subject in (
        service,
        coming_service,
        cautions,
        firearms,
        custody,
        proof,
        returns,
        after_hearing,
        hearings,
        orders,
        modifications,
        conditions,
        parties,
        order_cards,
        corrections,
        items,
    )
    for act in subject.ACTS
}


def item_of(act: Act, order: Order, query: Mapping[str, str]) -> Any:
    """Return the item that the query of an address names. None for an act on the order.

    Also None if the item is gone or was changed so that the act no longer applies. Raises `Http404` if the
    query names no item.
    """
    if act.fact is None:
        return None
    try:
        public_id = UUID(query.get("item", ""))
    except ValueError as error:
        raise Http404 from error
    item: Any = act.fact.model._default_manager.filter(order=order, public_id=public_id).first()
    if item is None:
        return None
    item.order = order
    return item if act.is_offered_for(item) else None


def initial_of(act: Act, query: Mapping[str, str]) -> dict[str, str]:
    """Return the values that the query of an address gives, as far as the act takes them from there."""
    names = {*act.prefilled, *(["kind"] if act.variants else [])}
    return {name: query.get(name, "") for name in names}


#: The hidden input with the number of entries that the history had when the form was opened.
OPENED = "opened"
#: What a form sends if it asks for a preview and must not be saved.
PREVIEW = "preview"


@dataclass(frozen=True, kw_only=True)
class ActRun:
    """One opening or sending of the form of an act: the same steps on each page that offers it.

    `is_gone`: the item of the act was withdrawn or changed. `is_done`: the act is saved.
    """

    act: Act
    order: Order
    item: Any
    form: ActForm
    is_gone: bool = False
    is_done: bool = False
    preview: ActPreview | None = None
    #: What the act appended to the histories of the orders that the person sees.
    entries: Sequence[HistoryEntry] = ()

    @property
    def item_words(self) -> str:
        """The item in words; empty for an act on the order."""
        return self.act.fact.words(self.item) if self.act.fact and self.item is not None else ""

    @property
    def undo_query(self) -> str | None:
        """The last part of the address of the act that takes this one back; None for an act without one."""
        undo = ACTS.get(self.act.undo)
        if undo is None or undo.name == self.act.name:
            return None
        if undo.fact is None:
            return f"{undo.name}/"
        row = self.form.result
        return f"{undo.name}/?item={row.public_id}" if isinstance(row, undo.fact.model) else None

    @property
    def opened(self) -> int:
        """The number of entries in the history when the form was opened."""
        typed = self.form.data.get(OPENED, "") if self.form.is_bound else ""
        return int(typed) if typed.isdecimal() else HistoryEntry.objects.filter(order=self.order).count()

    def by_others(self, user: User) -> list[HistoryEntry]:
        """Return what others recorded on the order since the form was opened, the newest first."""
        if not self.form.is_bound:
            return []
        rows = HistoryEntry.objects.filter(order=self.order).select_related("actor").order_by("id")
        later = rows[self.opened : self.opened + _MOST_READ]
        return [one for one in reversed(later) if one.actor_id not in (None, user.pk)]


#: At most so many entries of others are read.
_MOST_READ = 50


def run_act(
    act: Act,
    order: Order,
    *,
    query: Mapping[str, str],
    typed: QueryDict | None,
    visible: Collection[int],
    by: User,
    now: datetime,
) -> ActRun:
    """Open the form of an act, or do the act if `typed` is valid. A preview changes nothing.

    The caller has checked that `by` may do it. Raises `Http404` if the query names no item, and
    `PermissionDenied` for one that is for the people of another agency to put right.
    """
    item = item_of(act, order, query)
    if item is not None and act.fact is not None:
        try:
            act.fact.check_person(item, by)
        except NotYours as refusal:
            raise PermissionDenied from refusal
    form = act.form(typed, order=order, item=item, initial=initial_of(act, query))
    form.offer_to(by)
    if item is None:
        form.begin(by, now)
    run = ActRun(act=act, order=order, item=item, form=form, is_gone=act.fact is not None and item is None)
    if run.is_gone or not form.is_valid():
        if form.is_bound and not run.is_gone:
            act.refuse_more(form, by=by, now=now)
        return run
    if typed is not None and PREVIEW in typed:
        return replace(
            run, preview=preview_of(lambda: act.call(form, by=by, now=now), order, visible=visible)
        )
    last = last_entry(visible)
    is_done = act.perform(form, by=by, now=now)
    return replace(run, is_done=is_done, entries=entries_after(last, visible, by) if is_done else ())
