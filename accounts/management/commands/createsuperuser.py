"""Create the first administrator, with entries in the access log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction
from django.db.models import Max

from accounts.models import AuditAction, EntryPoint, User
from accounts.services.access.access_log import record


class Command(createsuperuser.Command):
    """Django's command, with entries in the access log."""

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account with the administrator's role, and log both."""
        before = User.objects.aggregate(newest=Max("pk"))["newest"] or 0
        super().handle(*args, **options)
        for user in User.objects.filter(pk__gt=before):
            record(AuditAction.ACCOUNT_CREATED, EntryPoint.COMMAND, subject=user)
            held = [{"role": one.role, "agency": one.agency_id} for one in user.memberships.all()]
            for detail in held:
                record(AuditAction.ROLE_GRANTED, EntryPoint.COMMAND, subject=user, detail=detail)
