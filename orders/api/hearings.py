"""Hearings: scheduled, continued, held."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from accounts.access import MATRIX
from accounts.api.fields import DayField
from accounts.api.serializers import InputSerializer, OutputSerializer
from orders.api.base import ChildAction, OrderAction, OrderChildList
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.firearms.listed import MANY
from orders.api.serializers import ConfirmInput, OrderChildOutput
from orders.models import CourtFinding, Firearm, Hearing, HearingOutcome, HearingPurpose
from orders.models.orders import MOST_FIREARMS
from orders.services import hearings
from orders.services.firearms.findings import NewFinding


class FirearmFindingOutput(OutputSerializer):
    """What the court found about one firearm, or about `count` firearms that are alleged and not listed."""

    resource = "firearm_finding"
    firearm = serializers.UUIDField(source="firearm.public_id", allow_null=True, default=None)
    count = serializers.IntegerField()
    finding = serializers.ChoiceField(choices=CourtFinding.choices)
    note = serializers.CharField()


class HearingOutput(OrderChildOutput):
    """A hearing, scheduled for a day; later held or not held."""

    resource = "hearing"
    purpose = serializers.ChoiceField(choices=HearingPurpose.choices)
    scheduled_on = serializers.DateField()
    scheduled_time = serializers.TimeField(allow_null=True, help_text="Court time, if it is known.")
    judge = serializers.CharField(help_text="Who hears it; empty if not known.")
    held_on = serializers.DateField(allow_null=True)
    outcome = serializers.CharField(help_text="Empty until it is recorded.")
    findings = FirearmFindingOutput(many=True, help_text="What the court found about firearms.")


class HearingInput(ConfirmInput):
    """A hearing is scheduled."""

    purpose = serializers.ChoiceField(choices=HearingPurpose.choices)
    scheduled_on = DayField()
    scheduled_time = serializers.TimeField(required=False, allow_null=True)
    judge = serializers.CharField(max_length=120, required=False, allow_blank=True)


class ContinuanceInput(ConfirmInput):
    """A hearing is continued to another day."""

    scheduled_on = DayField(help_text="The new day.")
    scheduled_time = serializers.TimeField(required=False, allow_null=True)
    judge = serializers.CharField(
        max_length=120, required=False, allow_blank=True, help_text="Empty: the same judge."
    )


#: The outcomes of a hearing that was held.
HELD = [one for one in HearingOutcome.choices if one[0] != HearingOutcome.CONTINUED]


class FirearmFindingInput(InputSerializer):
    """What the court found about a firearm. Without one, about `count` that are alleged and not listed."""

    firearm = serializers.UUIDField(required=False, allow_null=True)
    count = serializers.IntegerField(default=1, min_value=1, max_value=MOST_FIREARMS)
    finding = serializers.ChoiceField(choices=CourtFinding.choices)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True)


class FindingsInput(InputSerializer):
    """What the court found at a hearing."""

    findings = FirearmFindingInput(
        **MANY,
        required=False,
        help_text="What the court found about each firearm that is not accounted for. The outcome "
        "`compliant` is refused until each is settled.",
    )

    def validate_findings(self, found: list[dict[str, Any]]) -> list[NewFinding]:
        """Return the findings with their firearms. Firearms of another case count as not found."""
        order, user = self.context["target"].order, self.context["request"].user
        visible = Firearm.objects.visible_to(user, roles=MATRIX.resources["firearm"].actions["view"])
        ids = [one["firearm"] for one in found if one.get("firearm")]
        rows = {one.public_id: one for one in visible.filter(order__case=order.case_id, public_id__in=ids)}
        errors: dict[Any, list[ErrorDetail]] = {
            number: [ErrorDetail("This firearm is not on the list of the case.", code="does_not_exist")]
            for number, one in enumerate(found)
            if one.get("firearm") and one["firearm"] not in rows
        }
        if errors:
            raise serializers.ValidationError(errors)
        return [NewFinding(**{**one, "firearm": rows.get(one.get("firearm"))}) for one in found]


class HearingOutcomeInput(FindingsInput, ConfirmInput):
    """A hearing was held."""

    outcome = serializers.ChoiceField(choices=HELD)
    held_on = DayField(help_text="Of a canceled hearing: the day on which the court canceled it.")


class _HearingFactsInput(FindingsInput, HearingInput):
    """A hearing, and what the court found at it. Findings replace those that are stored."""


class HearingList(OrderChildList, OrderAction):
    """The hearings of an order. POST schedules one."""

    resource = "hearing"
    actions = {"GET": "view", "POST": "add"}
    queryset = Hearing.objects.prefetch_related("findings__firearm")
    input = HearingInput
    output = HearingOutput
    service = staticmethod(hearings.schedule_hearing)
    detail_route = "hearing"
    undo = "hearing-withdrawals"


class HearingDetail(CorrectableDetail):
    """One hearing. PATCH corrects its day, time and purpose, and how a hearing that was held ended."""

    resource = "hearing"
    queryset = Hearing.objects.prefetch_related("findings__firearm")
    input = correction_of(
        _HearingFactsInput,
        name="HearingCorrectionInput",
        extra={
            "held_on": DayField(required=False),
            "outcome": serializers.ChoiceField(choices=HELD, required=False),
        },
    )
    output = HearingOutput


class HearingWithdrawalCreate(WithdrawalCreate):
    """POST: the hearing was scheduled in error and is removed."""

    resource = "hearing"
    detail_view = HearingDetail
    undo = "order-hearings"


class ContinuanceCreate(ChildAction):
    """POST: the hearing is continued. The response is the hearing on the new day."""

    resource = "hearing"
    actions = {"POST": "continue"}
    detail_view = HearingDetail
    input = ContinuanceInput
    output = HearingOutput
    service = staticmethod(hearings.continue_hearing)
    detail_route = "hearing"
    undo = "hearing-continuance-withdrawals"


class HearingOutcomeCreate(ChildAction):
    """POST: the hearing was held."""

    resource = "hearing"
    actions = {"POST": "hold"}
    detail_view = HearingDetail
    input = HearingOutcomeInput
    output = HearingOutput
    service = staticmethod(hearings.record_hearing)
    detail_route = "hearing"
    undo = "hearing-outcome-withdrawals"


class HearingOutcomeWithdrawalCreate(WithdrawalCreate):
    """POST: the outcome was recorded in error. The hearing has no outcome again."""

    resource = "hearing"
    actions = {"POST": "withdraw_outcome"}
    detail_view = HearingDetail
    service = staticmethod(hearings.HEARING_OUTCOME.withdraw)
    undo = "hearing-outcomes"


class ContinuanceWithdrawalCreate(WithdrawalCreate):
    """POST: the continuance was recorded in error. The hearing of the new day is removed."""

    resource = "hearing"
    actions = {"POST": "withdraw_continuance"}
    detail_view = HearingDetail
    service = staticmethod(hearings.CONTINUANCE.withdraw)
    undo = "hearing-continuances"


urlpatterns = [
    path("orders/<uuid:id>/hearings", HearingList.as_view(), name="order-hearings"),
    path("hearings/<uuid:id>", HearingDetail.as_view(), name="hearing"),
    path("hearings/<uuid:id>/continuances", ContinuanceCreate.as_view(), name="hearing-continuances"),
    path("hearings/<uuid:id>/outcomes", HearingOutcomeCreate.as_view(), name="hearing-outcomes"),
    path("hearings/<uuid:id>/withdrawals", HearingWithdrawalCreate.as_view(), name="hearing-withdrawals"),
    path(
        "hearings/<uuid:id>/outcome-withdrawals",
        HearingOutcomeWithdrawalCreate.as_view(),
        name="hearing-outcome-withdrawals",
    ),
    path(
        "hearings/<uuid:id>/continuance-withdrawals",
        ContinuanceWithdrawalCreate.as_view(),
        name="hearing-continuance-withdrawals",
    ),
]
