"""Days and instants as a clerk types them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from typing_extensions import override

from accounts.models import POLICE, Agency, Town
from orders.rules.court_time import TimeError, parse_instant
from orders.services.calendar import bundled

#: Outside these years a date is a slip of the keyboard.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?P<second>:\d\d)?\s*(?:(?P<half>[ap])\.?m\.?)?"
    r"\s*(?P<offset>Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_NOON = 12


class DayField(forms.DateField):
    """A day of the calendar, in the browser's own date picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    @override
    def clean(self, value: Any) -> date | None:
        """Refuses a year that is a slip of the keyboard."""
        day: date | None = super().clean(value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"{day} is not of a year from {FIRST_DAY.year} to {LAST_DAY.year}.")
        return day


class BirthdayField(DayField):
    """A day in the past."""

    @override
    def clean(self, value: Any) -> date | None:
        """Refuses a day that is yet to come."""
        day = super().clean(value)
        if day is not None and day > timezone.localdate():
            raise ValidationError(f"{day} lies ahead. Correct the date of birth.")
        return day


class InstantWidget(forms.MultiWidget):
    """A date picker and a line for the time of day."""

    def __init__(self, label: str) -> None:
        day = {"type": "date", "aria-label": f"{label}: date"}
        clock = {"size": "14", "autocomplete": "off", "aria-label": f"{label}: time of day"}
        super().__init__([forms.DateInput(attrs=day, format="%Y-%m-%d"), forms.TextInput(attrs=clock)])

    @override
    def decompress(self, value: datetime | date | None) -> list[Any]:
        """Day and time of day; with the offset where the clock shows that time twice."""
        if not isinstance(value, datetime):
            return [value, ""]
        seconds = f":{value:%S}" if value.second else ""
        twice = value.replace(fold=0).utcoffset() != value.replace(fold=1).utcoffset()
        return [value.date(), f"{value:%H:%M}{seconds}{f' {value:%z}' if twice else ''}"]


class InstantField(forms.MultiValueField):
    """An instant, typed as court wall time: 18:30 or 6:30 pm. An offset may follow.

    A wall time that occurs twice or never is refused with its remedy. Where `needs_time` is false the time
    may be left out, and the value is the day.
    """

    def __init__(self, *, label: str, needs_time: bool = True, **kwargs: Any) -> None:
        self.zone: ZoneInfo = bundled().jurisdictions["us_ct"].zone
        kwargs.setdefault("help_text", INSTANT_HELP if needs_time else f"{INSTANT_HELP} {WITHOUT_TIME}")
        missing = "Give the date and the time of day." if needs_time else "Give the date too."
        super().__init__(
            fields=[DayField(), forms.CharField(required=needs_time)],
            widget=InstantWidget(label),
            label=label,
            require_all_fields=False,
            error_messages={"incomplete": missing},
            **kwargs,
        )

    @override
    def compress(self, data_list: Sequence[Any]) -> datetime | date:
        """The instant; the day where no time was typed and none is needed."""
        day: date
        day, clock = data_list
        if not clock:
            return day
        try:
            return parse_instant(f"{day.isoformat()}T{_clock(clock)}", self.zone)
        except TimeError as error:
            raise ValidationError(str(error), code=error.code) from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """True for another instant, however it is typed; nobody types less than a second."""
        if isinstance(initial, datetime):
            initial = initial.replace(microsecond=0)
        try:
            return bool(self.clean(data) != initial)
        except ValidationError:
            return True


INSTANT_HELP = "Court time, such as 18:30 or 6:30 pm."
WITHOUT_TIME = "Leave the time empty where it is not known."


def _clock(typed: str) -> str:
    """The time of day in the form that `parse_instant` reads."""
    found = _CLOCK.fullmatch(typed.strip())
    hour = int(found["hour"]) if found else 0
    if found is None or (found["half"] and not 1 <= hour <= _NOON):
        raise ValidationError(f"“{typed}” is not a time of day. Write 18:30 or 6:30 pm.", code="invalid_time")
    if found["half"]:
        hour = hour % _NOON + (_NOON if found["half"].lower() == "p" else 0)
    return f"{hour:02}:{found['minute']}{found['second'] or ''}{_offset(found['offset'] or '')}"


def _offset(typed: str) -> str:
    if typed in ("", "Z", "z"):
        return typed.upper()
    return f"{typed[:3]}:{typed[-2:]}"


class ClockField(forms.TimeField):
    """A time of the court's clock on a day set ahead, such as 9:30 am."""

    widget = forms.TimeInput(attrs={"size": 12, "autocomplete": "off"}, format="%H:%M")

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", INSTANT_HELP)
        kwargs.setdefault("input_formats", ["%H:%M", "%I:%M %p", "%I:%M%p"])
        super().__init__(**kwargs)


def town_field(**kwargs: Any) -> forms.ModelChoiceField[Town]:
    """A town of the state, chosen by typing its first letters."""
    return forms.ModelChoiceField(Town.objects.all(), **kwargs)


def police_field(**kwargs: Any) -> forms.ModelChoiceField[Agency]:
    """A police agency, chosen by typing its first letters."""
    return forms.ModelChoiceField(Agency.objects.filter(kind__in=POLICE), **kwargs)
