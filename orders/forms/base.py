"""Bases of the forms whose facts a service takes, and `Act`, which joins such a form to its service."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from typing_extensions import override

from accounts.access import MATRIX
from accounts.form_base import SiteForm
from accounts.models import User
from orders.errors import DoubtfulFact, InvalidFact, NotYours, UnseenFact
from orders.forms.confirming import note_doubt, reason_field, store_answered
from orders.forms.fields import InstantField, TownField
from orders.forms.more_refusals import refusals_beside
from orders.models import HistoryEntry, Order
from orders.services.correctable import Correctable
from orders.services.court_days import zone_of
from orders.services.one_round import together
from orders.services.orders.record import OrderRecord
from orders.services.preview import entry_of

#: Fieldsets as Django's admin lays them out: a title and its fields.
Fieldsets = list[tuple[str | None, dict[str, Any]]]

#: What a service stores.
Result = TypeVar("Result")

#: The empty choice of a list.
CHOOSE = ("", "---------")

_STALE = (
    "Someone changed this since you opened the form. What you typed is kept. Compare it with what is stored "
    "now, then save it, or cancel."
)


class FactsForm(SiteForm):
    """A form whose fields are named as a service names its facts."""

    #: The fields by subject; if empty, all fields are in one fieldset.
    subjects: ClassVar[Fieldsets] = []
    #: What was typed into a field that clashes with something that the person may not see.
    unseen: str = ""
    #: True if the service takes `confirm`: the reason to store a fact that it doubts.
    takes_confirm: ClassVar[bool] = False

    def facts(self) -> dict[str, Any]:
        """Return the cleaned data by the names of the facts: an instant without its time is a day, `*_on`."""
        facts = dict(self.cleaned_data)
        for name, field in self.fields.items():
            if name in facts and isinstance(field, InstantField) and not isinstance(facts[name], datetime):
                facts[day_name(name)] = facts.pop(name)
        return facts

    def refuse(self, refusal: InvalidFact) -> None:
        """Show a service's refusal, and its others."""
        self.refuse_all([refusal, *refusal.others])

    def refuse_all(self, refusals: Iterable[InvalidFact]) -> None:
        """Show what a service refuses beside the fields it is about or above the form.

        A field that has an error keeps it alone: what is refused then may be a consequence.
        """
        wrong = set(self.errors)
        for one in refusals:
            named = self.beside.get(one.field, one.field)
            beside = (name for name in self.fields if named in (name, day_name(name)))
            field = next(beside, None)
            if field in wrong:
                continue
            if isinstance(one, UnseenFact):
                self.unseen = str(self.cleaned_data.get(one.field, ""))
            self.add_error(field, one.message)
            if isinstance(one, DoubtfulFact) and self.takes_confirm:
                self.ask_to_confirm()
                note_doubt(self, one.code)

    def ask_to_confirm(self) -> None:
        """Ask for the reason to store a doubtful fact anyway, if the form does not ask yet."""
        if "confirm" not in self.fields:
            self.fields["confirm"] = reason_field(self)
            self.order_fields(["confirm"])

    def ask_again(self) -> None:
        """Ask for the reason to continue if the form was sent with it."""
        if self.takes_confirm and self.add_prefix("confirm") in self.data:
            self.ask_to_confirm()

    def fieldsets(self) -> Fieldsets:
        """Return every field once, in the order in which the form asks for them."""
        if not self.subjects:
            return [(None, {"fields": [field.name for field in self.visible_fields()]})]
        asked: Fieldsets = [("Unusual dates", {"fields": ["confirm"]})] if "confirm" in self.fields else []
        return [*self.subjects, *asked]

    def offer_rows(self, name: str, rows: QuerySet[Any], *, chooses_only: bool = False) -> None:
        """Set the rows that the field `name` offers. With `chooses_only`, a single row is chosen already."""
        field = cast("forms.ModelChoiceField[Any]", self.fields[name])
        field.queryset = rows
        if chooses_only and len(only := list(rows[:2])) == 1:
            field.initial = only[0]

    def offer_choices(self, name: str, choices: Iterable[Any]) -> None:
        """Set the choices of the field `name`."""
        cast("forms.ChoiceField", self.fields[name]).choices = [*choices]


def day_name(name: str) -> str:
    """Return the fact that is the day of the instant `name`: `issued_on` for `issued_at`."""
    return f"{name.removesuffix('_at')}_on"


