"""Protective orders, the events of their case, and their history."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from typing_extensions import override

from accounts.models import EveryManager
from orders.models.fields import as_given, offset_beside, public_id, utc_offset
from orders.models.parties import Case
from orders.models.service import FirearmsAnswer, ServiceMethod
from orders.querysets import OfOrderQuerySet, OrderQuerySet
from orders.rules.facts import Kind
from orders.rules.vocabulary import Filer, StandardOfProof


class OrderKind(models.TextChoices):
    """The kinds of order, as in the rulebook."""

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


class FiledBy(models.TextChoices):
    """Who asked the court for the order. The rulebook holds who may, by kind of order."""

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
    """How convinced the court was. The rulebook holds the standard that an order requires."""

    REASONABLE_GROUNDS = StandardOfProof.REASONABLE_GROUNDS.value, "Reasonable grounds"
    REASONABLE_CAUSE = StandardOfProof.REASONABLE_CAUSE.value, "Reasonable cause"
    PROBABLE_CAUSE = StandardOfProof.PROBABLE_CAUSE.value, "Probable cause"
    PREPONDERANCE = StandardOfProof.PREPONDERANCE.value, "Preponderance of the evidence"
    CLEAR_AND_CONVINCING = StandardOfProof.CLEAR_AND_CONVINCING.value, "Clear and convincing evidence"


#: More firearms than this in one application are a typing error.
MOST_FIREARMS = 999

#: The jurisdiction, without rules, of the one order that the system monitors itself with.
CANARY_JURISDICTION = "xx"

#: The kinds of order that only courts of states other than Connecticut issue.
OTHER_STATES_KINDS = [
    OrderKind.INTERIM_ERPO.value,
    OrderKind.TEMPORARY_ERPO.value,
    OrderKind.FINAL_ERPO.value,
]

_Orders = models.Manager.from_queryset(OrderQuerySet)


class RecordedOrders(_Orders["Order"]):
    """Orders of courts, also those entered in error. The canary's order is in no list, report, plan or count.

    Readers use `Order.objects`. This is for what puts errors right and what must not enter an order twice.
    """

    @override
    def get_queryset(self) -> OrderQuerySet[Order]:
        """All orders except the canary's."""
        orders: OrderQuerySet[Order] = OrderQuerySet(self.model, using=self._db)
        return orders.exclude(jurisdiction=CANARY_JURISDICTION)


class RealOrders(RecordedOrders):
    """Orders of courts without those entered in error."""

    @override
    def get_queryset(self) -> OrderQuerySet[Order]:
        """All orders except the canary's and those entered in error."""
        return super().get_queryset().filter(withdrawn_at=None)


