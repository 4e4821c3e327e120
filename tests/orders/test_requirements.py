"""What the law requires to be sent is listed for the orders it is about, and kept once it was sent."""

from __future__ import annotations

from datetime import date

import pytest

from orders.errors import InvalidFact
from orders.models import Sending
from orders.services.requirements import record_sending, requirements_of
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_order_lists_what_must_be_sent_and_to_whom() -> None:
    order = make.order()

    required = {one.entry.id: one for one in requirements_of(order)}

    assert "CT-SVC-04" in required
    assert required["CT-SVC-04"].entry.recipient
    assert required["CT-SVC-04"].sendings == ()


def test_what_was_sent_is_kept() -> None:
    order = make.order()

    record_sending(order, entry="CT-SVC-04", at=NOW, by=None, now=NOW)

    (sending,) = {one.entry.id: one for one in requirements_of(order)}["CT-SVC-04"].sendings
    assert sending.sent_on == date(2026, 12, 4)
    assert order.events.get(kind="sent").data["requirement"] == "CT-SVC-04"


@pytest.mark.parametrize(
    ("entry", "on", "field"),
    [
        ("CT-NONE", date(2026, 12, 4), "entry"),
        ("CT-SUR-01", date(2026, 12, 4), "entry"),
        ("CT-SVC-04", None, "sent_on"),
        ("CT-SVC-04", date(2026, 12, 5), "sent_on"),
    ],
)
def test_sending_that_cannot_be_is_refused(entry: str, on: date | None, field: str) -> None:
    order = make.order()

    with pytest.raises(InvalidFact) as refused:
        record_sending(order, entry=entry, on=on, by=None, now=NOW)

    assert refused.value.field == field
    assert not Sending.objects.exists()
