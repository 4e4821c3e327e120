"""What a clerk does about a row of Today that others must act on: remind or call them, or take the row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from accounts.access import MATRIX
from accounts.dates import format_short_instant
from accounts.models import POLICE, Agency, AgencyKind
from orders.models import Capacity, FollowUp, OrderAgency
from orders.services.desk.conditions import CourtDesk
from orders.services.follow_ups.reminders import REMIND_EVERY

_SHORT = {
    **dict.fromkeys(POLICE, "police"),
    AgencyKind.MARSHAL: "marshals",
    AgencyKind.PROSECUTOR: "prosecutor",
    AgencyKind.LICENSING: "licensing unit",
}


@dataclass(frozen=True, kw_only=True)
class Others:
    """Who must act on a row: an agency to call, and the open follow-up, if there is one."""

    desk: CourtDesk
    agency: Agency | None
    follow_up: FollowUp | None = None

    @property
    def telephone(self) -> str:
        """The number of the agency; empty for the person's own court."""
        return self.agency.telephone if self.agency and self.agency.pk not in self.desk.courts else ""

    @property
    def called(self) -> str:
        """The agency in one word, such as police."""
        return _SHORT.get(AgencyKind(self.agency.kind), "owner") if self.agency else ""

    @property
    def state(self) -> str:
        """Who of the court works on it, or when its owner was reminded; empty if neither."""
        if self.follow_up is None:
            return ""
        if self._is_own and self.follow_up.assigned_to:
            is_mine = self.follow_up.assigned_to_id == self.desk.person.pk
            return "you have it" if is_mine else f"{self.follow_up.assigned_to} has it"
        at = self.follow_up.reminded_at
        if at is not None and self.desk.now < at + REMIND_EVERY:
            return f"reminded {format_short_instant(at, self.desk.today)}"
        return ""

    @cached_property
    def act(self) -> str:
        """The act that one press does: reminder, take, assign (to no one), or an empty text."""
        if self.follow_up is None:
            return ""
        if self._is_own:
            if not self._may("assign"):
                return ""
            return "assign" if self.follow_up.assigned_to_id == self.desk.person.pk else "take"
        return "reminder" if self._may("remind") and not self.state else ""

    @property
    def words(self) -> str:
        """The words of its button."""
        if self.act == "take":
            return "Take it over" if self.state else "I have it"
        return "Give it back" if self.act == "assign" else f"Remind {self.called}"

    @property
    def address(self) -> str:
        """Where its button sends."""
        return reverse("follow-up-act", args=[self.follow_up.public_id, self.act]) if self.follow_up else ""

    @property
    def _is_own(self) -> bool:
        return self.follow_up is not None and self.follow_up.owner_id in self.desk.courts

    def _may(self, action: str) -> bool:
        return MATRIX.may(self.desk.person.roles, action, "follow_up")


def open_follow_ups(desk: CourtDesk, deadlines: Collection[int]) -> dict[int, Others]:
    """Return who must act by the key of the deadline, in one query."""
    rows = desk.rows(FollowUp).filter(deadline__in=deadlines, closed_at=None)
    return {
        one.deadline_id: Others(desk=desk, agency=one.owner, follow_up=one)
        for one in rows.select_related("owner", "assigned_to")
    }


def police_of(desk: CourtDesk, orders: Collection[int]) -> dict[int, Others]:
    """Return the police of the respondent's town by the key of the order, in one query."""
    rows = OrderAgency.objects.filter(order__in=orders, capacity=Capacity.RESPONDENT_POLICE)
    return {one.order_id: Others(desk=desk, agency=one.agency) for one in rows.select_related("agency")}
