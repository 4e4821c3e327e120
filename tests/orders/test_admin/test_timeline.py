"""The picture of an order's time, and the times of its history."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import User
from orders.admin.summary.recent import history_lines
from orders.admin.summary.timeline import TimelinePoint
from orders.models import HistoryEntry
from orders.services.orders.case_events import record_case_event
from tests import make
from tests.orders.test_admin.conftest import Enter, page_of

pytestmark = pytest.mark.django_db

COURT_TIME = ZoneInfo("America/New_York")


def crossed(points: list[TimelinePoint]) -> list[tuple[str, str]]:
    """The labels that the line of another instant crosses, each with that instant."""
    found = []
    for one in points:
        width = 7.2 * max(len(one.title), len(one.clock))
        begin = one.x - {"start": 0, "middle": width / 2, "end": width}[one.anchor]
        found += [
            (one.title, other.title)
            for other in points
            if other.y < one.y and begin < other.x < begin + width and other is not one
        ]
    return found


@pytest.mark.parametrize("hours", [25, 27, 29, 32, 40])
def test_no_line_crosses_a_label(enter: Enter, desk: Client, now: datetime, hours: int) -> None:
    served = now - timedelta(hours=hours)
    order = enter(
        issued_at=served - timedelta(days=1),
        served_at=served,
        expires_on=(now + timedelta(days=9)).date(),
        respondent_town=make.town(),
    )

    timeline = desk.get(page_of(order)).context["summary"].timeline

    assert [one.title for one in timeline.points][-3:] == ["Time to surrender ended", "Now", "Order ends"]
    assert crossed(timeline.points) == []


def test_the_history_names_the_day_of_a_fact_once(enter: Enter, now: datetime) -> None:
    order = enter()
    at = datetime(2026, 11, 30, 15, 0, tzinfo=COURT_TIME)
    entries = [
        HistoryEntry(pk=number, order=order, kind="entered", occurred_at=happened, recorded_at=at)
        for number, happened in enumerate((at, at - timedelta(hours=2), at - timedelta(days=1)))
    ]

    shown = {one.entry.pk: one.happened for one in history_lines(entries, COURT_TIME)}

    assert shown == {0: "", 1: "1:00 p.m.", 2: "Sun, Nov 29, 2026, 3:00 p.m."}


def test_the_history_does_not_repeat_an_event_as_its_item(enter: Enter, clerk: User, now: datetime) -> None:
    order = enter()
    happened = now - timedelta(hours=2)
    record_case_event(order, kind="service_returned", by=clerk, now=now, occurred_at=happened)

    line = history_lines(list(HistoryEntry.objects.filter(order=order)), COURT_TIME)[0]

    assert line.words == "The return of service reached the clerk"
    assert line.happened
    assert line.words not in " ".join(line.details)
