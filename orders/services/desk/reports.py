"""The measures of a court's report: for each the orders that count, those they are counted against, and why.

A measure is two conditions on orders. So the list behind each number shows the very orders that were counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncDate

from accounts.dates import COURT_TIME
from orders.models import (
    RUNNING,
    STATEMENT_ALONE,
    Attempt,
    Capacity,
    CaseEvent,
    Deadline,
    DeadlineState,
    Firearm,
    FirearmsAnswer,
    Hearing,
    HearingOutcome,
    HearingPurpose,
    Order,
    OrderAgency,
    ProofStatus,
    Receipt,
    Referral,
    ServiceMethod,
    Statement,
)
from orders.services.desk.conditions import CourtDesk, is_ended
from orders.services.firearms.surrender import surrender_rules

#: The period that a report covers by default.
USUAL = timedelta(weeks=12)
#: Seconds that a page counts for.
TIMEOUT = 20


@dataclass(frozen=True, kw_only=True)
class ReportPeriod:
    """The orders of a report: issued from `first` through `last`, of one kind and one agency, if named."""

    first: date
    last: date
    kind: str = ""
    agency: int | None = None
    court: int | None = None
    judge: str = ""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What is counted: a title, the condition, what it is counted against, and the definition."""

    name: str
    title: str
    counts: Q
    against: Q
    against_words: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A measure with its numbers."""

    measure: Measure
    count: int
    whole: int

    @property
    def percent(self) -> int | None:
        """The share in percent; None without anything to count against."""
        return round(100 * self.count / self.whole) if self.whole else None


def _has(model: Any, **facts: Any) -> Q:
    return Q(Exists(model._default_manager.filter(order=OuterRef("pk"), **facts)))


def orders_of(desk: CourtDesk, period: ReportPeriod) -> QuerySet[Order]:
    """Return the orders of the person's courts in the period."""
    # The day is stored with the urgency, too, for an index with the court. A process of the version before
    # leaves it empty.
    near = Q(urgency__issued_on__range=(period.first, period.last)) | Q(urgency__issued_on=None)
    found = desk.orders().filter(near, issued_on__gte=period.first, issued_on__lte=period.last)
    if period.kind:
        found = found.filter(kind=period.kind)
    if period.agency is not None:
        found = found.filter(case__respondent__town__police=period.agency)
    if period.judge:
        found = found.filter(urgency__judge=period.judge)
    return found if period.court is None else found.filter(case__court=period.court)


def measures(desk: CourtDesk) -> Mapping[str, Measure]:
    """Return the measures by name, the four first numbers first."""
    return {one.name: one for one in (*_first_four(desk), *_service(), *_surrender(desk), *_hearings(desk))}


#: The four numbers that show whether a court's follow-up works.
FIRST = ("ordered", "filed", "verified", "followed")


def _ordered(desk: CourtDesk) -> Q:
    """Served, and the time for the surrender has ended or was met."""
    duty = Deadline.objects.filter(order=OuterRef("pk"), rule_id__in=surrender_rules())
    met = duty.filter(state=DeadlineState.MET)
    ended = duty.filter(state__in=RUNNING, due_at__lte=desk.now)
    return Q(Exists(met)) | Q(Exists(ended))


_FILED = _has(Receipt) | _has(Statement)
_MET = {"rule_id__in": surrender_rules(), "state": DeadlineState.MET}


def _verified() -> Q:
    return _has(Deadline, **_MET, proof__in=(ProofStatus.PROVEN, ProofStatus.FOUND))


def _first_four(desk: CourtDesk) -> Sequence[Measure]:
    ordered, verified = _ordered(desk), _verified()
    acted = _has(Referral) | _has(Attempt)
    acted |= _has(Hearing, purpose__in=(HearingPurpose.COMPLIANCE, HearingPurpose.CONTEMPT))
    not_filed = ordered & ~_FILED & ~verified
    return (
        Measure(
            name="ordered",
            title="Ordered to surrender",
            counts=ordered,
            against=Q(),
            against_words="Orders issued",
            definition="A time to surrender firearms has ended, or the duty was met before.",
        ),
        Measure(
            name="filed",
            title="Proof filed",
            counts=ordered & (_FILED | verified),
            against=ordered,
            against_words="Ordered to surrender",
            definition="A receipt or a sworn statement is on record, or the court found the duty met.",
        ),
        Measure(
            name="verified",
            title="Verified",
            counts=ordered & verified,
            against=ordered & (_FILED | verified),
            against_words="Proof filed",
            definition="Receipts of police or a dealer account for every firearm, or the court found so.",
        ),
        Measure(
            name="followed",
            title="Non-filers followed up",
            counts=not_filed & acted,
            against=not_filed,
            against_words="Ordered, and no proof filed",
            definition="A visit or call, a referral, or a hearing on compliance or contempt is on record.",
        ),
    )


