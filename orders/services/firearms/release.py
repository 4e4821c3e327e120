"""Whether police may release firearms to the respondent now: requested, notice given, not held or refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from accounts.dates import format_day, format_instant
from orders.errors import InvalidFact
from orders.models import (
    Confirmed,
    CustodyRequest,
    CustodyRequestKind,
    Deadline,
    DeadlineState,
    Firearm,
    Order,
    ReturnCheck,
    ReturnDecision,
)
from orders.rules.facts import Facts
from orders.rules.model import Rule, cite
from orders.rules.plan import plan
from orders.rules.planned import PlannedDeadline
from orders.rules.rulebook import Rulebook
from orders.services.court_days import court_day, zone_of

#: The events by which a rule about the return of firearms begins and by which a court ends every wait.
REQUESTED, ORDERED = "return_requested", "release_ordered"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release of firearms of an order at an instant, with the facts of all orders of the case."""

    order: Order
    at: datetime
    facts: Mapping[int, Facts]
    rulebook: Rulebook
    requests: Sequence[CustodyRequest]
    #: When police last received each firearm (by key) before that.
    held_since: Mapping[int, datetime]

    def check(self, firearm: Firearm) -> None:
        """Refuse a release of the firearm that no open request allows. Raises `InvalidFact`."""
        rule = self._rule()
        standing = [one for one in self.requests if self._covers(one, firearm) and not self._ended(one)]
        if not standing:
            if rule is not None:
                self._refuse_unrequested(rule, firearm)
            return
        for one in standing:
            self._check_hold(one)
        opening = [one for one in self._planned(standing) if one.opens is not None]
        if not opening or len(opening) < len(standing):
            return
        first = min(opening, key=_opens_at)
        if self.at < _opens_at(first):
            raise too_early(self.order, first)

    def confirmed(self, firearms: Collection[Firearm]) -> set[str]:
        """What the checks of the open requests confirm, and that there is a request."""
        confirmed: set[str] = set()
        for one in self.requests:
            if any(self._covers(one, firearm) for firearm in firearms) and not self._ended(one):
                latest = latest_checks(one)
                confirmed |= {word for word, check in latest.items() if check.is_confirmed}
                confirmed.add(Confirmed.REQUESTED.value)
                self._check_failed(latest)
        return confirmed

    def _check_failed(self, latest: Mapping[str, ReturnCheck]) -> None:
        if failed := next((one for one in latest.values() if not one.is_confirmed), None):
            checked = format_instant(failed.checked_at, zone_of(self.order))
            raise InvalidFact(
                "confirmed",
                "check_failed",
                f"Not confirmed: {failed.get_condition_display()} (checked {checked}). Check it again and "
                "record the result.",
            )

    def _rule(self) -> Rule | None:
        """The rule by which a request must be recorded first: its opening gives time for notice."""
        day = court_day(self.order, self.at)
        for rule in self.rulebook.binding(self.facts[self.order.pk]):
            value = rule.value_on(day)
            if rule.starts == REQUESTED and value is not None and value.opens is not None:
                return rule
        return None

    def _planned(self, requests: Sequence[CustodyRequest]) -> list[PlannedDeadline]:
        keys = {one.public_id.hex for one in requests}
        return [
            planned
            for order in {one.order_id for one in requests}
            for planned in plan(self.facts[order], self.rulebook)
            if planned.rule.starts == REQUESTED and planned.start is not None and planned.start.key in keys
        ]

    def _covers(self, request: CustodyRequest, firearm: Firearm) -> bool:
        """True if the request is about the firearm as police hold it now.

        What they received after it was recorded needs a request of its own, so that the people concerned are
        notified. A request without firearms is about all that police held by then.
        """
        since = self.held_since.get(firearm.pk)
        if since is not None and since > request.recorded_at:
            return False
        named = [one.pk for one in request.firearms.all()]
        return not named or firearm.pk in named

    def _ended(self, request: CustodyRequest) -> bool:
        """True if the request was made later, or ended and no court ordered the release since."""
        if court_day(self.order, self.at) < request.requested_on:
            return True
        if request.requested_at is not None and self.at < request.requested_at:
            return True
        decision: ReturnDecision | None = getattr(request, "decision", None)
        return decision is not None and not self._is_ordered_since(request, decision.decided_at)

    def _is_ordered_since(self, request: CustodyRequest, since: datetime) -> bool:
        """True if the court ordered the release after `since`; by day if its time is not known."""
        for one in self.facts[request.order_id].events:
            if one.kind == ORDERED and one.dated:
                day = one.day(zone_of(self.order))
                if one.at is not None and since <= one.at <= self.at:
                    return True
                if one.at is None and court_day(self.order, since) <= day <= court_day(self.order, self.at):
                    return True
        return False

    def _check_hold(self, request: CustodyRequest) -> None:
        day = court_day(self.order, self.at)
        for one in request.holds.all():
            is_held = one.held_at <= self.at and day <= one.ends_on
            if is_held and not self._is_ordered_since(request, one.held_at):
                raise InvalidFact(
                    "returned_at",
                    "on_hold",
                    f"Police hold these firearms back through {format_day(one.ends_on)}. Correct the end "
                    "of the hold first.",
                )

    def _refuse_unrequested(self, rule: Rule, firearm: Firearm) -> None:
        words = cite(rule, rule.values[-1].sources)
        for one in reversed(self.requests):
            if self._covers(one, firearm) and (decision := getattr(one, "decision", None)) is not None:
                raise InvalidFact(
                    "firearms",
                    "request_ended",
                    f"{firearm}: the request for its return has ended: "
                    f"{decision.get_outcome_display().lower()}. Record a new request, or the court's "
                    f"order. {words}",
                )
        raise InvalidFact(
            "firearms",
            "not_requested",
            f"{firearm}: no request for its return is recorded. Record the request first; the protected "
            f"person and the advocate are notified of it. {words}",
        )


