"""Doorbells for work on orders."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from orders.services.upkeep import replan_stale as replan_some


@shared_task(name="orders.replan_stale")
def replan_stale() -> None:
    """Orders planned with an older rulebook are planned anew, some at a time."""
    if replan_some(now=timezone.now()):
        replan_stale.apply_async(expires=3600, retry=False)
