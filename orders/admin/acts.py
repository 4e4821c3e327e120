"""What can be done to an order: each act's button, its form and the service that takes what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.access import MATRIX
from accounts.models import User
from orders.errors import InvalidFact
from orders.forms import acts as forms
from orders.forms.acts import ActForm
from orders.models import Order
from orders.services import (
    entry,
    hearings,
    involved,
    releases,
    requirements,
    returns,
    service,
    surrender,
    term,
    terms,
)


class Section(StrEnum):
    """Where on the page of an order an act's button stands."""

    ORDER = "order"
    SERVICE = "service"
    FIREARMS = "firearms"
    SENDING = "sending"
    HEARINGS = "hearings"


@dataclass(frozen=True, kw_only=True)
class Act:
    """One thing a clerk does to an order. `name` is its address; `done` is said when it is done.

    The button is there when the order is `served` as the act wants it, when it is not vacated yet where the
    act `ends` something, and when the list of the page that the act `needs` is not empty.
    """

    name: str
    #: What it is in the matrix: an act upon a thing.
    thing: str
    act: str
    section: Section
    title: str
    form: type[ActForm]
    service: Callable[..., object]
    done: str
    served: bool | None = None
    ends: bool = False
    needs: str = ""

    def is_permitted(self, roles: Collection[str]) -> bool:
        """True for who sees the order in one of the roles that may do it."""
        return MATRIX.may(roles, self.act, self.thing)

    def fits(self, order: Order) -> bool:
        """True when the act makes sense for the order as it stands; the service decides in the end."""
        fits_service = self.served is None or self.served == (order.served_at is not None)
        return fits_service and not (self.ends and order.vacated_at is not None)

    def perform(self, form: ActForm, *, by: User, now: datetime) -> bool:
        """The act is done; False when the service refused it, which the form then says."""
        try:
            self.service(form.subject(), **form.facts(), by=by, now=now)
        except InvalidFact as refusal:
            form.refuse(refusal)
            return False
        return True


