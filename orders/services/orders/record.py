"""Everything stored about one order, loaded with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.access import MATRIX
from orders.models import (
    CaseEvent,
    Caution,
    ComingService,
    ConfidentialityRelease,
    CustodyRequest,
    Deadline,
    Extension,
    Firearm,
    FirearmDisposal,
    FirearmReturn,
    FirearmStatus,
    FollowUp,
    Hearing,
    HistoryEntry,
    LicensingReport,
    Modification,
    Order,
    OrderAgency,
    OrderCard,
    OrderCondition,
    Permit,
    ProofStatus,
    ProtectedPerson,
    Receipt,
    Respondent,
    ServiceAttempt,
    Statement,
    StatementVerification,
)
from orders.rules.model import Entry
from orders.services.conditions.conditions import available_conditions
from orders.services.conditions.notices import RequiredNotice, law_of, required_notices
from orders.services.firearms.accounting import FirearmAccount, account_of
from orders.services.limits import RuleException, exceptions_of
from orders.services.orders.history_seen import seen_by
from orders.services.parties.agencies import ADDABLE
from orders.services.parties.candidates import CandidatePerson, candidates_of, same_person_of
from orders.services.parties.releases import not_ended

#: Only pages and documents of a court show the history.
_COURT = MATRIX.capacities["court"].seen_by
#: At most this many history entries are loaded, the newest.
HISTORY = 200


@dataclass(frozen=True, kw_only=True)
class OrderRecord:
    """The rows of one order. Cautions, firearms, receipts and returns are those of its whole case."""

    order: Order
    siblings: Sequence[Order]
    #: The extensions of the order, the latest last.
    extensions: Sequence[Extension]
    #: The modifications of the order, the latest last.
    modifications: Sequence[Modification]
    protected_persons: Sequence[ProtectedPerson]
    agencies: Sequence[OrderAgency]
    deadlines: Sequence[Deadline]
    attempts: Sequence[ServiceAttempt]
    #: When and where the order will be served.
    coming_services: Sequence[ComingService]
    #: What officers must know before they go there.
    cautions: Sequence[Caution]
    firearms: Sequence[Firearm]
    permits: Sequence[Permit]
    receipts: Sequence[Receipt]
    returns: Sequence[FirearmReturn]
    disposals: Sequence[FirearmDisposal]
    #: Requests about firearms in custody, with the checks, holds and decision of each.
    custody_requests: Sequence[CustodyRequest]
    statements: Sequence[Statement]
    #: The checks of sworn statements.
    verifications: Sequence[StatementVerification]
    #: The three numbers of the order's firearms.
    account: FirearmAccount
    hearings: Sequence[Hearing]
    case_events: Sequence[CaseEvent]
    licensing_reports: Sequence[LicensingReport]
    conditions: Sequence[OrderCondition]
    #: True if a judge may set a condition in such an order.
    takes_conditions: bool
    #: The releases in force and those that begin later.
    releases: Sequence[ConfidentialityRelease]
    cards: Sequence[OrderCard]
    required_notices: Sequence[RequiredNotice]
    follow_ups: Sequence[FollowUp]
    #: The newest entries, at most `HISTORY` of them.
    history: Sequence[HistoryEntry]
    #: What the rulebook states about such an order without a deadline.
    law: Sequence[Entry]
    #: The dates that the court set beyond a rule.
    exceptions: Sequence[RuleException]
    #: Respondents of other cases at this court who are the same person, and people who may be.
    same_person: Sequence[Respondent]
    candidates: Sequence[CandidatePerson]

    @property
    def firearms_in_custody(self) -> list[Firearm]:
        """Firearms that police hold."""
        return [one for one in self.firearms if one.status == FirearmStatus.SURRENDERED]

    @property
    def open_hearings(self) -> list[Hearing]:
        """Hearings without an outcome."""
        return [one for one in self.hearings if not one.outcome]

    @property
    def is_unverified_denial(self) -> bool:
        """True if a sworn statement of no firearms leaves open the deadline that it would otherwise meet."""
        return self._is_open_by(ProofStatus.SWORN)

    @property
    def is_contradicted_denial(self) -> bool:
        """True if a statement was checked, and what is recorded contradicts it all the same."""
        return self._is_open_by(ProofStatus.CONTRADICTED)

    def _is_open_by(self, proof: ProofStatus) -> bool:
        return any(one.is_running and one.proof == proof for one in self.deadlines)

    @property
    def open_conditions(self) -> list[OrderCondition]:
        """Conditions with a day that are not satisfied yet."""
        return [one for one in self.conditions_in_force if one.due_on is not None]

    @property
    def conditions_in_force(self) -> list[OrderCondition]:
        """Conditions that are not satisfied yet, and those that last as long as the order."""
        return [one for one in self.conditions if one.satisfied_on is None and one.ended_by_id is None]

    @property
    def added_agencies(self) -> list[OrderAgency]:
        """Agencies that a clerk added."""
        return [one for one in self.agencies if one.capacity in ADDABLE.values()]


def load_record(order: Order) -> OrderRecord:
    """Load the record of an order that comes with its case, court, respondent and town."""
    of_order: dict[str, Any] = {"order": order}
    of_case = of_order if order.withdrawn_at else {"order__case": order.case_id, "order__withdrawn_at": None}
    return OrderRecord(
        order=order,
        siblings=list(Order.objects.filter(case=order.case_id).exclude(pk=order.pk).order_by("-issued_on")),
        extensions=list(order.extensions.all()),
        modifications=list(order.modifications.all()),
        protected_persons=list(order.protected_persons.all()),
        agencies=list(order.order_agencies.select_related("agency").order_by("capacity", "agency__name")),
        deadlines=list(Deadline.objects.filter(**of_order)),
        attempts=list(ServiceAttempt.objects.filter(**of_order)),
        coming_services=list(ComingService.objects.filter(**of_order).select_related("answered_for")),
        cautions=list(Caution.objects.filter(**of_case)),
        firearms=list(Firearm.objects.filter(**of_case)),
        permits=list(Permit.objects.filter(**of_order).select_related("handed_in_to", "receipt")),
        receipts=list(
            Receipt.objects.filter(**of_case)
            .select_related("agency", "town", "order")
            .prefetch_related("firearms", "attachments", "signatures")
        ),
        returns=list(FirearmReturn.objects.filter(**of_case).select_related("firearm", "agency")),
        disposals=list(FirearmDisposal.objects.of_case(order.case_id).select_related("firearm", "agency")),
        custody_requests=list(
            CustodyRequest.objects.filter(**of_case)
            .select_related("order", "agency", "decision__agency")
            .prefetch_related("firearms", "checks__agency", "holds__agency")
        ),
        statements=list(Statement.objects.filter(**of_order)),
        verifications=list(
            StatementVerification.objects.filter(**of_order).select_related("statement", "agency")
        ),
        account=account_of(order),
        hearings=list(Hearing.objects.filter(**of_order).prefetch_related("findings__firearm")),
        case_events=list(CaseEvent.objects.filter(**of_order)),
        licensing_reports=list(LicensingReport.objects.filter(**of_order)),
        conditions=list(OrderCondition.objects.filter(**of_order).select_related("order", "ended_by")),
        takes_conditions=bool(available_conditions(order)),
        releases=list(not_ended(order)),
        cards=list(OrderCard.objects.filter(**of_order)),
        required_notices=required_notices(order),
        follow_ups=list(
            FollowUp.objects.filter(**of_order)
            .select_related("deadline", "owner", "assigned_to")
            .order_by("closed_at", "next_action_at", "id")
        ),
        history=list(seen_by(order.history.select_related("actor"), _COURT).order_by("-id")[:HISTORY]),
        same_person=same_person_of(order),
        candidates=candidates_of(order),
        law=law_of(order),
        exceptions=exceptions_of(order),
    )