def _service() -> Sequence[Measure]:
    served = Q(served_at__isnull=False)
    heard_after = Hearing.objects.filter(
        order=OuterRef("pk"),
        purpose=HearingPurpose.APPLICATION,
        scheduled_on__gte=TruncDate("order__served_at", tzinfo=COURT_TIME),
    )
    copy = {"rule_id": "CT-LE-48"}
    return (
        Measure(
            name="served-before",
            title="Served before the hearing",
            counts=served & Q(Exists(heard_after)),
            against=_has(Hearing, purpose=HearingPurpose.APPLICATION),
            against_words="Orders with a hearing on the application",
            definition="The day of service is not after the day of a hearing on the application.",
        ),
        Measure(
            name="picked-up",
            title="Papers picked up by a marshal",
            counts=_has(OrderAgency, capacity=Capacity.MARSHAL, picked_up_at__isnull=False),
            against=_has(OrderAgency, capacity=Capacity.MARSHAL),
            against_words="Orders given to a marshal",
            definition="The marshal confirmed the pick-up.",
        ),
        Measure(
            name="in-hand",
            title="Served in hand",
            counts=Q(service_method=ServiceMethod.IN_HAND),
            against=served,
            against_words="Orders served",
            definition="The return of service states in hand.",
        ),
        Measure(
            name="at-abode",
            title="Served at the abode",
            counts=Q(service_method=ServiceMethod.ABODE),
            against=served,
            against_words="Orders served",
            definition="The return of service states the abode.",
        ),
        Measure(
            name="police-copy",
            title="Police copy sent within 48 hours",
            counts=_has(Deadline, **copy, state=DeadlineState.MET, met_in_time=True),
            against=_has(Deadline, **copy, state__in=(*RUNNING, DeadlineState.MET)),
            against_words="Orders that police must get",
            definition="The clerk recorded the notice to police within 48 hours of issue.",
        ),
        *_asked(served),
    )


def _asked(served: Q) -> Sequence[Measure]:
    asked = Q(firearms_answer__in=[FirearmsAnswer.YES, FirearmsAnswer.NO, FirearmsAnswer.REFUSED])
    return (
        Measure(
            name="asked",
            title="Asked about firearms at service",
            counts=served & asked,
            against=served,
            against_words="Orders served",
            definition="The return of service has the respondent's spoken answer, or a refusal.",
        ),
        Measure(
            name="answered-yes",
            title="Answered yes when asked",
            counts=Q(firearms_answer=FirearmsAnswer.YES),
            against=asked,
            against_words="Respondents asked",
            definition="The spoken answer at service was that there are firearms.",
        ),
    )


def _surrender(desk: CourtDesk) -> Sequence[Measure]:
    ordered = _ordered(desk)
    late = {"rule_id__in": surrender_rules(), "state__in": RUNNING, "due_at__lte": desk.now}
    return (
        Measure(
            name="identified",
            title="Known to have firearms",
            counts=Q(firearms_indicated=True) | Q(firearms_answer=FirearmsAnswer.YES) | _has(Firearm),
            against=Q(),
            against_words="Orders issued",
            definition="By the application, the answer at service, or the list of firearms.",
        ),
        Measure(
            name="in-time",
            title="Proven in time",
            counts=_has(Deadline, **_MET, met_in_time=True, proof=ProofStatus.PROVEN),
            against=ordered,
            against_words="Ordered to surrender",
            definition="Receipts dated in time account for every firearm. A statement does not count.",
        ),
        Measure(
            name="sworn",
            title="Sworn statement only, not verified",
            counts=ordered & _has(Deadline, rule_id__in=surrender_rules(), proof__in=STATEMENT_ALONE),
            against=ordered,
            against_words="Ordered to surrender",
            definition="The duty rests on the respondent's word.",
        ),
        Measure(
            name="outstanding",
            title="Overdue now",
            counts=_has(Deadline, **late),
            against=ordered,
            against_words="Ordered to surrender",
            definition="The time is over, and not every firearm is accounted for.",
        ),
    )


