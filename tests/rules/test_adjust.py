from __future__ import annotations

from dataclasses import replace

import pytest

from orders.rules.adjust import Adjustment, AdjustmentError, adjusted, leaves_time_to_court
from orders.rules.model import Offset
from orders.rules.plan import plan
from orders.rules.planned import Moment
from orders.rules.rulebook import Rulebook
from orders.rules.vocabulary import Purpose, Unit
from tests.rules.orders import at, deadline, deadlines, happened, on, order

SERVED = happened("served", "2026-12-04T18:30:00-05:00")
THREE_BEFORE = Offset(amount=-3, unit=Unit.CALENDAR_DAYS)
THREE_DAYS = Offset(amount=3, unit=Unit.CALENDAR_DAYS)


def test_rulebook_is_the_same_without_settings(rulebook: Rulebook) -> None:
    assert adjusted(rulebook, []) is rulebook


def test_rule_gives_no_deadline_when_the_court_turned_it_off(rulebook: Rulebook) -> None:
    facts = order(firearms_indicated=True, events=[SERVED])

    without = adjusted(rulebook, [Adjustment(rule_id="CT-LE-48", is_on=False)])

    assert "CT-LE-48" in {one.rule.id for one in plan(facts, rulebook)}
    assert "CT-LE-48" not in {one.rule.id for one in plan(facts, without)}
    assert "CT-SUR-01" in {one.rule.id for one in plan(facts, without)}


def test_court_sets_the_time_when_the_law_leaves_it_to_the_court(rulebook: Rulebook) -> None:
    facts = order(firearms_indicated=True, events=[SERVED])

    decided = adjusted(rulebook, [Adjustment(rule_id="CT-SUR-05-ALL", due=THREE_DAYS)])

    assert deadlines(facts, rulebook, "CT-SUR-05-ALL") == []
    due = deadline(facts, decided, "CT-SUR-05-ALL").due
    assert due is not None
    assert due == Moment(on=at("2026-12-07T12:00:00-05:00").date())


def test_reminders_are_the_courts_and_other_checkpoints_remain(rulebook: Rulebook) -> None:
    twelve_hours = Offset(amount=-12, unit=Unit.ELAPSED_HOURS)
    facts = order(firearms_indicated=True, events=[SERVED])

    decided = adjusted(rulebook, [Adjustment(rule_id="CT-SUR-01", reminders=(twelve_hours,))])

    fires = {one.name: one.fires_at for one in deadline(facts, decided, "CT-SUR-01").checkpoints}
    assert fires == {
        "check": at("2026-12-05T18:30:00-05:00"),
        "escalate-24h": at("2026-12-06T18:30:00-05:00"),
        "remind-12h": at("2026-12-05T06:30:00-05:00"),
    }


def test_reminders_notify_the_audience_of_the_rules_first_checkpoint(rulebook: Rulebook) -> None:
    rule = rulebook.by_id["CT-SUR-01"]
    check, *others = rule.checkpoints
    told = replace(rule, checkpoints=(replace(check, audience=("marshal",)), *others))
    book = replace(rulebook, rules=(told,))

    decided = adjusted(book, [Adjustment(rule_id="CT-SUR-01", reminders=(THREE_BEFORE,))])

    (reminder,) = [one for one in decided.rules[0].checkpoints if one.purpose is Purpose.REMIND]
    assert reminder.audience == ("marshal",)


def test_reminders_notify_the_court_when_the_rule_has_no_audience(rulebook: Rulebook) -> None:
    day_before = Offset(amount=-1, unit=Unit.CALENDAR_DAYS)
    assert rulebook.by_id["CT-ORD-01"].checkpoints == ()

    decided = adjusted(rulebook, [Adjustment(rule_id="CT-ORD-01", reminders=(day_before,))])

    (reminder,) = deadline(order("restraining_order"), decided, "CT-ORD-01").checkpoints
    assert reminder.purpose is Purpose.REMIND
    assert reminder.audience == ("court",)
    assert reminder.fires_at == at("2027-12-03T09:00:00-05:00")


def test_only_these_rules_leave_their_time_to_a_court(rulebook: Rulebook) -> None:
    assert {rule.id for rule in rulebook.rules if leaves_time_to_court(rule)} == {
        "CT-CMP-01-ALL",
        "CT-RET-01",
        "CT-SUR-05-ALL",
    }


