"""What is due and the act that is next: a dense list has no room for the sentence of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from accounts.access import MATRIX
from accounts.dates import format_short_day
from accounts.models import User
from orders.display import short_title
from orders.forms.acts import ACTS
from orders.models import Deadline, Hearing, HearingPurpose, Order
from orders.services.firearms.surrender import surrender_rules
from orders.services.orders.after_hearing import AFTER_HEARING
from orders.services.planning.rulebooks import bundled

#: Below this a chip warns.
SHORT = timedelta(hours=24)
_DAY = 24 * 60
#: From this many hours on a chip counts days.
_MOST_HOURS = 48


@dataclass(frozen=True, kw_only=True)
class CourtStep:
    """What a deadline is about in few words, and the act that is next."""

    words: str = ""
    act: str = ""
    kind: str = ""
    button: str = "Open"


_RECORD_OUTCOME = CourtStep(words="Hearing", act="hold", button="Record the outcome")
#: The decision enters the order after hearing; the outcome alone would not.
_RECORD_DECISION = CourtStep(words="Hearing", act="decide", button="Record the decision")

#: The act that is next, by the beginning of the rule's id; the longest beginning counts.
_ACTS = {
    "CT-SUR-01": CourtStep(act="receipt", button="Record a receipt"),
    "CT-SUR-02": CourtStep(act="receipt", button="Record a receipt"),
    "CT-SUR-05": CourtStep(act="receipt", button="Record a receipt"),
    "CT-SUR-06": CourtStep(act="hand-in-permit", button="Record the hand-in"),
    "CT-SUR-07": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-RTV-01": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-RPT-01": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-FUP-01": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-HOM-01": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-MAR-01": CourtStep(act="satisfy-condition", button="Record as done"),
    "CT-LE-48": CourtStep(act="case-event", kind="police_notified", button="Mark as sent"),
    "CT-SVC-02": CourtStep(act="serve", button="Record service"),
    "CT-CPO-SVC": CourtStep(act="serve", button="Record service"),
    "CT-RPO-SVC": CourtStep(act="serve", button="Record service"),
    "CT-SVC-09": CourtStep(act="case-event", kind="service_recorded", button="Record the entry"),
    "CT-RPO-RTN": CourtStep(act="case-event", kind="service_returned", button="Record the return"),
    "CT-RPO-WRT": CourtStep(act="case-event", kind="warrant_returned", button="Record the return"),
    "CT-CMP-01-ALL": CourtStep(act="hearing", button="Set a hearing"),
    "CT-CMP-01": CourtStep(act="hold", button="Record the outcome"),
    "CT-CTM-01": CourtStep(act="hold", button="Record the outcome"),
    "CT-HRG-CLOSED": CourtStep(act="continue", button="Move the hearing"),
    "CT-HRG-REM": CourtStep(),
    "CT-SVC-08": CourtStep(act="case-event", kind="service_returned", button="Record the return"),
    "CT-HRG": CourtStep(act="hearing", button="Set a hearing"),
    "CT-CON-02": CourtStep(act="hearing", button="Set a hearing"),
    "CT-CPO-CON": CourtStep(act="hearing", button="Set a hearing"),
    "CT-CPO-01": CourtStep(act="hearing", button="Set a hearing"),
    "CT-RPO-01": CourtStep(act="hearing", button="Set a hearing"),
    "CT-RPO-07-PC": CourtStep(),
    "CT-RPO-07": CourtStep(act="hearing", button="Set a hearing"),
    "CT-RET-01": CourtStep(act="return", button="Record a return"),
    "CT-RET-03": CourtStep(act="dispose", button="Record it"),
    "CT-RET-ORD": CourtStep(act="return", button="Record a return"),
    "CT-EXT": CourtStep(act="case-event", kind="extension_moved", button="Record a motion"),
}


def step_of(rule_id: str) -> CourtStep:
    """Return what a rule is about and the act that is next; its title if it has no short one."""
    found = [name for name in _ACTS if rule_id.startswith(name)]
    step = _ACTS[max(found, key=len)] if found else CourtStep()
    return replace(step, words=short_title(rule_id))


def steps_of(deadlines: Iterable[Deadline], today: date) -> dict[int, CourtStep]:
    """Return the step of each deadline by its key, in one query.

    A hearing that is set already, but too late for the deadline, is moved and not set again.
    """
    rows = list(deadlines)
    steps = {one.pk: step_of(one.rule_id) for one in rows}
    asked = [one for one in rows if steps[one.pk].act == "hearing"]
    hearings = Hearing.objects.filter(order__in={one.order_id for one in asked}, outcome="").select_related(
        "order"
    )
    found = {(one.order_id, one.purpose): one for one in hearings.order_by("-scheduled_on")}
    for one in asked:
        rule = bundled().by_id.get(one.rule_id)
        purposes = {met.purpose for met in rule.met_by} if rule else set()
        for purpose in purposes:
            if is_set := found.get((one.order_id, purpose)):
                steps[one.pk] = _set_late(is_set, today)
    return steps


def _set_late(hearing: Hearing, today: date) -> CourtStep:
    if hearing.scheduled_on < today:
        return hearing_step(hearing)
    day = format_short_day(hearing.scheduled_on, today)
    return CourtStep(words=f"Hearing is set too late: {day}", act="continue", button="Move the hearing")


def hearing_step(hearing: Hearing) -> CourtStep:
    """Return what comes next for a hearing whose day has come."""
    is_decision = hearing.purpose == HearingPurpose.APPLICATION and hearing.order.kind in AFTER_HEARING
    return _RECORD_DECISION if is_decision else _RECORD_OUTCOME


def next_words(deadline: Deadline, now: datetime) -> str:
    """Return what the court does next about a deadline, in few words."""
    if deadline.rule_id in surrender_rules():
        return "Ask police for proof" if deadline.is_overdue(now) else "Surrender of firearms"
    return step_of(deadline.rule_id).words


def chip_words(due: datetime | None, now: datetime) -> str:
    """Return the time that is left, or how late it is, in one unit: “4 h left”, “2 d late”."""
    if due is None:
        return ""
    minutes = max(1, int(abs((due - now).total_seconds()) // 60))
    hours = minutes // 60
    amount = f"{hours} h" if hours else f"{minutes} min"
    if hours >= _MOST_HOURS:
        amount = f"{minutes // _DAY} d"
    return f"{amount} {'late' if due <= now else 'left'}"


def chip_class(due: datetime | None, now: datetime) -> str:
    """Return the look of the chip: late, short, or an empty text."""
    if due is None:
        return ""
    if due <= now:
        return "late"
    return "short" if due <= now + SHORT else ""


@dataclass(frozen=True, kw_only=True)
class NextAct:
    """The next act on an order: an address and the words of a button."""

    address: str
    words: str


def order_page(order: Order) -> str:
    """Return the address of the page of the order."""
    return reverse("admin:orders_order_change", args=[order.public_id])


def button_of(order: Order, step: CourtStep, person: User) -> NextAct:
    """Return the button of a step; the page of the order for people who may not do it."""
    act = ACTS.get(step.act)
    if act is None or not MATRIX.may(person.roles, act.action, act.resource):
        return NextAct(address=order_page(order), words="Open")
    address = reverse("admin:orders_order_act", args=[order.public_id, step.act])
    query = f"?{urlencode({'kind': step.kind})}" if step.kind else ""
    return NextAct(address=address + query, words=step.button)
