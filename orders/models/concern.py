"""Which agencies an order concerns, and in what capacity."""

from __future__ import annotations

from django.db import models

from accounts.models import Agency
from orders.models.order import Order
from orders.querysets import ConcernQuerySet


class Capacity(models.TextChoices):
    """Why an order is an agency's business. Rules name these as the audience of a checkpoint."""

    COURT = "court", "The court"
    RESPONDENT_POLICE = "respondent_police", "Police of the respondent's town"
    SERVICE_POLICE = "service_police", "Police of the town of service"
    STATE_POLICE = "state_police", "State Police, told when nobody else answered"
    ASSISTING_POLICE = "assisting_police", "Police asked to help"
    MARSHAL = "marshal", "State marshal"
    PROSECUTOR = "prosecutor", "State's attorney"
    LICENSING = "licensing", "Firearms licensing unit"
    SCHOOL = "school", "School of a protected person"


class Concern(models.Model):
    """An order is this agency's business. Decides both who is told and who may see it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="concerns")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="concerns")
    capacity = models.CharField(max_length=20, choices=Capacity)

    objects = ConcernQuerySet.as_manager()

    class Meta:
        constraints = [
            # Serves FIRE and the gate, which both come from the order.
            models.UniqueConstraint(fields=["order", "capacity", "agency"], name="concern_once"),
        ]
        indexes = [
            # A desk's list comes from the agency, the newest order first.
            models.Index(fields=["agency", "capacity", "-order"], name="concern_of_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} as {self.capacity}"
