"""One week of simulated time: how many messages each person gets. `make week` prints a table.

Orders are entered, served and answered by proof as they come in at courts, and FIRE, the bundles and the
ladder run at every instant at which something is due. People acknowledge in the daytime. Nothing is sent.
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

from django.db.models import F, Min

from accounts.dates import COURT_TIME
from accounts.models import Agency, AgencyKind, Role, Town, User
from notifications.models import Alert, PendingAcknowledgment, Priority, Via
from notifications.services.acknowledgments import acknowledge
from notifications.services.delivery import outbox, quiet_hours
from notifications.services.delivery.bundles import Bundle, bundles_of
from notifications.services.delivery.outbox import CAN_WAIT, AlertCompletion, CompletionState, LeasedAlert
from notifications.services.delivery.quiet_hours import SentBefore
from notifications.services.escalation.escalation import escalate, ladder_of, load_steps
from notifications.services.firing.fire import Firer
from notifications.services.priority import PRESSING
from orders.models import (
    Capacity,
    Checkpoint,
    CheckpointState,
    ConfidentialityRelease,
    FollowUp,
    Hearing,
    Order,
    OrderAgency,
)
from orders.services.firearms.inventory import list_firearm
from orders.services.firearms.receipts import record_receipt
from orders.services.follow_ups.reminders import note_passed
from orders.services.hearings import continue_hearing, schedule_hearing
from orders.services.orders.entry import enter_order
from orders.services.parties.agencies import add_agency
from orders.services.service import record_service
from tests import make

#: A Monday in winter, at midnight in Connecticut.
MONDAY = datetime(2026, 12, 7, 5, 0, tzinfo=UTC)
#: The most messages a day to one person, beside those about overdue duties.
MOST_A_DAY = 12
#: How soon people acknowledge in the daytime, and when the daytime is.
ANSWER_AFTER, DAY_BEGINS, DAY_ENDS = timedelta(minutes=20), 7, 19


def main() -> None:
    """Run the week with 200 orders and print the table."""
    Simulation(orders=200, days=7).run().show()


@dataclass
class Messages:
    """The messages of each person and day: all, and those about an overdue duty."""

    all: Counter[tuple[int, date]] = field(default_factory=Counter)
    overdue: Counter[tuple[int, date]] = field(default_factory=Counter)
    days: int = 7

    def worst(self, *, without_overdue: bool) -> int:
        """The most messages to one person on one day."""
        counts = self.all - self.overdue if without_overdue else self.all
        return max(counts.values(), default=0)

    def show(self) -> None:
        """Print how many each role got: people, median a day, worst day, worst day without overdue duties."""
        row("role", "people", "median a day", "worst day", "not overdue")
        by_role: defaultdict[str, list[int]] = defaultdict(list)
        for user in User.objects.prefetch_related("memberships").order_by("pk"):
            by_role[min(user.roles, default="")].append(user.pk)
        for role, people in sorted(by_role.items()):
            mine = [self.all[key] for key in self._days_of(people)]
            other = [self.all[key] - self.overdue[key] for key in self._days_of(people)]
            row(role, len(people), f"{statistics.median(mine):g}", max(mine), max(other))

    def _days_of(self, people: list[int]) -> Iterator[tuple[int, date]]:
        first = MONDAY.astimezone(COURT_TIME).date()
        return ((one, first + timedelta(days=day)) for one in people for day in range(self.days))


def may_ride(alert: LeasedAlert) -> bool:
    """True for what waits and leaves with another message; the lease of what waits has it as SQL."""
    is_plain = alert.purpose in CAN_WAIT and not alert.is_correction
    return (
        is_plain
        and alert.priority != Priority.URGENT
        and alert.via in (Via.PERSON, Via.BACKUP, Via.SUPERVISOR)
    )


def row(*cells: object) -> None:
    sys.stdout.write(("{:<14}" + "{:>14}" * (len(cells) - 1) + "\n").format(*map(str, cells)))
    sys.stdout.flush()


class Simulation:
    """The week. `orders` come in on its business days; the same seed gives the same week."""

    def __init__(self, *, orders: int, days: int, seed: int = 13) -> None:
        # Not for secrets: the same week each time.
        self.random = random.Random(seed)
        self.now, self.end = MONDAY, MONDAY + timedelta(days=days)
        self.messages = Messages(days=days)
        self._actions: list[tuple[datetime, int, Callable[[], object]]] = []
        self._places = count()
        self._ladder: dict[int, datetime] = {}
        self._held: defaultdict[tuple[int, str], list[tuple[datetime, LeasedAlert]]] = defaultdict(list)
        self._sent: defaultdict[tuple[int, str], list[Bundle]] = defaultdict(list)
        self._firer = Firer("week")
        load_steps()
        self._set_up(orders)

    def run(self) -> Messages:
        """Go from one instant at which something is due to the next."""
        while (at := self._next()) is not None and at <= self.end:
            self.now = at
            while self._actions and self._actions[0][0] <= at:
                heapq.heappop(self._actions)[2]()
            while self._firer.fire(now=at, budget=60).checkpoints:
                self._firer.forget()
            note_passed(now=at)
            self._climb()
            self._send()
        return self.messages

    # ---- who there is, and what happens ----------------------------------------------------------------

    def _set_up(self, orders: int) -> None:
        courts = [self._agency(AgencyKind.COURT, Role.CLERK, 2) for _ in range(4)]
        towns = [make.town(self._agency(AgencyKind.POLICE, Role.LIAISON, 2)) for _ in range(20)]
        for town in towns:
            make.person(Role.SUPERVISOR, town.police)
        advocates = self._agency(AgencyKind.ADVOCACY, Role.ADVOCATE, 3)
        self._others(courts)
        for number in range(orders):
            day = number % 5 if self.end - MONDAY >= timedelta(days=5) else 0
            at = MONDAY + timedelta(days=day, hours=9, minutes=self.random.randrange(7 * 60))
            court, town = self.random.choice(courts), self.random.choice(towns)
            self._later(at, partial(self._enter, court, town, advocates))

    def _others(self, courts: list[Agency]) -> None:
        """Marshals and prosecutors of each court, schools, and the licensing unit of the state."""
        self._marshals = {one.pk: self._agency(AgencyKind.MARSHAL, Role.MARSHAL, 2) for one in courts}
        self._prosecutors = {
            one.pk: self._agency(AgencyKind.PROSECUTOR, Role.PROSECUTOR, 2) for one in courts
        }
        self._schools = [self._agency(AgencyKind.SCHOOL, Role.SCHOOL, 2) for _ in range(6)]
        of_state = Agency.objects.filter(kind=AgencyKind.LICENSING, answers_for_state=True)
        unit = of_state.first() or make.agency(AgencyKind.LICENSING)
        Agency.objects.filter(pk=unit.pk).update(answers_for_state=True)
        for _ in range(2):
            make.person(Role.LICENSING, unit)

    def _agency(self, kind: AgencyKind, role: Role, people: int) -> Agency:
        agency = make.agency(kind)
        for _ in range(people):
            make.person(role, agency)
        return agency

    def _later(self, at: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self._actions, (at, next(self._places), act))

    def _enter(self, court: Agency, town: Town, advocates: Agency) -> None:
        issued = self.now - timedelta(hours=1)
        order = enter_order(
            make.new_order(
                court=court,
                respondent_town=town,
                issued_at=issued,
                hearing_on=(issued + timedelta(days=self.random.choice((8, 10, 13)))).date(),
                firearms_indicated=self.random.random() < 0.4,
                permit_indicated=self.random.random() < 0.2,
            ),
            by=None,
            now=self.now,
            confirm="An invented number.",
        )
        if self.random.random() < 0.25:
            # A release is about an order that is there already.
            after = timedelta(minutes=self.random.uniform(10, 240))
            self._later(self.now + after, lambda: self._release(order, advocates))
        self._name(order, court)
        if order.firearms_indicated and self.random.random() < 0.4:
            after = timedelta(hours=self.random.uniform(1, 30))
            self._later(self.now + after, lambda: self._set_hearing(order))
        if self.random.random() < 0.7:
            after = timedelta(hours=self.random.uniform(4, 60))
            self._later(self.now + after, lambda: self._serve(order))

    def _release(self, order: Order, advocates: Agency) -> None:
        # In force by the clock of the database too, which decides what leaves.
        ConfidentialityRelease.objects.create(
            order=order,
            agency=advocates,
            signed_on=self.now.astimezone(COURT_TIME).date(),
            begins_at=MONDAY - timedelta(days=400),
            ends_at=MONDAY + timedelta(days=400),
        )

    def _name(self, order: Order, court: Agency) -> None:
        """Name a marshal for most orders, a prosecutor for some, a school for a few."""
        if self.random.random() < 0.8:
            add_agency(order, agency=self._marshals[court.pk], by=None, now=self.now)
        if self.random.random() < 0.3:
            office = self._prosecutors[court.pk]
            OrderAgency.objects.create(order=order, agency=office, capacity=Capacity.PROSECUTOR)
        if self.random.random() < 0.2:
            add_agency(order, agency=self.random.choice(self._schools), by=None, now=self.now)

    def _set_hearing(self, order: Order) -> None:
        on = (self.now + timedelta(days=self.random.choice((1, 2, 6, 7)))).date()
        hearing = schedule_hearing(
            order, purpose="compliance", scheduled_on=on, confirm="As set.", by=None, now=self.now
        )
        if self.random.random() < 0.4:
            self._later(self.now + timedelta(hours=self.random.uniform(1, 20)), lambda: self._move(hearing))

    def _move(self, hearing: Hearing) -> None:
        on = hearing.scheduled_on + timedelta(days=2)
        continue_hearing(hearing, scheduled_on=on, confirm="As moved.", by=None, now=self.now)

    def _serve(self, order: Order) -> None:
        served = self.now - timedelta(minutes=30)
        record_service(order, served_at=served, service_method="in_hand", by=None, now=self.now)
        if self.random.random() < 0.7:
            after = timedelta(hours=self.random.uniform(2, 30))
            self._later(self.now + after, lambda: self._prove(order))

    def _prove(self, order: Order) -> None:
        number = next(self._places)
        gun = list_firearm(
            order, source="receipt", make="Ruger", serial=f"W{number:07}", by=None, now=self.now
        )
        record_receipt(
            order,
            kind="police",
            received_at=self.now,
            firearms=[gun],
            agency=order.case.respondent.town.police,
            by=None,
            now=self.now,
        )

    # ---- what the system does --------------------------------------------------------------------------

    def _next(self) -> datetime | None:
        pending = Checkpoint.objects.filter(state=CheckpointState.PENDING, fires_at__gt=self.now)
        passing = FollowUp.objects.filter(closed_at=None, passed_at=None).aggregate(at=Min("next_action_at"))
        passed = passing["at"] and max(passing["at"] + timedelta(days=1), self.now + timedelta(minutes=5))
        found = [
            pending.aggregate(at=Min("fires_at"))["at"],
            self._actions[0][0] if self._actions else None,
            min(self._ladder.values(), default=None),
            passed,
        ]
        return min((one for one in found if one is not None), default=None)

    def _climb(self) -> None:
        """Take the steps of the ladder that are due by the simulated clock."""
        open_rows = PendingAcknowledgment.objects.filter(next_step_at__isnull=False).select_related("agency")
        waiting = {one.pk: one for one in open_rows}
        for pk, one in waiting.items():
            self._ladder.setdefault(pk, self.now + ladder_of(one.agency_id)[0].after)
        self._ladder = {pk: at for pk, at in self._ladder.items() if pk in waiting}
        due = [pk for pk, at in self._ladder.items() if at <= self.now]
        if not due:
            return
        PendingAcknowledgment.objects.filter(pk__in=due).update(next_step_at=F("asked_at"))
        escalate()
        for one in PendingAcknowledgment.objects.filter(pk__in=due, next_step_at__isnull=False):
            self._ladder[one.pk] = self.now + ladder_of(one.agency_id)[one.step].after

    def _send(self) -> None:
        """Bundle what is ready and count it; what is held for its recipient comes again at its time."""
        while leased := outbox.lease(500, worker="week"):
            for one in leased:
                if one.recipient is not None:
                    self._held[one.recipient, one.channel].append(
                        (self.now, replace(one, now=self.now, created_at=self.now))
                    )
            outbox.complete([AlertCompletion(alert=one, state=CompletionState.ACCEPTED) for one in leased])
        for key in [key for key, held in self._held.items() if any(at <= self.now for at, _ in held)]:
            self._send_to(key)

    def _send_to(self, key: tuple[int, str]) -> None:
        """Send one person's messages, as `sending` does; each alert that waits has its own time."""
        held = [(at, replace(one, now=self.now)) for at, one in self._held[key]]
        due = [one for at, one in held if at <= self.now]
        waiting = [(at, one) for at, one in held if at > self.now]
        ready = [one for one in due if quiet_hours.seconds_to_wait(one) <= 0]
        waiting += [(self._after(quiet_hours.seconds_to_wait(one)), one) for one in due if one not in ready]
        for bundle in bundles_of(ready):
            wait = quiet_hours.seconds_to_leave(bundle, self._before(key))
            if wait > 0:
                waiting += [(self._after(wait), one) for one in bundle.alerts]
                continue
            if quiet_hours.takes_along(bundle):
                along = [one for _, one in waiting if may_ride(one)]
                waiting = [(at, one) for at, one in waiting if not may_ride(one)]
                self._leave(bundle.along_with(along), key)
            else:
                self._leave(bundle, key)
        self._held[key] = waiting

    def _leave(self, bundle: Bundle, key: tuple[int, str]) -> None:
        self._sent[key].append(bundle)
        self._count(bundle, key[0])

    def _after(self, seconds: float) -> datetime:
        at = self.now + timedelta(seconds=max(seconds, 1))
        self._later(at, lambda: None)
        return at

    def _before(self, key: tuple[int, str]) -> SentBefore:
        """What the person got, as the sender asks the database for it."""
        recent = [one for one in self._sent[key] if one.first.now > self.now - timedelta(days=1)]
        news = [one for one in recent if any(each.purpose in CAN_WAIT for each in one.alerts)]
        gaps = [
            one
            for one in news
            if any(each.purpose in CAN_WAIT and each.priority != Priority.URGENT for each in one.alerts)
        ]
        return SentBefore(
            day=len(recent),
            last=max((one.first.now for one in gaps), default=None),
            last_news=max((one.first.now for one in news), default=None),
        )

    def _count(self, bundle: Bundle, user: int) -> None:
        key = (user, self.now.astimezone(COURT_TIME).date())
        self.messages.all[key] += 1
        self.messages.overdue[key] += any(one.purpose in PRESSING for one in bundle.alerts)
        answered = [one.id for one in bundle.alerts]
        self._later(self._answer_time(), lambda: self._answer(user, answered))

    def _answer_time(self) -> datetime:
        at = self.now + ANSWER_AFTER
        local = at.astimezone(COURT_TIME)
        if DAY_BEGINS <= local.hour < DAY_ENDS:
            return at
        day = local + timedelta(days=1) if local.hour >= DAY_ENDS else local
        return day.replace(hour=DAY_BEGINS, minute=30, second=0, microsecond=0).astimezone(UTC)

    def _answer(self, user: int, alerts: list[int]) -> None:
        person = User.objects.get(pk=user)
        for one in Alert.objects.filter(pk__in=alerts, acknowledged_at=None).order_by("-id"):
            one.refresh_from_db()
            if one.acknowledged_at is None:
                acknowledge(one, by=person, now=self.now)
