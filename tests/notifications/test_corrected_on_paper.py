"""Who was reached only on paper gets a corrected notice on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AgencyKind, Role
from notifications.models import Alert, AlertState, Channel
from notifications.services.delivery.printing import confirm_handed_over, fall_back_to_paper, to_hand_over
from orders.models import Order
from orders.services import service
from orders.services.orders import withdrawal
from tests import make
from tests.notifications.test_printing import browser, fail, fired, typed

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("correct", "words", "hidden"),
    [
        (service.withdraw_service, "was about this deadline", "Please do not act on it"),
        (withdrawal.withdraw_order, "Please do not act on it", "Ash Birch"),
    ],
)
@pytest.mark.parametrize("is_handed", [True, False])
def test_a_corrected_notice_is_printed_and_handed_over(
    correct: Callable[..., Order], words: str, hidden: str, *, is_handed: bool
) -> None:
    clerk = make.person(Role.CLERK, court := make.agency(AgencyKind.COURT))
    liaison = make.person(Role.LIAISON, police := make.agency())
    order, now = fired(court, police), timezone.now()
    fail(order, liaison)
    fall_back_to_paper()
    Alert.objects.filter(channel=Channel.PRINT).update(created_at=now - timedelta(hours=2))
    notice = Alert.objects.get(channel=Channel.PRINT)
    at = now - timedelta(hours=1)
    if is_handed:
        confirm_handed_over(notice, by=clerk, to="Sgt. Rowan", at=at, now=now)

    correct(order, by=None, now=now, reason="Entered in error.")

    found = list(to_hand_over(clerk))
    assert [(one.recipient, one.agency, one.correction_id is None) for one in found] == (
        [(liaison, police, False)] if is_handed else []
    )
    assert not to_hand_over(make.person(Role.CLERK, make.agency(AgencyKind.COURT))).exists()
    for one in found:
        _is_handed_over(one, clerk, words=words, hidden=hidden)


def _is_handed_over(notice: Alert, clerk: Any, *, words: str, hidden: str) -> None:
    """The clerk reads the sheet, hands it over and records that."""
    reader, address = browser(clerk), f"/notices/{notice.public_id}/print/"
    assert address in reader.get("/").content.decode()
    sheet = reader.get(address).content.decode()
    assert words in sheet
    assert hidden not in sheet

    Alert.objects.filter(pk=notice.pk).update(created_at=timezone.now() - timedelta(hours=1))
    answer = reader.post(address, typed(timezone.now().replace(microsecond=0)), follow=True)

    assert answer.status_code == 200
    notice.refresh_from_db()
    assert notice.state == AlertState.DELIVERED


def test_a_correction_that_no_channel_carried_is_printed() -> None:
    make.person(Role.CLERK, court := make.agency(AgencyKind.COURT))
    liaison = make.person(Role.LIAISON, police := make.agency())
    order, now = fired(court, police), timezone.now()
    Alert.objects.update(state=AlertState.ACCEPTED, first_sent_at=now)
    service.withdraw_service(order, by=None, now=now, reason="Entered in error.")
    corrected = Alert.objects.filter(recipient=liaison, correction__isnull=False)
    told = corrected.filter(checkpoint__deadline__rule_id="CT-SUR-01")
    told.update(state=AlertState.FAILED, last_error="the mail server answered 550")

    assert (fall_back_to_paper(), fall_back_to_paper()) == (1, 0)

    notice = told.get(channel=Channel.PRINT)
    assert list(to_hand_over(liaison)) == [notice]
    sheet = browser(liaison).get(f"/notices/{notice.public_id}/print/").content.decode()
    assert "An earlier notice was corrected: it was about this deadline" in sheet
