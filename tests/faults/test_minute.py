"""From the entry of a hearing to the mail in less than a minute, with a real worker and mail server."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Outside
from tests.faults.stack import Stack, wait_for

pytestmark = pytest.mark.processes


def test_news_of_a_hearing_arrives_within_a_minute_in_quiet_hours(stack: Stack, outside: Outside) -> None:
    stack.email = "smtp"
    stack.worker()
    wait_for("the pulse", lambda: stack.scenario("pulses")["processes"] == 1, 60)
    traveler = stack.scenario("traveler")

    def mails() -> list[float]:
        return [float(line["at"]) for line in outside.mail.lines() if traveler["address"] in line["to"]]

    entered = stack.scenario("hearing", traveler["order"], 9)["at"]
    wait_for("the mail", lambda: len(mails()) == 1, 60)
    assert mails()[0] - entered < 60

    # The second at once after the first: no gap and no quiet hours hold it.
    again = stack.scenario("hearing", traveler["order"], 10)["at"]
    wait_for("the second mail", lambda: len(mails()) == 2, 60)
    assert mails()[1] - again < 60
