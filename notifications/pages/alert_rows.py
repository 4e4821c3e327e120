"""Alerts as pages show them: one alert, and what waits with it in the same case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.dates import format_day
from notifications.models import Alert, FollowUpNote
from notifications.querysets import LISTED, AlertQuerySet
from orders.display import asked_words, due_words, rule_title, shown_state
from orders.models import NOT_DEADLINES, DeadlineState, ShownState
from orders.rules.vocabulary import Purpose
from orders.services.court_days import zone_of
from orders.views.state_titles import state_title

#: Why a person is notified, by the purpose of the checkpoint.
REASONS = {
    Purpose.REMIND.value: "Reminder",
    Purpose.CHECK.value: "The deadline has passed",
    Purpose.ESCALATE.value: "Still not met",
    Purpose.INFORM.value: "For your information",
}

#: Why a person is notified of a correction.
CORRECTED = "An earlier notice was corrected"

#: The notes of alerts to the court about an alert that reached no one.
FELL_BACK = (FollowUpNote.UNREACHED, FollowUpNote.NO_SCHOOL)


@dataclass(frozen=True)
class AlertRow:
    """One alert as a page shows it at `now`."""

    alert: Alert
    now: datetime
    #: Whether the reader sees the respondent's name; an advocate does not.
    is_named: bool = True

    @property
    def title(self) -> str:
        """The title of the rule."""
        return rule_title(self.alert.deadline.rule_id)

    @property
    def in_short(self) -> str:
        """What a list shows: the state of a deadline in words, or the title of an event."""
        return self.title if self.is_news else state_title(self.alert.deadline, self.now)

    @property
    def is_news(self) -> bool:
        """True if it is about an event and not about a deadline."""
        return self.alert.deadline.state in NOT_DEADLINES

    @property
    def asked(self) -> str:
        """What the reader of an announcement is asked to do; empty for a deadline."""
        if self.alert.note in FELL_BACK:
            return "Call the agency, or see that another one acts. The administrators know of it too."
        if self.alert.checkpoint is None:
            return ""
        return asked_words(self.alert.deadline.rule_id, self.alert.fired.name)

    @property
    def reason(self) -> str:
        """Why the recipient is notified."""
        if self.alert.correction_id is not None:
            return CORRECTED
        if self.alert.note:
            return self.alert.get_note_display()
        offer = self.alert.transfer
        if offer is None:
            return REASONS[self.alert.fired.purpose]
        if self.alert.agency_id == offer.to_agency_id:
            return f"Offered to {offer.to_agency} by {offer.from_agency}"
        return f"Declined by {offer.to_agency}"

    @property
    def offer_reason(self) -> str:
        """The reason given for the offer or for declining it; empty without an offer."""
        offer = self.alert.transfer
        if offer is None:
            return ""
        return offer.reason if self.alert.agency_id == offer.to_agency_id else offer.answer

    @property
    def state(self) -> ShownState:
        """The state of the deadline at `now`, which may have changed since the alert was created."""
        return shown_state(self.alert.deadline, self.now)

    @property
    def due(self) -> str:
        """When the deadline is due, in court time; empty for an announcement."""
        return "" if self.is_news else due_words(self.alert.deadline, zone_of(self.alert.of_order))

    @property
    def day(self) -> str:
        """The day of an event that is announced; empty for a deadline. Not everyone may know it."""
        on = self.alert.deadline.due_on
        return format_day(on) if self.is_news and on is not None else ""


@dataclass(frozen=True)
class CaseRow:
    """One row to acknowledge: all that a person was alerted of in a case. `lead` is the newest alert."""

    lead: Alert
    #: The other alerts that wait with it.
    others: Sequence[Alert]
    now: datetime
    is_named: bool = True

    @property
    def rows(self) -> list[AlertRow]:
        """The alerts, one for each deadline: what is overdue first, reminders last, then the newest first."""
        found: dict[int, Alert] = {}
        for one in (self.lead, *self.others):
            found.setdefault(one.deadline.pk, one)
        rows = [AlertRow(one, self.now, self.is_named) for one in found.values()]
        return sorted(
            rows,
            key=lambda one: (one.state != DeadlineState.OVERDUE, one.alert.purpose == Purpose.REMIND.value),
        )


def waiting_together(alerts: AlertQuerySet[Alert], leads: Collection[Alert]) -> dict[int, list[Alert]]:
    """The others of `alerts` that wait with each of these leading alerts (by key), the newest first.

    An earlier stage that a later one replaced is left out.
    """
    found: dict[int, list[Alert]] = {one.pk: [] for one in leads}
    lead_of = {_place(one): one.pk for one in leads if not is_alone(one)}
    cases = {one.of_order.case_id for one in leads if not is_alone(one)}
    others = alerts.filter(order__case__in=cases, transfer=None, correction=None).exclude(pk__in=found)
    for one in others.not_replaced().select_related(*LISTED).order_by("-id"):
        if (lead := lead_of.get(_place(one))) is not None:
            found[lead].append(one)
    return found


def _place(alert: Alert) -> tuple[object, ...]:
    """What the alerts of one row have in common, besides the recipient."""
    return (
        alert.of_order.case_id,
        alert.agency_id,
        alert.recipient_id,
        alert.release_id,
        alert.release_id and alert.via,
    )


def is_alone(alert: Alert) -> bool:
    """True for an offer or a correction, which is acknowledged by itself."""
    return alert.transfer_id is not None or alert.correction_id is not None
