"""Tags for the lists of a court."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.contrib.admin.views.main import PAGE_VAR

from orders.services.desk.figures import WeekBar

register = template.Library()


@register.simple_tag
def page_address(changelist: Any, number: int) -> str:
    """Return the query of another page of a list of the admin site, with its filters."""
    return str(changelist.get_query_string({PAGE_VAR: number}))


#: The height of a bar of 100 percent, and the width of a bar with its gap.
_HIGHEST, _STEP = 60, 20
_BASE = 76


@dataclass(frozen=True, kw_only=True)
class ChartBar:
    """One bar: its week and its place in the picture."""

    week: WeekBar
    x: int
    height: int

    @property
    def y(self) -> int:
        """The top of the bar."""
        return _BASE - self.height

    @property
    def label(self) -> int:
        """The place of the number, above the bar."""
        return self.y - 4

    @property
    def middle(self) -> int:
        """The middle of the bar."""
        return self.x + 7


@dataclass(frozen=True, kw_only=True)
class WeekChart:
    """The bars of some weeks."""

    bars: list[ChartBar]

    @property
    def width(self) -> int:
        """The width of the picture."""
        return _STEP * len(self.bars)

    @property
    def first(self) -> date:
        """The first Monday."""
        return self.bars[0].week.monday

    @property
    def last(self) -> date:
        """The last Monday."""
        return self.bars[-1].week.monday

    @property
    def proven(self) -> int:
        """What was proven in time in all weeks."""
        return sum(one.week.proven for one in self.bars)

    @property
    def whole(self) -> int:
        """What fell due in all weeks."""
        return sum(one.week.whole for one in self.bars)

    @property
    def percent(self) -> int:
        """The share of all weeks in percent."""
        return round(100 * self.proven / self.whole) if self.whole else 0


@register.simple_tag
def week_chart(weeks: Sequence[WeekBar]) -> WeekChart:
    """Return the picture of some weeks."""
    return WeekChart(
        bars=[
            ChartBar(week=one, x=_STEP * place + 3, height=max(1, _HIGHEST * one.percent // 100))
            for place, one in enumerate(weeks)
        ]
    )
