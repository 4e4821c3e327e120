"""A docket and its parties."""

from __future__ import annotations

from django.db import models

from accounts.models import Agency, Town
from orders.models.fields import public_id


class Respondent(models.Model):
    """The person restrained. A person: name, date of birth and address stay inside."""

    public_id = public_id()
    name = models.CharField(max_length=200)
    date_of_birth = models.DateField(null=True, blank=True)
    town = models.ForeignKey(
        Town, on_delete=models.PROTECT, help_text="Where the respondent lives; its police are told."
    )
    address = models.CharField(
        max_length=200, blank=True, help_text="Street and number, for police who look for firearms."
    )

    def __str__(self) -> str:
        return self.name


class Case(models.Model):
    """One docket in one court against one respondent, with its orders and one inventory of firearms.

    The row that every service locks first: whatever changes in a case, changes one at a time. A docket with
    orders against both parties is two cases.
    """

    public_id = public_id()
    # Collated byte by byte, so that the desk's search for a beginning walks the index on any server.
    docket_number = models.CharField(max_length=40, db_collation="C")
    court = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="cases")
    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="cases")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["docket_number", "court", "respondent"], name="case_once_per_docket_and_respondent"
            ),
            models.CheckConstraint(condition=~models.Q(docket_number=""), name="case_has_a_docket_number"),
        ]

    def __str__(self) -> str:
        return self.docket_number


class ProtectedPerson(models.Model):
    """A person whom an order protects. No address is kept, so none can leak.

    `address_confidential` says that the court keeps the address from the respondent.
    """

    public_id = public_id()
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="protected_persons")
    name = models.CharField(max_length=200)
    address_confidential = models.BooleanField(default=False)
    is_applicant = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "name"], name="protected_person_once_per_order")
        ]

    def __str__(self) -> str:
        return self.name