def test_court_sets_the_opening_where_the_law_sets_the_end(rulebook: Rulebook) -> None:
    four = Offset(amount=4, unit=Unit.BUSINESS_DAYS)
    book = adjusted(rulebook, [Adjustment(rule_id="CT-RET-01", due=four)])
    facts = order(expires_on=on("2026-12-04"), events=[happened("return_requested", "2026-12-07")])

    planned = deadline(facts, book, "CT-RET-01")

    assert (planned.opens, planned.due) == (Moment(on=on("2026-12-11")), Moment(on=on("2026-12-14")))
    # A value from before the opening has no opening still.
    assert book.by_id["CT-RET-01"].values[0].opens is None


@pytest.mark.parametrize(
    "adjustment",
    [
        Adjustment(rule_id="CT-SUR-01", is_on=False),
        Adjustment(rule_id="CT-SUR-05-ALL", due=THREE_DAYS),
        Adjustment(rule_id="CT-SUR-05-ALL", due=Offset(amount=1, unit=Unit.ELAPSED_HOURS)),
        Adjustment(rule_id="CT-RET-01", due=Offset(amount=5, unit=Unit.BUSINESS_DAYS)),
        Adjustment(rule_id="CT-SUR-01", reminders=()),
        Adjustment(rule_id="CT-SUR-01", reminders=(Offset(amount=-1, unit=Unit.ELAPSED_HOURS),)),
        Adjustment(rule_id="CT-SUR-01", reminders=(THREE_BEFORE, Offset(amount=-1, unit=Unit.MONTHS))),
    ],
    ids=["off", "time", "shortest time", "latest opening", "no reminders", "a reminder", "two reminders"],
)
def test_setting_is_accepted_when_the_rule_leaves_it_to_a_court(
    rulebook: Rulebook, adjustment: Adjustment
) -> None:
    adjustment.check(rulebook)


REFUSED_TIME = "Enter a number of hours, days or months above zero."
REFUSED_REMINDER = "A reminder comes before the deadline. Enter a negative number."


@pytest.mark.parametrize(
    ("adjustment", "field", "message"),
    [
        (
            Adjustment(rule_id="CT-NONE"),
            "rule_id",
            "“CT-NONE” is not a rule. `manage.py rules list` lists them.",
        ),
        (
            Adjustment(rule_id="CT-SUR-01", due=THREE_DAYS),
            "due",
            "The law sets the time of CT-SUR-01. A court can only turn the rule off.",
        ),
        (
            Adjustment(rule_id="CT-RET-01", due=Offset(amount=6, unit=Unit.BUSINESS_DAYS)),
            "due",
            "CT-RET-01 would be due before it opens. Enter a time of no more than the law's.",
        ),
        (
            Adjustment(rule_id="CT-SUR-05-ALL", due=Offset(amount=0, unit=Unit.INDEFINITE)),
            "due",
            REFUSED_TIME,
        ),
        (
            Adjustment(rule_id="CT-SUR-05-ALL", due=Offset(amount=5, unit=Unit.AS_ORDERED)),
            "due",
            REFUSED_TIME,
        ),
        (
            Adjustment(rule_id="CT-SUR-05-ALL", due=Offset(amount=0, unit=Unit.CALENDAR_DAYS)),
            "due",
            REFUSED_TIME,
        ),
        (Adjustment(rule_id="CT-SUR-05-ALL", due=THREE_BEFORE), "due", REFUSED_TIME),
        (
            Adjustment(rule_id="CT-SUR-01", reminders=(Offset(amount=0, unit=Unit.ELAPSED_HOURS),)),
            "reminders",
            REFUSED_REMINDER,
        ),
        (
            Adjustment(rule_id="CT-SUR-01", reminders=(Offset(amount=-1, unit=Unit.NEXT_OPEN_DAY),)),
            "reminders",
            REFUSED_REMINDER,
        ),
        (
            Adjustment(rule_id="CT-SUR-01", reminders=(THREE_BEFORE, THREE_BEFORE)),
            "reminders",
            "The same reminder appears twice. Enter each one once.",
        ),
    ],
    ids=[
        "no rule",
        "time is the law's",
        "opening after the end",
        "time without end",
        "time as ordered",
        "no time",
        "time before",
        "reminder at the deadline",
        "reminder on no day",
        "reminder twice",
    ],
)
def test_setting_is_refused_when_the_rule_does_not_leave_it_to_a_court(
    rulebook: Rulebook, adjustment: Adjustment, field: str, message: str
) -> None:
    with pytest.raises(AdjustmentError) as refused:
        adjustment.check(rulebook)

    assert (refused.value.field, str(refused.value)) == (field, message)
