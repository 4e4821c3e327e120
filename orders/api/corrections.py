"""Base views that correct and withdraw the facts of an order, each with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.response import Response
from typing_extensions import override

from accounts.api.serializers import InputSerializer, with_codes
from accounts.api.views import ResourceUpdate, etag
from accounts.models import User
from orders.api.base import ChildAction, OrderActionView, OrderChildDetail
from orders.api.serializers import OrderOutput, ReasonInput
from orders.services import corrections


class _CorrectionMixin(serializers.Serializer[Any]):
    """Makes the fields of an entry optional and adds those of a correction."""

    _leave_out: ClassVar[Collection[str]] = ()
    _extra: ClassVar[Mapping[str, serializers.Field[Any, Any, Any, Any]]] = {}

    @override
    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in self._leave_out:
            del fields[name]
        for field in fields.values():
            field.required, field.default = False, empty
        fields["confirm"] = serializers.CharField(
            max_length=500,
            required=False,
            allow_blank=True,
            help_text="The reason to store a doubtful fact anyway.",
        )
        fields = with_codes(fields) | deepcopy(dict(self._extra))
        fields["reason"] = serializers.CharField(max_length=500, help_text="What was wrong.")
        return fields


def correction_of(
    entry: type[InputSerializer],
    *,
    leave_out: Collection[str] = (),
    extra: Mapping[str, serializers.Field[Any, Any, Any, Any]] | None = None,
    name: str = "",
) -> type[InputSerializer]:
    """Return the input of a correction: the fields of `entry`, each optional, and a reason.

    Its name is made from that of `entry` unless `name` is given.
    """
    name = name or entry.__name__.removesuffix("Input") + "CorrectionInput"
    body = {
        "__doc__": f"Only what was wrong, and why. {entry.__doc__ or ''}".strip(),
        "_leave_out": leave_out,
        "_extra": extra or {},
    }
    made: type[InputSerializer] = type(name, (_CorrectionMixin, entry), body)
    return made


def correct(row: Any, *, by: User, now: datetime, reason: str, confirm: str = "", **changes: Any) -> Any:
    """Correct the row and return it. Raises `InvalidFact`."""
    return corrections.correct(row, changes, by=by, now=now, reason=reason, confirm=confirm)


class CorrectableDetail(OrderActionView, OrderChildDetail, ResourceUpdate):
    """GET: one row. PATCH: correct it. The history keeps the old and new values and the reason."""

    actions = {"GET": "view", "PATCH": "correct"}
    service = staticmethod(correct)

    @override
    def get_target(self) -> Any:
        """Return the row in the URL."""
        return self.get_row(self.get_queryset())

    @override
    def lock_target(self, target: Any) -> Any:
        """Lock the case and fetch the row again: somebody may have changed it in between."""
        super().lock_target(target)
        return self.get_target()

    @override
    def get_version(self, target: Any) -> str:
        """Return the ETag of the row."""
        return etag(self.get_serializer(target).data)

    @override
    def perform_action(self, target: Any, data: dict[str, Any]) -> Response:
        """Return the row with its new ETag."""
        response = super().perform_action(target, data)
        response.headers["ETag"] = etag(response.data)
        return response

    @override
    def get_result(self, row: Any) -> Any:
        """Return the row as GET shows it."""
        return self.get_row(self.get_queryset())


class WithdrawalCreate(ChildAction):
    """POST: the row was an error and is removed. The history keeps what it was. Returns the order."""

    actions = {"POST": "withdraw"}
    input = ReasonInput
    output = OrderOutput
    service = staticmethod(corrections.withdraw)
    detail_route = "order"
