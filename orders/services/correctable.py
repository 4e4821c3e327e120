"""Correct and withdraw the facts of an order, for every kind of fact in the same way.

A `Correctable` declares one kind of fact: its columns, its checks, and what must be withdrawn before it. Each
subject declares its own beside the service that records the fact, so that entry and correction run the same
checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Model, ProtectedError, QuerySet
from typing_extensions import override

from accounts.dates import format_clock, format_day, format_instant
from accounts.models import User
from accounts.text import clean
from orders.errors import InvalidFact
from orders.models.fields import as_given
from orders.services.change import Change, changing
from orders.services.court_days import zone_of
from orders.services.limits import within_limits
from orders.services.validation import need_reason

#: How the history shows an empty value.
NOTHING = "not stated"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One value of a fact that a correction may change."""

    name: str
    label: str
    #: The keyword of a correction, if the name of the column means something else there.
    keyword: str = ""
    #: The values stay out of the history, which is kept forever. It records only that they changed.
    is_private: bool = False

    @property
    def keywords(self) -> tuple[str, ...]:
        """The keywords by which the service that records the fact takes the value."""
        return (self.keyword or self.name,)

    def load(self, row: Any) -> None:
        """Make a row from the database look as it was entered. Does nothing by default."""

    def set(self, row: Any, changes: Mapping[str, Any]) -> None:
        """Set the value of an unsaved row from the given keywords."""
        (keyword,) = self.keywords
        if keyword in changes:
            setattr(row, self.name, changes[keyword])

    def value(self, row: Any) -> Any:
        """Return the value, to compare it with another one."""
        return getattr(row, self.name)

    def words(self, row: Any) -> str:
        """Return the value as screens show it."""
        value = self.value(row)
        return str(value) if value not in (None, "") else NOTHING


class FixedColumn(Column):
    """A value that no correction changes: the fact is withdrawn and recorded again."""

    @property
    @override
    def keywords(self) -> tuple[str, ...]:
        return ()

    @override
    def set(self, row: Any, changes: Mapping[str, Any]) -> None:
        """Do nothing."""


class ChoiceColumn(Column):
    """A value of a list of choices."""

    @override
    def words(self, row: Any) -> str:
        return getattr(row, f"get_{self.name}_display")() or NOTHING


class YesNoColumn(Column):
    """A yes or a no."""

    @override
    def words(self, row: Any) -> str:
        return "Yes" if self.value(row) else "No"


class DayColumn(Column):
    """A day."""

    @override
    def words(self, row: Any) -> str:
        value = self.value(row)
        return format_day(value) if value else NOTHING


class ClockColumn(Column):
    """A time of day."""

    @override
    def words(self, row: Any) -> str:
        value = self.value(row)
        return format_clock(value) if value else NOTHING


class InstantColumn(Column):
    """An instant, with its offset in a column beside it if the model has one."""

    @override
    def load(self, row: Any) -> None:
        offset = getattr(row, f"{self.name.removesuffix('_at')}_offset", None)
        value = self.value(row)
        if value is not None and offset is not None:
            setattr(row, self.name, as_given(value, offset))

    @override
    def words(self, row: Any) -> str:
        value = self.value(row)
        return format_instant(value, zone_of(row.order)) if value else NOTHING


class DayOrInstantColumn(InstantColumn):
    """Something that happened at an instant or, if that is not known, on a day. `name` is the instant's."""

    @property
    def _day(self) -> str:
        return f"{self.name.removesuffix('_at')}_on"

    @property
    @override
    def keywords(self) -> tuple[str, ...]:
        return (self.name, self._day)

    @override
    def set(self, row: Any, changes: Mapping[str, Any]) -> None:
        """Set the instant, or the day without an instant. The checks derive the day of an instant."""
        at, on = changes.get(self.name), changes.get(self._day)
        if at is not None:
            setattr(row, self.name, at)
        elif on is not None:
            setattr(row, self.name, None)
            setattr(row, self._day, on)

    @override
    def value(self, row: Any) -> Any:
        return getattr(row, self.name) or getattr(row, self._day)

    @override
    def words(self, row: Any) -> str:
        if getattr(row, self.name):
            return super().words(row)
        day = getattr(row, self._day)
        return format_day(day) if day else NOTHING


class Check(Protocol):
    """Checks an unsaved row as entry does, and derives columns. `row.order` is the locked order."""

    def __call__(self, row: Any, /, *, now: datetime, confirm: str = "") -> None:
        """Raise `InvalidFact`, and `DoubtfulFact` unless `confirm` gives a reason."""


def before_correction(row: Any) -> Any:
    """Return the row as it is stored, while a correction of it is checked; None at entry."""
    return getattr(row, "before_correction", None)


def _accept(row: Any) -> None:
    """Nothing has to be withdrawn first."""


def _accept_recorder(row: Any, by: User | None, confirm: str) -> None:
    """It makes no difference who corrects the fact."""


def _accept_person(row: Any, by: User) -> None:
    """Everyone who may act on the order may correct and withdraw the fact."""


def _delete(row: Any) -> None:
    row.delete()