def confirmed_so_far(order: Order) -> set[str]:
    """Return what is on record for the open requests of the case: the request, and what was confirmed."""
    words: set[str] = set()
    for one in _undecided(order):
        words.add(Confirmed.REQUESTED.value)
        words |= {word for word, check in latest_checks(one).items() if check.is_confirmed}
    return words


def not_before(order: Order, now: datetime) -> str:
    """Return in words what keeps a return of the case from now: its first day, or a hold; else empty."""
    today, waiting = court_day(order, now), _undecided(order)
    keys = [one.public_id.hex for one in waiting]
    planned = Deadline.objects.filter(order__case=order.case_id, occurrence__in=keys, opens_on__gt=today)
    opens = planned.exclude(state=DeadlineState.WITHDRAWN).order_by("opens_on").first()
    found = []
    if opens is not None and opens.opens_on is not None:
        words = gettext("The law allows the return from %(day)s on.")
        found.append(words % {"day": format_day(opens.opens_on)})
    holds = [hold.ends_on for one in waiting for hold in one.holds.all() if hold.ends_on >= today]
    if holds:
        words = gettext("Police hold them back through %(day)s.")
        found.append(words % {"day": format_day(max(holds))})
    return " ".join(found)


def _undecided(order: Order) -> list[CustodyRequest]:
    return [one for one in requests_of(order) if getattr(one, "decision", None) is None]


def requests_of(order: Order) -> list[CustodyRequest]:
    """The requests for return of the case, the oldest first, with all about them."""
    rows = CustodyRequest.objects.of_case(order.case_id).filter(kind=CustodyRequestKind.RETURN)
    return list(rows.select_related("decision").prefetch_related("firearms", "checks", "holds"))


def latest_checks(request: CustodyRequest) -> dict[str, ReturnCheck]:
    """The latest check of each condition."""
    return {
        one.condition: one for one in sorted(request.checks.all(), key=lambda one: (one.checked_at, one.pk))
    }


def too_early(order: Order, planned: PlannedDeadline) -> InvalidFact:
    """The refusal of a release before the opening of a rule about returns."""
    words = cite(planned.rule, planned.value.sources)
    # "a.m." ends with a period of its own.
    day = format_instant(_opens_at(planned), zone_of(order)).removesuffix(".")
    return InvalidFact("returned_at", "too_early", f"Not before {day}. {words}")


def _opens_at(planned: PlannedDeadline) -> datetime:
    if planned.opens is None:
        raise ValueError("the rule has no opening")
    return planned.opens.begins_at(planned.jurisdiction)