class ActForm(FactsForm):
    """A form for one act on an order."""

    #: The field that chooses the row on which the service acts; empty if that is the order.
    target_field: ClassVar[str] = ""
    #: Fields that matter only for some values of another field. Without JavaScript all are shown.
    shows_with: ClassVar[Mapping[str, tuple[str, tuple[str, ...]]]] = {}
    #: What the service returned; None until the act is done.
    result: object = None

    def __init__(self, *args: Any, order: Order, item: Any = None, **kwargs: Any) -> None:
        self.order, self.item = order, item
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, InstantField):
                field.zone = zone_of(order)
            elif isinstance(field, TownField):
                field.prefer(order.jurisdiction)
        self.prepare_fields(order)
        self.ask_again()

    def mark_first(self, attribute: str) -> None:
        """Set an attribute of the first input, so that typing goes there when the form opens."""
        first = next(iter(self.visible_fields()), None)
        if first is not None:
            widget = first.field.widget
            parts = widget.widgets if isinstance(widget, forms.MultiWidget) else [widget]
            parts[0].attrs[attribute] = True

    @property
    def shown_with(self) -> str:
        """Return `shows_with` for the script of the page."""
        return json.dumps(self.shows_with)

    @property
    def zone_name(self) -> str:
        """The name of the court's time zone, for the buttons “Now” and “Today”."""
        return str(zone_of(self.order))

    def prepare_fields(self, order: Order) -> None:
        """Set choices and initial values from the order. Does nothing by default."""

    def offer_to(self, person: User) -> None:
        """Offer only what the person may choose. Does nothing by default."""

    def begin(self, person: User, now: datetime) -> None:
        """Offer what is likely: the person who opens the form, and this instant. Does nothing by default."""

    def settle(self, now: datetime) -> None:
        """Fill in what depends on the moment of saving. Does nothing by default."""

    def in_one_round(self, call: Callable[[], Result], *, now: datetime) -> Result | None:
        """Return what `call` stores; None if the form has errors or a service refuses something.

        The form then shows all of it at once: its own errors, and what the service refuses or doubts. Raises
        `PermissionDenied` for what is for the people of another agency to do.
        """
        if not self.is_valid():
            self.refuse_all(refusals_beside(self, together(call), now=now))
            return None
        try:
            return store_answered(self, call)
        except NotYours as refusal:
            raise PermissionDenied from refusal
        except InvalidFact as refusal:
            self.refuse(refusal)
            return None

    def target(self) -> Model:
        """Return the row on which the service acts."""
        chosen: Model = self.cleaned_data[self.target_field] if self.target_field else self.order
        return chosen if self.item is None else self.item

    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts by the service's keywords."""
        return {name: value for name, value in self.facts().items() if name != self.target_field}


class ReasonForm(ActForm):
    """A form for an act that needs only a reason."""

    reason = forms.CharField(max_length=500, help_text="What was wrong, or what the court decided.")


class SeenForm(ActForm):
    """A form that shows stored values. It is rejected if they changed since it was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def remember(self, values: Iterable[object]) -> None:
        """Note the stored values that the form shows."""
        self._stored = "|".join(map(str, values))
        self.fields["seen"].initial = self._stored

    def clean_seen(self) -> str:
        """Reject the form once if the stored values are not those that it showed.

        It is shown again with what was typed. Sent again, it is saved over what the other person stored.
        """
        if self.cleaned_data["seen"] != self._stored:
            # The form now shows what is stored: the next try is against that.
            again: Any = copy(self.data)
            again[self.add_prefix("seen")] = self._stored
            self.data = again
            raise ValidationError(_STALE)
        return self._stored


class CorrectionForm(SeenForm, ReasonForm):
    """A form that corrects stored facts of the order."""

    #: The columns that the form shows.
    columns: ClassVar[tuple[str, ...]] = ()

    @override
    def prepare_fields(self, order: Order) -> None:
        """Remember the stored values."""
        self.remember(getattr(order, name) for name in self.columns)

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the facts without the remembered values."""
        return {name: value for name, value in super().service_kwargs().items() if name != "seen"}


class ChangesForm(CorrectionForm):
    """A correction that sends only the changed values to the service."""

    @override
    def clean(self) -> dict[str, Any]:
        """Reject a correction that changes nothing."""
        if not set(self.changed_data) - {"reason", "seen", "confirm"} and not self.errors:
            raise ValidationError("Nothing is changed. Change what is wrong, or cancel.")
        return self.cleaned_data

    @override
    def service_kwargs(self) -> dict[str, Any]:
        """Return the changed values and the reason."""
        sent = {*self.changed_data, "reason"} - {"seen"}
        return {name: one for name, one in self.cleaned_data.items() if name in sent}