def _hearings(desk: CourtDesk) -> Sequence[Measure]:
    held = {"held_on__isnull": False}
    about = (HearingPurpose.COMPLIANCE, HearingPurpose.CONTEMPT)
    on_compliance = _has(Hearing, purpose__in=about)
    return (
        Measure(
            name="granted",
            title="Granted after the hearing",
            counts=_has(Hearing, purpose=HearingPurpose.APPLICATION, outcome=HearingOutcome.GRANTED),
            against=_has(Hearing, purpose=HearingPurpose.APPLICATION, **held),
            against_words="Orders with a hearing held on the application",
            definition="The outcome of the hearing is on record as granted.",
        ),
        Measure(
            name="compliance-held",
            title="Compliance hearing held",
            counts=_has(Hearing, purpose__in=about, **held),
            against=on_compliance,
            against_words="Orders with a hearing on compliance or contempt",
            definition="The hearing has an outcome other than moved or canceled.",
        ),
        Measure(
            name="contempt",
            title="Contempt found",
            counts=_has(Hearing, outcome=HearingOutcome.CONTEMPT),
            against=on_compliance,
            against_words="Orders with a hearing on compliance or contempt",
            definition="The outcome of a hearing is on record as contempt.",
        ),
        Measure(
            name="ended-unserved",
            title="Ended without service",
            counts=is_ended(desk) & Q(served_at=None),
            against=is_ended(desk),
            against_words="Orders that ended",
            definition="The last day or the vacatur came before any service.",
        ),
        Measure(
            name="extension",
            title="Motion to extend filed",
            counts=is_ended(desk) & _has(CaseEvent, kind="extension_moved"),
            against=is_ended(desk),
            against_words="Orders that ended",
            definition="A motion to extend is on record.",
        ),
    )


#: What the data do not hold, and which field is missing.
NOT_HELD = (
    "Which judge signed an order: an order counts for the judge of its latest hearing that names one.",
    "Requests for police presence at service (C.G.S. § 46b-15e): no field.",
    "Whether a surrender was asked for and not ordered: the application's request has no field.",
)


@contextmanager
def _limited() -> Iterator[None]:
    """A transaction whose statements end after `TIMEOUT`."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{TIMEOUT}s"])
        yield


def count_all(desk: CourtDesk, period: ReportPeriod) -> list[Counted]:
    """Count every measure in one statement. Raises `OperationalError` if it takes longer than a page may."""
    found = measures(desk)
    names = {}
    for number, one in enumerate(found.values()):
        names[f"count{number}"] = Count("pk", filter=one.counts & one.against if one.against else one.counts)
        names[f"whole{number}"] = Count("pk", filter=one.against) if one.against else Count("pk")
    with _limited():
        numbers = orders_of(desk, period).order_by().aggregate(**names)
    return [
        Counted(measure=one, count=numbers[f"count{place}"], whole=numbers[f"whole{place}"])
        for place, one in enumerate(found.values())
    ]


#: What the numbers are grouped by: the column of an order.
GROUPS = {
    "kind": ("Kind", "kind"),
    "court": ("Court", "case__court__name"),
    "agency": ("Police of the respondent's town", "case__respondent__town__police__name"),
    "judge": ("Judge of the latest hearing", "urgency__judge"),
}


def count_groups(desk: CourtDesk, period: ReportPeriod, by: str) -> list[dict[str, Any]]:
    """Return the first four numbers for each value of a column."""
    _, column = GROUPS[by]
    four = {one.name: Count("pk", filter=one.counts) for one in _first_four(desk)}
    orders: QuerySet[Any] = orders_of(desk, period).order_by()
    rows: QuerySet[Any] = orders.values(words=F(column)).annotate(issued=Count("pk"), **four)
    with _limited():
        found = list(rows.order_by("-issued", "words")[:50])
    return [row | {"words": row["words"] or "No judge named"} for row in found] if by == "judge" else found
