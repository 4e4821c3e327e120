"""Form fields for days, times of day and instants as people type them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from accounts.dates import ClockError, format_clock, format_day, parse_clock
from accounts.models import POLICE, Agency, State, Town
from accounts.text import clean
from accounts.text import fold as folded
from orders.rules.court_time import TimeError, parse_instant
from orders.services.planning.rulebooks import bundled
from orders.services.registry.places import Places

#: Outside these years a date is a typing error.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

#: The key of a row.
_KEY = re.compile(r"[0-9]{1,9}")
#: An offset from UTC, or a zone's short name, after a time of day: it tells apart a time that happens twice.
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d|[ECMP][SD]T)\Z", re.IGNORECASE)


class DayField(forms.DateField):
    """A date, in the browser's own date picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    @override
    def clean(self, value: Any) -> date | None:
        """Reject a year that can only be a typing error."""
        day: date | None = super().clean(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(
                f"{day} is not a date from {FIRST_DAY.year} to {LAST_DAY.year}. Correct the year."
            )
        return day


class BirthdayField(DayField):
    """A date of birth."""

    @override
    def clean(self, value: Any) -> date | None:
        """Reject a date in the future."""
        day = super().clean(value)
        if day is not None and day > timezone.localdate():
            raise ValidationError(f"{format_day(day)} is in the future. Correct the date of birth.")
        return day


class InstantWidget(forms.MultiWidget):
    """A date picker and a text field for the time of day."""

    def __init__(self, label: Any) -> None:
        day = {"type": "date", "aria-label": format_lazy("{}: {}", label, _("date"))}
        clock = {
            "size": "14",
            "aria-label": format_lazy("{}: {}", label, _("time of day")),
            "placeholder": _("Time of day"),
        }
        super().__init__([forms.DateInput(attrs=day, format="%Y-%m-%d"), forms.TextInput(attrs=clock)])

    @override
    def decompress(self, value: datetime | date | None) -> list[Any]:
        """Split an instant into date and time, with its zone in the hour that happens twice."""
        if not isinstance(value, datetime):
            return [value, ""]
        clock = format_clock(value.time(), seconds=bool(value.second))
        twice = value.replace(fold=0).utcoffset() != value.replace(fold=1).utcoffset()
        return [value.date(), f"{clock} {value:%z}" if twice else clock]


class InstantField(forms.MultiValueField):
    """An instant, typed in court time: 6:30 p.m. or 18:30. An offset or the name of a zone may follow.

    A time that happens twice or never that night is rejected with its remedy. If `needs_time` is false, the
    time may be left out; then the value is the day. `missing` is what an empty field asks for.
    """

    def __init__(self, *, label: Any, needs_time: bool = True, missing: str = "", **kwargs: Any) -> None:
        self.missing = missing or ("" if needs_time else "Enter the date for “%(label)s”.")
        self.zone: ZoneInfo = bundled().jurisdictions["us_ct"].zone
        kwargs.setdefault("help_text", _HOW if needs_time else format_lazy("{} {}", _HOW, WITHOUT_TIME))
        incomplete = _("Give the date and the time of day.") if needs_time else _("Give the date too.")
        super().__init__(
            fields=[DayField(), forms.CharField(required=needs_time)],
            widget=InstantWidget(label),
            label=label,
            require_all_fields=False,
            error_messages={"incomplete": incomplete},
            **kwargs,
        )

    @override
    def compress(self, data_list: Sequence[Any]) -> datetime | date | None:
        """Return the instant; the day if no time was typed and none is needed; None if nothing was typed."""
        if not data_list:
            return None
        day: date
        day, clock = data_list
        if not clock:
            return day
        try:
            return parse_instant(f"{day.isoformat()}T{_wall_time(clock, day, self.zone)}", self.zone)
        except ClockError as error:
            raise ValidationError(str(error), code="invalid_time") from error
        except TimeError as error:
            raise ValidationError(str(error), code=error.code) from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """True for another instant, however it is typed. Fractions of a second are ignored."""
        if isinstance(initial, datetime):
            initial = initial.replace(microsecond=0)
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


INSTANT_HELP = "Court time, such as 6:30 p.m. or 18:30."
_HOW = _("Court time, such as 6:30 p.m. or 18:30.")
WITHOUT_TIME = "Leave the time empty if it is not known."


def _wall_time(typed: str, day: date, zone: ZoneInfo) -> str:
    """The typed time in the form that `parse_instant` reads, such as “18:30:00-05:00”."""
    found = _ZONE.search(typed := typed.strip())
    clock = parse_clock(typed[: found.start()].strip() if found else typed)
    return clock.isoformat() + (
        _offset(found[0].upper(), datetime.combine(day, clock), zone) if found else ""
    )


def _offset(suffix: str, wall: datetime, zone: ZoneInfo) -> str:
    if suffix == "Z":
        return suffix
    if suffix[0] in "+-":
        return f"{suffix[:3]}:{suffix[-2:]}"
    for fold in (0, 1):
        local = wall.replace(tzinfo=zone, fold=fold)
        if local.tzname() == suffix:
            return local.isoformat()[19:]
    raise ClockError(f"The court's clock does not show {suffix} on that day. Leave it out.")


class ClockField(forms.CharField):
    """A time of day as people type it, such as 9:30 a.m., 7p, 1915 or noon. Its value is a `time`."""

    widget = forms.TextInput(attrs={"size": 12})
    missing = gettext_noop("Enter the time of day for “%(label)s”.")

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _HOW)
        super().__init__(empty_value=None, **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        """Return a stored time as it is shown everywhere."""
        return format_clock(value) if isinstance(value, time) else value

    @override
    def to_python(self, value: Any) -> Any:
        """Return the time, or None for an empty field."""
        if isinstance(value, time):
            return value
        typed = super().to_python(value)
        if typed is None:
            return None
        try:
            return parse_clock(typed)
        except ClockError as error:
            is_english = (get_language() or "en").startswith("en")
            message = str(error) if is_english else gettext("Write a time such as 6:30 p.m. or 18:30.")
            raise ValidationError(message, code="invalid_time") from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """True for another time, however it is typed."""
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


class LabeledChoiceField(forms.ModelChoiceField[Any]):
    """A row, chosen by the text that `labeled` makes of it."""

    def __init__(self, labeled: Callable[[Any], str], rows: QuerySet[Any], **kwargs: Any) -> None:
        self._labeled = labeled
        super().__init__(rows, **kwargs)

    @override
    def label_from_instance(self, obj: Any) -> str:
        """Return the text of a row."""
        return self._labeled(obj)


class LabeledChoicesField(forms.ModelMultipleChoiceField[Any]):
    """Rows, chosen by the text that `labeled` makes of each."""

    def __init__(self, labeled: Callable[[Any], str], rows: QuerySet[Any], **kwargs: Any) -> None:
        self._labeled = labeled
        super().__init__(rows, **kwargs)

    @override
    def label_from_instance(self, obj: Any) -> str:
        """Return the text of a row."""
        return self._labeled(obj)


class NameListInput(forms.TextInput):
    """A text field with a list of names that fit what is typed.

    With `autocomplete="off"` the browser would lose the name when Back restores the page.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: Sequence[str] = ()

    @override
    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the field and its list."""
        key = f"{(attrs or {}).get('id', f'id_{name}')}_names"
        field = super().render(name, value, {**(attrs or {}), "list": key}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((one,) for one in self.listed()))
        return format_html('{}<datalist id="{}">{}</datalist>', field, key, options)

    def listed(self) -> Sequence[str]:
        """Return the names of the list."""
        return self.names


class TownInput(NameListInput):
    """A text field with a list of the towns, those of one state first."""

    state: str = State.CONNECTICUT

    @override
    def listed(self) -> list[str]:
        """Return the names of all towns."""
        elsewhere = Case(When(jurisdiction=self.state, then=Value(0)), default=Value(1))
        return [self.named(one) for one in Town.objects.order_by(elsewhere, "name")]

    def named(self, town: Town) -> str:
        """Return the name, with the state in a form of another one."""
        is_plain = town.jurisdiction in (self.state, *set(State) - {State.CONNECTICUT})
        return town.name if is_plain else f"{town.name}, {town.get_jurisdiction_display()}"

    @override
    def format_value(self, value: Any) -> str | None:
        """Return the name of a town that is given as itself or by its key."""
        town = _town(value)
        return self.named(town) if town is not None else super().format_value(value)


class TownField(forms.CharField):
    """A town or village, typed by its name in any usual form; its value is the town."""

    widget = TownInput

    def prefer(self, state: str) -> None:
        """Offer the towns of this state first."""
        cast("TownInput", self.widget).state = state

    @override
    def to_python(self, value: Any) -> Any:
        """Return the town. Raises `ValidationError` for a name that does not fit exactly one."""
        if (known := _town(value)) is not None:
            return known
        typed = clean(str(value or ""))
        if not typed:
            return None
        places = Places(state=cast("TownInput", self.widget).state)
        found = places.town(typed)
        if found is None:
            raise ValidationError(places.unknown_town(typed), code="invalid_choice")
        return found

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another town is typed than the one that was shown."""
        try:
            return bool(self.to_python(data) != _town(initial))
        except ValidationError:
            return True


def _town(value: Any) -> Town | None:
    """Return a town that is given as itself or by its key, as an older page or a draft has it."""
    if isinstance(value, Town):
        return value
    return Town.objects.filter(pk=int(value)).first() if _KEY.fullmatch(str(value)) else None


def town_field(**kwargs: Any) -> TownField:
    """A town of any state."""
    return TownField(**kwargs)


class AgencyByNameField(forms.CharField):
    """An agency, found by its name as people type it. Its value is the agency."""

    widget = NameListInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._agencies: dict[str, Agency] = {}

    def offer(self, agencies: Iterable[Agency]) -> None:
        """Set the agencies, in the order in which the list has them."""
        found = list(agencies)
        self._agencies = {str(one.pk): one for one in found} | {folded(one.name): one for one in found}
        widget: Any = self.widget
        widget.names = [one.name for one in found]

    @override
    def to_python(self, value: Any) -> Any:
        """Return the agency. Raises `ValidationError` for a name that does not fit exactly one."""
        typed = super().to_python(value) or ""
        if not typed or typed in self._agencies:
            return self._agencies.get(typed)
        words = folded(typed)
        if words in self._agencies:
            return self._agencies[words]
        likely = sorted({one.name for name, one in self._agencies.items() if words in name})
        if len(likely) == 1:
            return self._agencies[folded(likely[0])]
        if likely:
            raise ValidationError(f"Several agencies fit: {', '.join(likely[:5])}. Type the whole name.")
        raise ValidationError(f"No agency here has the name “{typed}”. Choose one of the list.")


def police_field(**kwargs: Any) -> forms.ModelChoiceField[Agency]:
    """A police agency, chosen by its first letters."""
    return forms.ModelChoiceField(Agency.objects.filter(kind__in=POLICE), **kwargs)
