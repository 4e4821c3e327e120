"""Makes the first administrator, on record as every other account is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.db.models import Max

from accounts.models import Act, Door, User
from accounts.services.audit import record


class Command(createsuperuser.Command):
    """Django's, with entries in the access log."""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """The account stands with the administrator's role, and is on record."""
        before = User.objects.aggregate(newest=Max("pk"))["newest"] or 0
        super().handle(*args, **options)
        for user in User.objects.filter(pk__gt=before):
            record(Act.ACCOUNT_CREATED, Door.COMMAND, subject=user)
            held = [{"role": one.role, "agency": one.agency_id} for one in user.memberships.all()]
            for detail in held:
                record(Act.ROLE_GRANTED, Door.COMMAND, subject=user, detail=detail)