class Section(StrEnum):
    """The section of an order's page in which an act has its button."""

    ORDER = "order"
    SERVICE = "service"
    FIREARMS = "firearms"
    NOTICES = "notices"
    HEARINGS = "hearings"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing that the court does to an order: its button, its form and the service that does it.

    The act is offered if the order's service of process is as `served` wants it (None: either way), if the
    order is not vacated where the act `ends` it, and if `needs` finds something to act on.
    """

    #: The last part of the address of its form.
    name: str
    #: The resource and the action of the matrix.
    resource: str
    action: str
    section: Section
    title: str
    form: type[ActForm]
    service: Callable[..., object]
    #: The message after success.
    done: str
    #: The name of the act that takes it back. An act that corrects is taken back by itself.
    undo: str
    #: The kind of fact, if it acts on one item: the page links to it beside each item.
    fact: Correctable | None = None
    #: The words of that link.
    link: str = ""
    served: bool | None = None
    ends: bool = False
    needs: Callable[[OrderRecord], object] = lambda record: True
    #: True for the act on an order that was entered in error. No other act is offered there.
    in_error: bool = False
    #: True for an act that needs only a reason and may change other orders: its form shows which.
    previews: bool = False
    #: Fields whose value the address of a link may give.
    prefilled: Collection[str] = ()
    #: Buttons by the value of the form's field `kind`, each with its own title, in place of one button.
    variants: Callable[[Order], Mapping[str, str]] | None = None

    @property
    def puts_right(self) -> bool:
        """True if it corrects, withdraws or moves what was entered."""
        return self.name.startswith(("correct", "withdraw", "move"))

    def is_permitted(self, roles: Collection[str]) -> bool:
        """True if one of the roles in which a person sees the order may do this."""
        return MATRIX.may(roles, self.action, self.resource)

    def is_offered(self, record: OrderRecord) -> bool:
        """True if the act has a button on the page of the order as it is now. The service still decides."""
        if self.fact is not None:
            return False
        order = record.order
        if self.in_error != (order.withdrawn_at is not None):
            return False
        fits_service = self.served is None or self.served == (order.served_at is not None)
        return fits_service and not (self.ends and order.vacated_at is not None) and bool(self.needs(record))

    def is_offered_for(self, row: Any) -> bool:
        """True if the act has a link beside the item."""
        if self.fact is None or row.order.withdrawn_at is not None:
            return False
        return isinstance(row, self.fact.model) and self.fact.is_recorded(row)

    def links(self, order: Order) -> list[tuple[str, str]]:
        """Return the query and the title of each of its buttons."""
        if self.variants is None:
            return [("", self.title)]
        return [(f"?kind={kind}", title) for kind, title in self.variants(order).items()]

    def title_for(self, order: Order, kind: str) -> str:
        """Return the title of its form; `kind` comes from the address of a button."""
        return self.variants(order).get(kind, self.title) if self.variants else self.title

    def preview(self, order: Order, item: Any, *, by: User, now: datetime) -> HistoryEntry | None:
        """Return the entry that the act would append to the order's history. Nothing is stored."""
        target = order if item is None else item
        entry: HistoryEntry | None = entry_of(
            lambda: self.service(target, reason="Only tried.", by=by, now=now), order
        )
        return entry

    def call(self, form: ActForm, *, by: User, now: datetime) -> object:
        """Call the service with a valid form and return its result. Raises `InvalidFact`, once for all."""
        form.settle(now)
        return store_answered(
            form, lambda: self.service(form.target(), **form.service_kwargs(), by=by, now=now)
        )

    def refuse_more(self, form: ActForm, *, by: User, now: datetime) -> None:
        """Beside the errors of a form, show what the service refuses of its other fields."""
        form.refuse_all(refusals_beside(form, lambda: self.call(form, by=by, now=now), now=now))

    def perform(self, form: ActForm, *, by: User, now: datetime) -> bool:
        """Call the service with a valid form. On a refusal, show it in the form and return False.

        Raises `PermissionDenied` for what is for the people of another agency to do.
        """
        try:
            form.result = self.call(form, by=by, now=now)
        except NotYours as refusal:
            raise PermissionDenied from refusal
        except InvalidFact as refusal:
            form.refuse(refusal)
            return False
        return True
