"""One protective order."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from accounts.models import Every
from orders.models.case import Case
from orders.models.fields import as_given, offset_beside, public_id, utc_offset
from orders.querysets import OrderQuerySet
from orders.rules.facts import Kind
from orders.rules.rulebook import Filer, Standard


class OrderKind(models.TextChoices):
    """The kinds of order, in the words of the law's dossier."""

    RESTRAINING_ORDER_APPLICATION = Kind.RESTRAINING_ORDER_APPLICATION.value, "Restraining order application"
    EX_PARTE_RESTRAINING_ORDER = Kind.EX_PARTE_RESTRAINING_ORDER.value, "Ex parte restraining order"
    RESTRAINING_ORDER = Kind.RESTRAINING_ORDER.value, "Restraining order after hearing"
    CIVIL_PROTECTION_ORDER = Kind.CIVIL_PROTECTION_ORDER.value, "Civil protection order"
    FAMILY_VIOLENCE_PROTECTIVE_ORDER = (
        Kind.FAMILY_VIOLENCE_PROTECTIVE_ORDER.value,
        "Family violence protective order",
    )
    RISK_PROTECTION_ORDER = Kind.RISK_PROTECTION_ORDER.value, "Risk protection order"
    FOREIGN_ORDER = Kind.FOREIGN_ORDER.value, "Order of another state"
    INTERIM_ERPO = Kind.INTERIM_ERPO.value, "Interim extreme-risk order"
    TEMPORARY_ERPO = Kind.TEMPORARY_ERPO.value, "Temporary extreme-risk order"
    FINAL_ERPO = Kind.FINAL_ERPO.value, "Final extreme-risk order"


class ServiceMethod(models.TextChoices):
    """How the respondent got notice of the order."""

    IN_HAND = "in_hand", "In hand"
    ABODE = "abode", "At the abode"
    ELECTRONIC = "electronic", "Electronic"
    IN_COURT = "in_court", "In court"
    MAIL = "mail", "By mail"
    UNKNOWN = "unknown", "Not stated"


class FiledBy(models.TextChoices):
    """Who asked the court for the order. Who may is the rulebook's to say, by kind of order."""

    INTIMATE_PARTNER = Filer.INTIMATE_PARTNER.value, "An intimate partner"
    HOUSEHOLD_MEMBER = Filer.HOUSEHOLD_MEMBER.value, "A family or household member"
    LAW_ENFORCEMENT = Filer.LAW_ENFORCEMENT.value, "Law enforcement"
    STATES_ATTORNEY = Filer.STATES_ATTORNEY.value, "State's attorney"
    ATTORNEY_GENERAL = Filer.ATTORNEY_GENERAL.value, "Attorney general"
    HEALTH_WORKER = Filer.HEALTH_WORKER.value, "Physician or other health worker"
    SCHOOL = Filer.SCHOOL.value, "School or college"
    LICENSING_AUTHORITY = Filer.LICENSING_AUTHORITY.value, "Licensing authority"
    OTHER_PERSON = Filer.OTHER_PERSON.value, "Another person"


class ProofFound(models.TextChoices):
    """How far the court was convinced. What an order asks for is the rulebook's to say."""

    REASONABLE_GROUNDS = Standard.REASONABLE_GROUNDS.value, "Reasonable grounds"
    REASONABLE_CAUSE = Standard.REASONABLE_CAUSE.value, "Reasonable cause"
    PROBABLE_CAUSE = Standard.PROBABLE_CAUSE.value, "Probable cause"
    PREPONDERANCE = Standard.PREPONDERANCE.value, "Preponderance of the evidence"
    CLEAR_AND_CONVINCING = Standard.CLEAR_AND_CONVINCING.value, "Clear and convincing evidence"


#: The jurisdiction, which no rule knows, of the one order that the system watches itself by.
CANARY_JURISDICTION = "xx"

_Orders = models.Manager.from_queryset(OrderQuerySet)


class RealOrders(_Orders["Order"]):
    """Orders of courts. The canary's is in no list, report, plan or count."""

    @override
    def get_queryset(self) -> OrderQuerySet[Order]:
        """All but the canary's."""
        orders: OrderQuerySet[Order] = OrderQuerySet(self.model, using=self._db)
        return orders.exclude(jurisdiction=CANARY_JURISDICTION)


