"""Correct and withdraw single facts of an order: one form for each kind, made from the form that enters it.

The act is offered beside the item on the court's page of the order, not as a button.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from orders.forms.base import Act, ActForm, Section
from orders.forms.cautions import CautionForm
from orders.forms.coming_service import ComingServiceForm
from orders.forms.conditions import NoticeSentForm
from orders.forms.firearms import FirearmForm, PermitForm, ReceiptForm, ReturnForm, StatementForm, VerifyForm
from orders.forms.item_forms import (
    CorrectAttemptForm,
    CorrectConditionForm,
    CorrectHearingForm,
    CorrectItemForm,
    CorrectReturnCheckForm,
    CorrectStepForm,
    WithdrawItemForm,
)
from orders.forms.order_cards import OrderCardForm
from orders.forms.orders import CaseEventForm, LicensingReportForm
from orders.forms.parties import ReleaseForm
from orders.forms.proof import DisposalForm
from orders.forms.returns import CustodyRequestForm, ReturnDecisionForm, ReturnHoldForm
from orders.services import cautions, coming_service, hearings, service
from orders.services.conditions import conditions, notices
from orders.services.correctable import Correctable
from orders.services.firearms import (
    custody_steps,
    disposals,
    inventory,
    receipts,
    requests,
    return_steps,
    returns,
    statements,
)
from orders.services.orders import case_events, licensing, order_cards
from orders.services.parties import releases


@dataclass(frozen=True, kw_only=True)
class Item:
    """One kind of fact: the form that enters it, and the names of its acts."""

    fact: Correctable
    resource: str
    section: Section
    #: The name of the act that enters it, which undoes the withdrawal.
    entered_by: str
    #: The form that enters it, from which the form of the correction is made.
    entry: type[ActForm] | None = None
    #: The form of the correction, if it is not made.
    form: type[CorrectItemForm] | None = None
    leave_out: Collection[str] = ()
    #: The last word of the names of its acts.
    name: str
    #: For a part of a fact: the action of the matrix, and the words of the link.
    action: str = "withdraw"
    link: str = "Withdraw"
    is_withdrawn: bool = True

    @property
    def correction(self) -> type[CorrectItemForm] | None:
        """The form of the correction; empty if it is corrected as a part of another fact."""
        if self.form is not None or self.entry is None:
            return self.form
        name = f"Correct{self.entry.__name__}"
        body = {"__doc__": self.entry.__doc__, "fact": self.fact, "leave_out": self.leave_out}
        made: type[CorrectItemForm] = type(name, (CorrectItemForm, self.entry), body)
        return made

    def acts(self) -> Iterator[Act]:
        """Yield the acts that correct and withdraw a fact of this kind."""
        noun = self.fact.noun
        if form := self.correction:
            yield Act(
                name=f"correct-{self.name}",
                resource=self.resource,
                action="correct",
                section=self.section,
                title=f"Correct the {noun}",
                link="Correct",
                form=form,
                service=self.fact.correct,
                fact=self.fact,
                done=f"The {noun} is corrected.",
                undo=f"correct-{self.name}",
            )
        if self.is_withdrawn:
            yield Act(
                name=f"withdraw-{self.name}",
                resource=self.resource,
                action=self.action,
                section=self.section,
                title=f"Withdraw the {noun}",
                link=self.link,
                form=WithdrawItemForm,
                service=self.fact.withdraw,
                fact=self.fact,
                previews=self.section is Section.FIREARMS,
                done=f"The {noun} is withdrawn.",
                undo=self.entered_by,
            )


ITEMS = (
    Item(
        fact=inventory.FIREARM,
        name="firearm",
        resource="firearm",
        section=Section.FIREARMS,
        entry=FirearmForm,
        entered_by="firearm",
    ),
    Item(
        fact=inventory.PERMIT,
        name="permit",
        resource="permit",
        section=Section.FIREARMS,
        entry=PermitForm,
        entered_by="permit",
    ),
    Item(
        fact=receipts.RECEIPT,
        name="receipt",
        resource="receipt",
        section=Section.FIREARMS,
        entry=ReceiptForm,
        leave_out=["found", "permits"],
        entered_by="receipt",
    ),
    Item(
        fact=returns.RETURN,
        name="return",
        resource="firearm_return",
        section=Section.FIREARMS,
        entry=ReturnForm,
        leave_out=["firearms"],
        entered_by="return",
    ),
    Item(
        fact=disposals.DISPOSAL,
        name="disposal",
        resource="firearm_disposal",
        section=Section.FIREARMS,
        entry=DisposalForm,
        leave_out=["firearms"],
        entered_by="dispose",
    ),
    Item(
        fact=custody_steps.CUSTODY_STEP,
        name="custody-step",
        resource="custody_step",
        section=Section.FIREARMS,
        form=CorrectStepForm,
        entered_by="hand-over",
    ),
    Item(
        fact=requests.CUSTODY_REQUEST,
        name="custody-request",
        resource="custody_request",
        section=Section.FIREARMS,
        entry=CustodyRequestForm,
        leave_out=["kind"],
        entered_by="custody-request",
    ),
    Item(
        fact=return_steps.RETURN_CHECK,
        name="return-check",
        resource="return_check",
        section=Section.FIREARMS,
        form=CorrectReturnCheckForm,
        entered_by="return-check",
    ),
    Item(
        fact=return_steps.RETURN_HOLD,
        name="return-hold",
        resource="return_hold",
        section=Section.FIREARMS,
        entry=ReturnHoldForm,
        leave_out=["request"],
        entered_by="return-hold",
    ),
    Item(
        fact=return_steps.RETURN_DECISION,
        name="return-decision",
        resource="return_decision",
        section=Section.FIREARMS,
        entry=ReturnDecisionForm,
        leave_out=["request"],
        entered_by="return-decision",
    ),
    Item(
        fact=inventory.HAND_IN,
        name="hand-in",
        resource="permit",
        section=Section.FIREARMS,
        action="hand_in",
        link="Not handed in",
        entered_by="hand-in-permit",
    ),
    Item(
        fact=statements.STATEMENT,
        name="statement",
        resource="statement",
        section=Section.FIREARMS,
        entry=StatementForm,
        leave_out=["firearms"],
        entered_by="statement",
    ),
    Item(
        fact=statements.VERIFICATION,
        name="verification",
        resource="statement_verification",
        section=Section.FIREARMS,
        entry=VerifyForm,
        leave_out=["statement"],
        entered_by="verify",
    ),
    Item(
        fact=service.ATTEMPT,
        name="attempt",
        resource="service_attempt",
        section=Section.SERVICE,
        form=CorrectAttemptForm,
        entered_by="attempt",
    ),
    Item(
        fact=cautions.CAUTION,
        name="caution",
        resource="caution",
        section=Section.SERVICE,
        entry=CautionForm,
        entered_by="caution",
    ),
    Item(
        fact=coming_service.COMING_SERVICE,
        name="coming-service",
        resource="coming_service",
        section=Section.SERVICE,
        entry=ComingServiceForm,
        entered_by="plan-service",
        leave_out=("town",),
    ),
    Item(
        fact=coming_service.PRESENCE,
        name="presence",
        resource="coming_service",
        section=Section.SERVICE,
        action="answer",
        link="Take back the answer",
        entered_by="answer-presence",
    ),
    Item(
        fact=hearings.HEARING,
        name="hearing",
        resource="hearing",
        section=Section.HEARINGS,
        form=CorrectHearingForm,
        entered_by="hearing",
    ),
    Item(
        fact=hearings.HEARING_OUTCOME,
        name="outcome",
        resource="hearing",
        section=Section.HEARINGS,
        action="withdraw_outcome",
        link="Withdraw outcome",
        entered_by="hold",
    ),
    Item(
        fact=hearings.CONTINUANCE,
        name="continuance",
        resource="hearing",
        section=Section.HEARINGS,
        action="withdraw_continuance",
        link="Undo continuance",
        entered_by="continue",
    ),
    Item(
        fact=case_events.CASE_EVENT,
        name="case-event",
        resource="case_event",
        section=Section.ORDER,
        entry=CaseEventForm,
        entered_by="case-event",
    ),
    Item(
        fact=licensing.LICENSING_REPORT,
        name="licensing-report",
        resource="licensing_report",
        section=Section.ORDER,
        entry=LicensingReportForm,
        entered_by="licensing-report",
    ),
    Item(
        fact=notices.NOTICE_SENT,
        name="sent",
        resource="notice_sent",
        section=Section.NOTICES,
        entry=NoticeSentForm,
        entered_by="sent",
    ),
    Item(
        fact=conditions.CONDITION,
        name="condition",
        resource="condition",
        section=Section.ORDER,
        form=CorrectConditionForm,
        entered_by="condition",
    ),
    Item(
        fact=conditions.SATISFACTION,
        name="satisfaction",
        resource="condition",
        section=Section.ORDER,
        action="withdraw_satisfaction",
        link="Not satisfied",
        entered_by="satisfy-condition",
    ),
    Item(
        fact=releases.RELEASE,
        name="release",
        resource="confidentiality_release",
        section=Section.ORDER,
        entry=ReleaseForm,
        entered_by="release",
    ),
    Item(
        fact=order_cards.ORDER_CARD,
        name="card",
        resource="order_card",
        section=Section.ORDER,
        entry=OrderCardForm,
        entered_by="issue-card",
    ),
)

ACTS = tuple(act for item in ITEMS for act in item.acts())