ACTS = {
    act.name: act
    for act in (
        Act(
            name="serve",
            thing="service",
            act="serve",
            section=Section.SERVICE,
            title="Record service",
            form=forms.ServiceForm,
            service=service.record_service,
            done="Service is recorded. What runs from it runs.",
            served=False,
        ),
        Act(
            name="attempt",
            thing="service_attempt",
            act="add",
            section=Section.SERVICE,
            title="Failed attempt",
            form=forms.FailedAttemptForm,
            service=service.record_failed_attempt,
            done="The failed attempt is recorded.",
            served=False,
        ),
        Act(
            name="correct-service",
            thing="service",
            act="correct",
            section=Section.SERVICE,
            title="Correct service",
            form=forms.CorrectServiceForm,
            service=service.correct_service,
            done="Service is corrected, and what runs from it has moved.",
            served=True,
        ),
        Act(
            name="withdraw-service",
            thing="service",
            act="withdraw",
            section=Section.SERVICE,
            title="Withdraw service",
            form=forms.ReasonForm,
            service=service.withdraw_service,
            done="The order counts as not served.",
            served=True,
        ),
        Act(
            name="firearm",
            thing="firearm",
            act="add",
            section=Section.FIREARMS,
            title="List a firearm",
            form=forms.FirearmForm,
            service=surrender.list_firearm,
            done="The firearm is on the list.",
        ),
        Act(
            name="permit",
            thing="permit",
            act="add",
            section=Section.FIREARMS,
            title="List a permit",
            form=forms.PermitForm,
            service=surrender.record_permit,
            done="The permit is on the list.",
        ),
        Act(
            name="receipt",
            thing="receipt",
            act="add",
            section=Section.FIREARMS,
            title="Record a receipt",
            form=forms.ReceiptForm,
            service=surrender.record_receipt,
            needs="firearms",
            done="The receipt is recorded.",
        ),
        Act(
            name="withdraw-receipt",
            thing="receipt",
            act="withdraw",
            section=Section.FIREARMS,
            title="Withdraw a receipt",
            form=forms.WithdrawReceiptForm,
            service=surrender.withdraw_receipt,
            needs="own_receipts",
            done="The receipt is withdrawn; its firearms count as believed held again.",
        ),
        Act(
            name="return",
            thing="firearm",
            act="return",
            section=Section.FIREARMS,
            title="Record a return",
            form=forms.ReturnForm,
            service=returns.record_return,
            needs="in_custody",
            done="The return is recorded.",
        ),
        Act(
            name="withdraw-return",
            thing="firearm_return",
            act="withdraw",
            section=Section.FIREARMS,
            title="Withdraw a return",
            form=forms.WithdrawReturnForm,
            service=returns.withdraw_return,
            needs="own_returns",
            done="The return is withdrawn; police hold the firearm.",
        ),
        Act(
            name="statement",
            thing="statement",
            act="add",
            section=Section.FIREARMS,
            title="Record a statement",
            form=forms.StatementForm,
            service=surrender.record_statement,
            done="The statement is recorded.",
        ),
        Act(
            name="sent",
            thing="sending",
            act="add",
            section=Section.SENDING,
            title="Record that it was sent",
            form=forms.SendingForm,
            service=requirements.record_sending,
            needs="requirements",
            done="It is recorded as sent.",
        ),
        Act(
            name="hearing",
            thing="hearing",
            act="add",
            section=Section.HEARINGS,
            title="Schedule a hearing",
            form=forms.ScheduleHearingForm,
            service=hearings.schedule_hearing,
            done="The hearing is set.",
        ),
        Act(
            name="continue",
            thing="hearing",
            act="continue",
            section=Section.HEARINGS,
            title="Continue a hearing",
            form=forms.ContinueHearingForm,
            service=hearings.continue_hearing,
            needs="waiting_hearings",
            done="The hearing is continued.",
        ),
        Act(
            name="hold",
            thing="hearing",
            act="hold",
            section=Section.HEARINGS,
            title="Record a hearing held",
            form=forms.HoldHearingForm,
            service=hearings.record_hearing,
            needs="waiting_hearings",
            done="The hearing is recorded.",
        ),
        Act(
            name="happening",
            thing="happening",
            act="add",
            section=Section.ORDER,
            title="Record a happening",
            form=forms.HappeningForm,
            service=term.record_happening,
            done="It is recorded.",
        ),
        Act(
            name="term",
            thing="term",
            act="add",
            section=Section.ORDER,
            title="Set a term",
            form=forms.TermForm,
            service=terms.set_term,
            done="The term is set.",
            needs="settable_terms",
        ),
        Act(
            name="keep-term",
            thing="term",
            act="keep",
            section=Section.ORDER,
            title="Record a term kept",
            form=forms.KeepTermForm,
            service=terms.keep_term,
            done="The term is recorded as kept.",
            needs="open_terms",
        ),
        Act(
            name="extend",
            thing="order",
            act="extend",
            section=Section.ORDER,
            title="Extend",
            form=forms.ExtendForm,
            service=term.extend_order,
            done="The order is extended.",
            ends=True,
        ),
        Act(
            name="correct",
            thing="order",
            act="change",
            section=Section.ORDER,
            title="Correct the order",
            form=forms.CorrectOrderForm,
            service=entry.correct_order,
            done="The order is corrected.",
        ),
        Act(
            name="correct-town",
            thing="respondent",
            act="correct",
            section=Section.ORDER,
            title="Correct the town",
            form=forms.CorrectTownForm,
            service=entry.correct_respondent_town,
            done="The town is corrected; its police are told from now on.",
        ),
        Act(
            name="correct-address",
            thing="respondent",
            act="correct",
            section=Section.ORDER,
            title="Correct the address",
            form=forms.CorrectAddressForm,
            service=entry.correct_respondent_address,
            done="The address is corrected.",
        ),
        Act(
            name="release",
            thing="release",
            act="add",
            section=Section.ORDER,
            title="Record a release",
            form=forms.ReleaseForm,
            service=releases.record_release,
            done="The release is recorded; the organization's advocates see how the order stands.",
        ),
        Act(
            name="revoke-release",
            thing="release",
            act="revoke",
            section=Section.ORDER,
            title="Revoke a release",
            form=forms.RevokeReleaseForm,
            service=releases.revoke_release,
            needs="standing_releases",
            done="The release is revoked; nothing is seen by it any more.",
        ),
        Act(
            name="involve",
            thing="concern",
            act="add",
            section=Section.ORDER,
            title="Name an agency",
            form=forms.InvolveForm,
            service=involved.involve_agency,
            done="The agency is named; it is told from now on.",
        ),
        Act(
            name="drop",
            thing="concern",
            act="remove",
            section=Section.ORDER,
            title="Take an agency off",
            form=forms.DropForm,
            service=involved.drop_agency,
            needs="involved",
            done="The agency is taken off; it sees the order no more.",
        ),
        Act(
            name="vacate",
            thing="order",
            act="vacate",
            section=Section.ORDER,
            title="Vacate",
            form=forms.VacateForm,
            service=term.vacate_order,
            done="The order is vacated. What was open is withdrawn.",
            ends=True,
        ),
    )
}
