"""What an act would change, as its dry run returns it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.fields import InstantField


class DeadlineStateOutput(serializers.Serializer[Any]):
    """A deadline before or after an act."""

    state = serializers.CharField()
    due_at = InstantField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)


class DeadlineChangeOutput(serializers.Serializer[Any]):
    """What an act would do to one deadline. `before` is null for a new deadline; `after` is never null."""

    order = serializers.UUIDField()
    rule = serializers.CharField()
    occurrence = serializers.CharField(allow_blank=True)
    before = DeadlineStateOutput(allow_null=True)
    after = DeadlineStateOutput()


class DryRunOutput(serializers.Serializer[Any]):
    """What an act would change. Nothing was changed."""

    deadlines = DeadlineChangeOutput(many=True)
