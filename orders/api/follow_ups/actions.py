"""What the agency in charge of a follow-up does about it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from typing_extensions import override

from accounts.api.fields import InstantField
from accounts.api.serializers import EmptyInput, InputSerializer
from accounts.models import User
from orders.api.base import ChildAction
from orders.api.corrections import CorrectableDetail, WithdrawalCreate, correction_of
from orders.api.follow_ups.follow_ups import (
    FollowUpChildList,
    FollowUpChildOutput,
    FollowUpDetail,
    FollowUpOutput,
)
from orders.api.serializers import AsGivenField, ConfirmInput
from orders.models import Attempt, AttemptKind, AttemptResult
from orders.services.follow_ups.actions import assign, assignable, reschedule
from orders.services.follow_ups.attempts import record_attempt
from orders.services.follow_ups.reminders import remind


class AttemptOutput(FollowUpChildOutput):
    """An attempt to recover firearms."""

    resource = "attempt"
    attempted_at = AsGivenField()
    kind = serializers.ChoiceField(choices=AttemptKind.choices)
    result = serializers.ChoiceField(choices=AttemptResult.choices)
    next_action_at = InstantField()
    by = serializers.CharField(source="by.name")
    place = serializers.CharField()
    officers = serializers.CharField()
    note = serializers.CharField(help_text="For court and police alone.")


class AttemptInput(ConfirmInput):
    """An attempt to recover firearms. It does not meet the deadline; a receipt does."""

    attempted_at = InstantField()
    kind = serializers.ChoiceField(choices=AttemptKind.choices)
    result = serializers.ChoiceField(
        choices=AttemptResult.choices, help_text="The result, or why no firearm was recovered."
    )
    next_action_at = InstantField(help_text="When the next action is planned. It must be in the future.")
    place = serializers.CharField(max_length=200, required=False, allow_blank=True)
    officers = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        help_text="For court and police alone. It must not name the protected person.",
    )


class AttemptList(FollowUpChildList, ChildAction):
    """The attempts of one follow-up. POST records one."""

    resource = "attempt"
    actions = {"GET": "view", "POST": "add"}
    queryset = Attempt.objects.select_related("follow_up", "by")
    detail_view = FollowUpDetail
    input = AttemptInput
    output = AttemptOutput
    service = staticmethod(record_attempt)
    detail_route = "follow-up-attempt"


class AttemptDetail(CorrectableDetail):
    """One attempt. PATCH corrects it; the next action of the follow-up has an act of its own."""

    resource = "attempt"
    queryset = Attempt.objects.select_related("follow_up", "by")
    input = correction_of(AttemptInput, leave_out=["next_action_at"], name="AttemptCorrectionInput")
    output = AttemptOutput


class AttemptWithdrawalCreate(WithdrawalCreate):
    """POST: the attempt never was and is removed. The next action is again the one before."""

    resource = "attempt"
    detail_view = AttemptDetail


class ColleagueField(serializers.SlugRelatedField[User]):
    """A person of the agency in charge of the follow-up, by the email address with which they sign in."""

    default_error_messages = {
        "does_not_exist": "No one in the agency in charge signs in with this address. Use a colleague's."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(slug_field="email", queryset=User.objects.none(), **kwargs)

    @override
    def get_queryset(self) -> QuerySet[User]:
        """Return the people to whom it can be assigned."""
        return assignable(self.context["target"])

    @override
    def to_internal_value(self, data: Any) -> Any:
        """Return the person. Raises `ValidationError`."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class AssignmentInput(InputSerializer):
    """To whom the follow-up is assigned."""

    assigned_to = ColleagueField(
        allow_null=True, help_text="A colleague's email address; null removes the assignment."
    )


class AssignmentCreate(ChildAction):
    """POST: assign the follow-up to a person of the agency in charge, or to no one."""

    resource = "follow_up"
    actions = {"POST": "assign"}
    detail_view = FollowUpDetail
    input = AssignmentInput
    output = FollowUpOutput
    service = staticmethod(assign)
    detail_route = "follow-up"


class NextActionInput(InputSerializer):
    """The next action is moved."""

    next_action_at = InstantField()
    reason = serializers.CharField(max_length=500)


class NextActionCreate(ChildAction):
    """POST: move the next action to another time, and say why."""

    resource = "follow_up"
    actions = {"POST": "reschedule"}
    detail_view = FollowUpDetail
    input = NextActionInput
    output = FollowUpOutput
    service = staticmethod(reschedule)
    detail_route = "follow-up"


class ReminderCreate(ChildAction):
    """POST: have the owner reminded now, once an hour at most."""

    resource = "follow_up"
    actions = {"POST": "remind"}
    detail_view = FollowUpDetail
    input = EmptyInput
    output = FollowUpOutput
    service = staticmethod(remind)
    detail_route = "follow-up"


urlpatterns = [
    path("follow-ups/<uuid:id>/attempts", AttemptList.as_view(), name="follow-up-attempts"),
    path("follow-up-attempts/<uuid:id>", AttemptDetail.as_view(), name="follow-up-attempt"),
    path(
        "follow-up-attempts/<uuid:id>/withdrawals",
        AttemptWithdrawalCreate.as_view(),
        name="follow-up-attempt-withdrawals",
    ),
    path("follow-ups/<uuid:id>/assignments", AssignmentCreate.as_view(), name="follow-up-assignments"),
    path("follow-ups/<uuid:id>/reminders", ReminderCreate.as_view(), name="follow-up-reminders"),
    path("follow-ups/<uuid:id>/next-actions", NextActionCreate.as_view(), name="follow-up-next-actions"),
]