@dataclass(frozen=True, kw_only=True)
class Correctable:
    """One kind of fact that a person can correct or withdraw, each with a reason.

    With `part_of`, it is a part of another fact, such as the outcome of a hearing. It is withdrawn alone, and
    corrected with the whole.
    """

    #: The stem of its history kinds, such as `firearm` of `firearm_corrected` and `firearm_withdrawn`.
    name: str
    model: type[Model]
    #: The kind of fact in a sentence, such as “firearm”.
    noun: str
    #: The fact in words, for the history and the page. It never names the protected person or an address.
    words: Callable[[Any], str]
    columns: Sequence[Column] = ()
    check: Check | None = None
    #: True if the row has the fact; a hearing may have no outcome.
    is_recorded: Callable[[Any], bool] = lambda row: True
    #: Raises `NotYours` if the fact is for the people of another agency to correct.
    check_person: Callable[[Any, User], None] = _accept_person
    #: Raises `DoubtfulFact` for a corrected row that needs a reason from this person, as at entry.
    check_recorder: Callable[[Any, User | None, str], None] = _accept_recorder
    #: Raises `InvalidFact` if something else must be withdrawn first, naming it.
    check_withdrawable: Callable[[Any], None] = _accept
    #: Removes the fact.
    remove: Callable[[Any], None] = _delete
    #: Brings other rows into agreement after a correction.
    after_correction: Callable[[Any], None] = _accept
    part_of: str = ""
    #: A rule limits its date: a correction beyond the rule needs a reason to continue.
    is_limited: bool = False

    def correct(
        self,
        row: Any,
        changes: Mapping[str, Any],
        *,
        by: User | None,
        now: datetime,
        reason: str,
        confirm: str = "",
    ) -> Any:
        """Change columns, by the keywords of the recording service, and return the row.

        Raises `InvalidFact`, `DoubtfulFact` unless `confirm` gives a reason, and `TypeError` for a keyword
        that cannot be corrected.
        """
        known = {keyword for column in self.columns for keyword in column.keywords}
        if unknown := changes.keys() - known:
            raise TypeError(f"cannot be corrected here: {', '.join(sorted(unknown))}")
        with self._changing(row, "corrected", by=by, now=now, reason=reason) as (change, stored):
            before = self._values(stored)
            for column in self.columns:
                column.set(stored, changes)
            if self.check is not None:
                self.check(stored, now=now, confirm=clean(confirm))
            self.check_recorder(stored, by, clean(confirm))
            after = self._values(stored)
            self._note_changes(change, before, after)
            if clean(confirm):
                change.data["confirmed"] = clean(confirm)
            with within_limits(change, confirm=confirm) if self.is_limited else nullcontext():
                stored.save()
            self.after_correction(stored)
        return stored

    def withdraw(self, row: Any, *, by: User | None, now: datetime, reason: str) -> Any:
        """Remove a fact that never was, and return its order. Raises `InvalidFact`.

        The history keeps what was stored.
        """
        with self._changing(row, "withdrawn", by=by, now=now, reason=reason) as (change, stored):
            self.check_withdrawable(stored)
            change.data["withdrawn"] = {
                column.label: column.words(stored)
                for column in self.columns
                if not column.is_private and column.words(stored) != NOTHING
            }
            try:
                self.remove(stored)
            except ProtectedError as error:
                raise InvalidFact(
                    self.name,
                    "in_use",
                    f"Other facts depend on this {self.noun}. Withdraw those first.",
                ) from error
        return change.order

    def note(self, change: Change, row: Any) -> None:
        """Name the item in a history entry."""
        change.data["item"] = {"id": str(row.public_id), "words": self.words(row)}

    @contextmanager
    def _changing(
        self, row: Any, act: str, *, by: User | None, now: datetime, reason: str
    ) -> Iterator[tuple[Change, Any]]:
        """Lock the case, fetch the row again and name it in the history entry. Raises `InvalidFact`."""
        kind, why = f"{self.name}_{act}", need_reason(reason)
        with changing(row.order, kind, by=by, now=now, reason=why) as change:
            rows: QuerySet[Any] = self.model._default_manager.filter(order=change.order)
            stored = rows.filter(pk=row.pk).first()
            if stored is None:
                raise InvalidFact(
                    self.name, "withdrawn", f"Someone has withdrawn this {self.noun}. Open the order again."
                )
            stored.order = change.order
            if by is not None:
                self.check_person(stored, by)
            for column in self.columns:
                column.load(stored)
            stored.before_correction = copy(stored)
            self.note(change, stored)
            yield change, stored

    def _values(self, row: Any) -> dict[str, tuple[Any, str]]:
        return {column.name: (column.value(row), column.words(row)) for column in self.columns}

    def _note_changes(
        self, change: Change, before: Mapping[str, tuple[Any, str]], after: Mapping[str, tuple[Any, str]]
    ) -> None:
        """Note old and new values in words. Raises `InvalidFact` if nothing changed."""
        changed = [one for one in self.columns if before[one.name][0] != after[one.name][0]]
        if not changed:
            raise InvalidFact(
                "changes", "nothing_changed", "Nothing is changed. Change what is wrong, or cancel."
            )
        for column in changed:
            if column.is_private:
                change.data.setdefault("changed", []).append(column.label)
            else:
                words = [before[column.name][1], after[column.name][1]]
                change.data.setdefault("corrected", {})[column.label] = words