class Order(models.Model):
    """One protective order, its service, and what the application said of firearms.

    `served_at` is the instant at which the respondent had notice; the surrender clock starts there. A whole
    last day counts: the order stands until `expires_on` is over.
    """

    public_id = public_id()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="orders")
    jurisdiction = models.CharField(max_length=5, default="us_ct")
    kind = models.CharField(max_length=40, choices=OrderKind)
    por_number = models.CharField(
        "registry number",
        max_length=40,
        blank=True,
        db_collation="C",
        help_text="Its number in the Protection Order Registry.",
    )
    issued_on = models.DateField(help_text="The order's own date.")
    issued_at = models.DateTimeField(null=True, blank=True, help_text="The instant, where it is known.")
    issued_offset = utc_offset(null=True, blank=True)
    expires_on = models.DateField(
        null=True, blank=True, help_text="The last day as printed on the order; the whole day counts."
    )
    served_at = models.DateTimeField(null=True, blank=True)
    served_offset = utc_offset(null=True, blank=True)
    service_method = models.CharField(max_length=20, choices=ServiceMethod, blank=True)
    service_officer = models.CharField(max_length=120, blank=True)
    served_in_custody = models.BooleanField(default=False)
    firearms_indicated = models.BooleanField(
        default=False, help_text="The application says that the respondent has firearms or ammunition."
    )
    permit_indicated = models.BooleanField(
        default=False, help_text="The respondent holds a permit or an eligibility certificate."
    )
    financial_support = models.BooleanField(default=False)
    filed_by = models.CharField(
        max_length=20, choices=FiledBy, blank=True, help_text="Who asked for the order; empty: not stated."
    )
    proof_found = models.CharField(
        max_length=20,
        choices=ProofFound,
        blank=True,
        help_text="The standard that the court found met; empty: not stated.",
    )
    area = models.CharField(
        max_length=40,
        blank=True,
        help_text="The county that the court sits in, where it keeps another time zone than its state.",
    )
    vacated_at = models.DateTimeField(null=True, blank=True)
    vacated_offset = utc_offset(null=True, blank=True)
    planned_with = models.CharField(
        max_length=24, blank=True, help_text="The rulebook's version when the deadlines were last planned."
    )
    source_digest = models.CharField(
        max_length=64, blank=True, help_text="What the registry last said of it, digested, to see a change."
    )
    entered_at = models.DateTimeField(auto_now_add=True)

    objects = RealOrders()
    every = Every()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["por_number"], condition=~Q(por_number=""), name="order_por_number_once"
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("issued_on")),
                name="order_expires_not_before_issue",
            ),
            models.CheckConstraint(
                condition=Q(served_at=None) | Q(issued_at=None) | Q(served_at__gte=F("issued_at")),
                name="order_served_not_before_issue",
            ),
            models.CheckConstraint(
                condition=Q(served_at=None, served_offset=None, service_method="", served_in_custody=False)
                | Q(served_at__isnull=False, served_offset__isnull=False) & ~Q(service_method=""),
                name="order_service_is_whole_or_absent",
            ),
            offset_beside("issued_at", "issued_offset", name="order_issue_has_its_offset"),
            offset_beside("vacated_at", "vacated_offset", name="order_vacatur_has_its_offset"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]), name="order_kind_is_known"
            ),
        ]
        indexes = [
            # The admin's list and the worklists page by the newest order first.
            models.Index(fields=["-issued_on", "-id"], name="order_newest_first"),
            # The hourly look for orders planned with an older rulebook.
            models.Index(fields=["planned_with", "id"], name="order_planned_with"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.por_number or str(self.public_id)[:8]}"

    @property
    def served_as_given(self) -> datetime | None:
        """The instant of service with the offset it was recorded with."""
        if self.served_at is None or self.served_offset is None:
            return None
        return as_given(self.served_at, self.served_offset)

    @property
    def issued_as_given(self) -> datetime | None:
        """The instant of issue with the offset it was recorded with."""
        if self.issued_at is None or self.issued_offset is None:
            return None
        return as_given(self.issued_at, self.issued_offset)

    @property
    def vacated_as_given(self) -> datetime | None:
        """The instant of vacatur with the offset it was recorded with."""
        if self.vacated_at is None or self.vacated_offset is None:
            return None
        return as_given(self.vacated_at, self.vacated_offset)