class Order(models.Model):
    """One protective order, its service, and what the application states about firearms.

    `served_at` is the instant at which the respondent had notice; the surrender clock starts there. The order
    is in force through the whole day `expires_on`.
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
    #: The number as it is compared (`registry_key`), and the court of the case. A trigger sets both.
    number_key = models.CharField(
        max_length=40, blank=True, default="", db_default="", db_collation="C", editable=False
    )
    number_court = models.BigIntegerField(null=True, blank=True, editable=False)
    issued_on = models.DateField(help_text="The date of the order.")
    issued_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    issued_offset = utc_offset(null=True, blank=True)
    expires_on = models.DateField(
        null=True, blank=True, help_text="The last day as printed on the order; the whole day counts."
    )
    served_at = models.DateTimeField(null=True, blank=True)
    served_offset = utc_offset(null=True, blank=True)
    service_method = models.CharField(max_length=20, choices=ServiceMethod, blank=True)
    service_officer = models.CharField(max_length=120, blank=True)
    served_in_custody = models.BooleanField(default=False)
    firearms_answer = models.CharField(
        "spoken answer about firearms",
        max_length=20,
        choices=FirearmsAnswer,
        blank=True,
        help_text="What the respondent answered at service when asked about firearms. Empty: not stated.",
    )
    firearms_indicated = models.BooleanField(
        default=False, help_text="The application states that the respondent has firearms or ammunition."
    )
    firearms_alleged_count = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_FIREARMS)],
        help_text="How many firearms the application alleges, if it gives a number.",
    )
    permit_indicated = models.BooleanField(
        default=False, help_text="The respondent holds a permit or an eligibility certificate."
    )
    financial_support = models.BooleanField(default=False)
    filed_by = models.CharField(
        max_length=20, choices=FiledBy, blank=True, help_text="Who asked for the order. Empty: not stated."
    )
    proof_found = models.CharField(
        max_length=20,
        choices=ProofFound,
        blank=True,
        help_text="The standard of proof that the court found met. Empty: not stated.",
    )
    area = models.CharField(
        max_length=40,
        blank=True,
        help_text="The county of the court, if its time zone differs from that of the state.",
    )
    vacated_at = models.DateTimeField(null=True, blank=True)
    vacated_offset = utc_offset(null=True, blank=True)
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was withdrawn because it was entered in error."
    )
    planned_with = models.CharField(
        max_length=24, blank=True, help_text="The rulebook's version when the deadlines were last planned."
    )
    source_digest = models.CharField(
        max_length=64, blank=True, help_text="A digest of the registry's last row for it, to detect a change."
    )
    #: When it came here, by hand or import. It is never corrected.
    entered_at = models.DateTimeField(default=timezone.now, editable=False)
    permit_indicated_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When it became known here, after entry, that the respondent holds a permit.",
    )

    objects = RealOrders()
    recorded = RecordedOrders()
    every = EveryManager()

    class Meta:
        constraints = [
            # Once in a court only: what a court can store must not show which numbers others have.
            models.UniqueConstraint(
                fields=["number_key", "number_court"],
                condition=~Q(number_key=""),
                name="order_number_once_in_a_court",
            ),
            # The kinds of other states are risk protection orders under other names.
            models.CheckConstraint(
                condition=Q(jurisdiction="us_ct") & ~Q(kind__in=OTHER_STATES_KINDS)
                | ~Q(jurisdiction__in=["us_ct", CANARY_JURISDICTION]) & Q(kind__in=OTHER_STATES_KINDS)
                | Q(jurisdiction=CANARY_JURISDICTION),
                name="order_kind_of_its_state",
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
                condition=Q(firearms_alleged_count=None)
                | Q(firearms_alleged_count=0)
                | Q(firearms_alleged_count__lte=MOST_FIREARMS, firearms_indicated=True),
                name="order_alleged_count_indicates_firearms",
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
            # The lists of orders show the newest order first.
            models.Index(fields=["-issued_on", "-id"], name="order_newest_first"),
            # Orders entered in error: few, and every gate looks here.
            models.Index(fields=["id"], condition=Q(withdrawn_at__isnull=False), name="order_withdrawn"),
            # The hourly search for orders planned with an older rulebook.
            models.Index(fields=["planned_with", "id"], name="order_planned_with"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.por_number or str(self.public_id)[:8]}"

    @property
    def served_as_given(self) -> datetime | None:
        """The instant of service in the offset with which it was entered."""
        if self.served_at is None or self.served_offset is None:
            return None
        return as_given(self.served_at, self.served_offset)

    @property
    def issued_as_given(self) -> datetime | None:
        """The instant of issue in the offset with which it was entered."""
        if self.issued_at is None or self.issued_offset is None:
            return None
        return as_given(self.issued_at, self.issued_offset)


class Extension(models.Model):
    """One extension of an order, with the last day before it: so that it can be withdrawn."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="extensions")
    former_last_day = models.DateField(null=True, blank=True, help_text="Empty if it was not printed.")
    expires_on = models.DateField(help_text="The new last day.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(former_last_day=None) | Q(expires_on__gt=F("former_last_day")),
                name="extension_extends",
            ),
        ]

    def __str__(self) -> str:
        return f"Extension to {self.expires_on}"


class CaseEvent(models.Model):
    """A dated event that rules use and that has no table of its own, such as a motion to extend."""

    public_id = public_id()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="case_events")
    kind = models.CharField(max_length=40)
    occurred_on = models.DateField(help_text="The day, in court time.")
    occurred_at = models.DateTimeField(null=True, blank=True, help_text="The instant, if known.")
    occurred_offset = utc_offset(null=True, blank=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["occurred_on", "id"]
        constraints = [
            offset_beside("occurred_at", "occurred_offset", name="case_event_has_its_offset"),
        ]

    def __str__(self) -> str:
        return self.kind.replace("_", " ")


class HistoryEntry(models.Model):
    """One act on an order, with its actor, time and reason. The database refuses to change or delete a row.

    `occurred_at` is when it happened, `recorded_at` when it was entered here, by the database's clock. `data`
    holds the changes, old and new, and the deadlines that they affected.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="history", db_index=False)
    kind = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # The history of an order is read whole and in sequence.
            models.Index(fields=["order", "id"], name="history_of_order"),
            # What the people of a court recorded since yesterday.
            models.Index(
                fields=["actor", "recorded_at"], condition=Q(actor__isnull=False), name="history_by_actor"
            ),
        ]

    def __str__(self) -> str:
        return self.kind
