"""What a court decided about a rule, from when, by whom and why."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Agency
from orders.rules.rulebook import Unit


class CourtRule(models.Model):
    """One decision of one court about one rule; the newest stands, the others are its history.

    `due_amount` and `due_unit` where the law leaves the time to the court. `reminders` is a list of
    `[amount, unit]`, each before the deadline; null keeps the rule's own.
    """

    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="court_rules")
    rule_id = models.CharField("rule", max_length=20)
    is_on = models.BooleanField(default=True)
    due_amount = models.PositiveSmallIntegerField(null=True, blank=True)
    due_unit = models.CharField(max_length=20, blank=True, choices=[(one.value, one.value) for one in Unit])
    reminders = models.JSONField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=500)

    class Meta:
        ordering = ["-id"]
        verbose_name = "decision about a rule"
        verbose_name_plural = "decisions about rules"
        constraints = [
            models.CheckConstraint(
                condition=Q(due_amount__isnull=True, due_unit="")
                | Q(due_amount__isnull=False) & ~Q(due_unit=""),
                name="court_rule_time_is_whole",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="court_rule_has_a_reason"),
        ]
        indexes = [
            # Planning asks for the newest decision of a court about each rule.
            models.Index(fields=["court", "rule_id", "-id"], name="court_rule_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {'on' if self.is_on else 'off'}"
