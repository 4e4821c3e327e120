"""What waits for a prosecutor: referrals to decide, dates in court, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Q

from accounts.access import MATRIX
from accounts.dates import court_date, format_clock, format_day, format_short
from accounts.models import User
from orders.display import late_words, short_title
from orders.models import (
    Attempt,
    Checkpoint,
    FollowUp,
    Hearing,
    HearingPurpose,
    Order,
    OrderKind,
    Referral,
)
from orders.querysets import OfOrderQuerySet, order_visibility
from orders.services.court_days import court_day
from orders.services.firearms.surrender import surrender_rules
from orders.services.planning.inventory import Balance
from orders.services.planning.load_inventories import load_inventories
from orders.views.court_time import InCourtTime
from orders.views.parts import Part

#: The most rows of one part of the page.
MOST = 50
#: How long a decision stays on the page.
DECIDED_FOR = timedelta(days=30)

#: The announcement of a referral, and the name of its notice that no decision came.
REFERRED, UNDECIDED = "ANN-REFERRED", "undecided"

PROSECUTORS = MATRIX.resources["referral"].actions["decide"]

_RELATED = ("order__case__court", "order__case__respondent__town")


@dataclass(kw_only=True)
class ReferralRow(InCourtTime):
    """One referral, at `now`, with what is behind it."""

    referral: Referral
    now: datetime
    due_at: datetime | None = None
    balance: Balance | None = None
    last_attempt: Attempt | None = None
    attempts: int = 0

    @property
    def order(self) -> Order:
        """The order."""
        return self.referral.order

    @property
    def follow_up(self) -> FollowUp:
        """The task that was referred."""
        return self.referral.follow_up

    @property
    def title(self) -> str:
        """What was not done, and how late it is."""
        late = late_words(self.follow_up.deadline, self.now)
        rule = self.follow_up.deadline.rule_id
        title = "Firearms not surrendered" if rule in surrender_rules() else short_title(rule)
        return f"{title}, {late} late" if late else title

    @property
    def due_on(self) -> date | None:
        """The last day to decide: on it others are notified that there is no decision."""
        return court_day(self.order, self.due_at) if self.due_at else None

    @property
    def is_late(self) -> bool:
        """True if the last day to decide is over."""
        return self.due_on is not None and self.due_on < court_day(self.order, self.now)

    @property
    def due(self) -> str:
        """Until when to decide."""
        return f"Decide by {format_day(self.due_on)}" if self.due_on else "Decide soon"

    @property
    def referred(self) -> str:
        """When it was referred, and by which agency."""
        return f"{self.follow_up.owner}, {format_short(self.referral.referred_at, self.zone)}"

    @property
    def firearms(self) -> str:
        """How many firearms are accounted for, in words."""
        return self.balance.words if self.balance is not None else "No firearm known"

    @property
    def tried(self) -> str:
        """How often police tried to recover firearms, and the last result."""
        one = self.last_attempt
        if one is None:
            return "No attempt of police"
        count = f"{self.attempts} attempt{'' if self.attempts == 1 else 's'}"
        return f"{count}, {format_short(one.attempted_at, self.zone)}: {one.get_result_display().lower()}"


@dataclass(frozen=True, kw_only=True)
class CourtDate:
    """One hearing ahead that concerns a prosecutor."""

    hearing: Hearing

    @property
    def when(self) -> str:
        """The day, and the time if it is set."""
        one = self.hearing
        at = f", {format_clock(one.scheduled_time)}" if one.scheduled_time else ""
        return f"{format_day(one.scheduled_on)}{at}"


@dataclass(kw_only=True)
class ReferralDesk:
    """What waits for the offices of a prosecutor, at `now`."""

    person: User
    now: datetime

    @cached_property
    def open(self) -> Part[ReferralRow]:
        """Referrals without a decision, the oldest first."""
        found = self._mine().filter(outcome="").order_by("referred_at", "pk")[: MOST + 1]
        return Part(_filled(list(found), self.now), most=MOST)

    @cached_property
    def decided(self) -> Part[ReferralRow]:
        """Referrals decided in the last weeks, the newest first."""
        since = court_date(self.now) - DECIDED_FOR
        found = self._mine().filter(~Q(outcome=""), decided_on__gte=since)
        found = found.select_related("decided_by").order_by("-decided_on", "-pk")[: MOST + 1]
        return Part((ReferralRow(referral=one, now=self.now) for one in found), most=MOST)

    @cached_property
    def dates(self) -> Part[CourtDate]:
        """Hearings ahead about contempt, and about risk protection orders."""
        visible = order_visibility(self.person, roles=PROSECUTORS).by_agency("order_id")
        of_prosecutor = Q(purpose=HearingPurpose.CONTEMPT) | Q(order__kind=OrderKind.RISK_PROTECTION_ORDER)
        today = court_date(self.now)
        rows = Hearing.objects.filter(visible, of_prosecutor, outcome="", scheduled_on__gte=today)
        found = rows.select_related(*_RELATED).order_by("scheduled_on", "scheduled_time", "pk")
        return Part((CourtDate(hearing=one) for one in found[: MOST + 1]), most=MOST)

    @property
    def orders(self) -> list[Order]:
        """The orders of all rows, for the access log."""
        rows = [one.order for one in (*self.open, *self.decided)]
        return [*rows, *(one.hearing.order for one in self.dates)]

    def of(self, order: Order) -> Referral | None:
        """The referral of the order that waits for a decision, the oldest first."""
        if not self.person.roles & PROSECUTORS:
            return None
        return self._mine().filter(order=order, outcome="").order_by("referred_at", "pk").first()

    def _mine(self) -> OfOrderQuerySet[Referral]:
        """Referrals to the person's offices, of orders that the person sees."""
        offices = self.person.agencies_for("decide", "referral")
        rows = Referral.objects.filter(agency__in=offices).visible_to(self.person, roles=PROSECUTORS)
        return rows.select_related(*_RELATED, "follow_up__deadline", "follow_up__owner")


def _filled(referrals: Sequence[Referral], now: datetime) -> list[ReferralRow]:
    """Add to each referral when to decide, the firearms and the attempts of police."""
    keys = {one.public_id.hex: one.pk for one in referrals}
    notices = Checkpoint.objects.filter(
        deadline__order__in=[one.order_id for one in referrals],
        deadline__rule_id=REFERRED,
        deadline__occurrence__in=keys,
        name=UNDECIDED,
    ).order_by("revision")
    due = dict(notices.values_list("deadline__occurrence", "fires_at"))
    inventories = load_inventories({one.order.case_id for one in referrals}) if referrals else {}
    attempts: dict[int, list[Attempt]] = {}
    tasks = [one.follow_up_id for one in referrals]
    for attempt in Attempt.objects.filter(follow_up__in=tasks).order_by("attempted_at", "id"):
        attempts.setdefault(attempt.follow_up_id, []).append(attempt)
    rows = []
    for one in referrals:
        tried = attempts.get(one.follow_up_id, [])
        rows.append(
            ReferralRow(
                referral=one,
                now=now,
                due_at=due.get(one.public_id.hex),
                balance=inventories[one.order.case_id].balance_for(one.order),
                last_attempt=tried[-1] if tried else None,
                attempts=len(tried),
            )
        )
    return rows
