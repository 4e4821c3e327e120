"""What the law requires to be sent is listed for the orders it is about, and kept once it was sent."""

from __future__ import annotations

from datetime import date

import pytest

from orders.errors import InvalidFact
from orders.models import NoticeSent
from orders.services.conditions.notices import record_notice_sent, required_notices
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def test_order_lists_required_notices_and_their_recipients() -> None:
    order = make.order()

    required = {one.entry.id: one for one in required_notices(order)}

    assert "CT-SVC-04" in required
    assert required["CT-SVC-04"].entry.recipient
    assert required["CT-SVC-04"].notices_sent == ()


def test_what_was_sent_is_kept() -> None:
    order = make.order()

    record_notice_sent(order, entry="CT-SVC-04", sent_at=NOW, by=None, now=NOW)

    (sending,) = {one.entry.id: one for one in required_notices(order)}["CT-SVC-04"].notices_sent
    assert sending.sent_on == date(2026, 12, 4)
    assert order.history.get(kind="sent").data["required_notice"] == "CT-SVC-04"


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
        record_notice_sent(order, entry=entry, sent_on=on, by=None, now=NOW)

    assert refused.value.field == field
    assert not NoticeSent.objects.exists()
