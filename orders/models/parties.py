"""Cases, their parties, and the agencies that an order is shared with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from accounts.encrypted_fields import DigestField, EncryptedTextField, FormerField, HoldsEncrypted
from accounts.models import Agency, Town
from orders.matching.lookup import stored_keys
from orders.matching.names import folded_name
from orders.models.fields import public_id
from orders.querysets import ConfidentialityReleaseQuerySet, OfOrderQuerySet, OrderAgencyQuerySet


class Person(models.Model):
    """One restrained person, who may be the respondent of several cases under several spellings.

    Respondents with the same folded name and date of birth are one person. Anything weaker a clerk decides.
    """

    public_id = public_id()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Person {str(self.public_id)[:8]}"


class Respondent(models.Model):
    """The restrained person, as one case names them.

    Name, date of birth and address never leave the application.
    """

    public_id = public_id()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="respondents", editable=False)
    name = models.CharField(max_length=200)
    date_of_birth = models.DateField(null=True, blank=True)
    town = models.ForeignKey(
        Town, on_delete=models.PROTECT, help_text="Where the respondent lives. Its police are alerted."
    )
    address = models.CharField(
        max_length=200, blank=True, help_text="Street and number, for police who search for firearms."
    )
    # Both follow from the name: `save` and `name_columns` set them.
    name_key = models.TextField(default="", editable=False, db_collation="C")
    name_parts = ArrayField(models.TextField(), default=list, editable=False)

    class Meta:
        indexes = [
            # The same person under another docket: equal folded names. Also the beginning of a whole name;
            # collation C makes a prefix use the index.
            models.Index(fields=["name_key", "date_of_birth"], name="respondent_name"),
            # A search by words of a name, in any spelling.
            GinIndex(fields=["name_parts"], name="respondent_name_parts"),
            # A search by date of birth.
            models.Index(fields=["date_of_birth"], name="respondent_birthday"),
        ]

    def __str__(self) -> str:
        return self.name

    @override
    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Save, with the columns that follow from the name. A new respondent is a person of its own."""
        if self.person_id is None:
            self.person = Person.objects.create()
        if update_fields is None or "name" in update_fields:
            for column, value in name_columns(self.name).items():
                setattr(self, column, value)
            if update_fields is not None:
                update_fields = {*update_fields, *name_columns(self.name)}
        super().save(*args, update_fields=update_fields, **kwargs)


class PersonDecision(models.Model):
    """A clerk's decision that two respondents are one person, or that they are two.

    A later decision about the two replaces it. `respondent` has the smaller key.
    """

    respondent = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="+", db_index=False)
    other = models.ForeignKey(Respondent, on_delete=models.PROTECT, related_name="+")
    is_same = models.BooleanField()
    reason = models.CharField(max_length=500)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["respondent", "other"], name="person_decision_once_per_pair"),
            models.CheckConstraint(
                condition=Q(respondent__lt=F("other")), name="person_decision_in_order_of_keys"
            ),
        ]

    def __str__(self) -> str:
        return f"Decision {self.pk}"


def name_columns(name: str) -> dict[str, Any]:
    """Return the columns of a respondent that follow from the name, for rows not saved one by one."""
    return {"name_key": folded_name(name), "name_parts": stored_keys(name)}


class Case(models.Model):
    """One docket in one court against one respondent, with its orders and one inventory of firearms.

    Every service locks this row first, so changes in a case happen one at a time. A docket with orders
    against both parties is two cases.
    """

    public_id = public_id()
    # Collation C, so that a prefix search uses the index on any server.
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


class ProtectedPerson(HoldsEncrypted):
    """A person protected by an order. The address is not stored, so it cannot leak.

    The name is encrypted: no list searches or sorts by it. `address_confidential` is true if the court
    withholds the address from the respondent.
    """

    public_id = public_id()
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="protected_persons", db_index=False
    )
    name = EncryptedTextField(max_length=200, db_column="encrypted_name", former="open_name")
    name_digest = DigestField(of="name", purpose="protected person")
    open_name = FormerField(max_length=200, blank=True, default="", db_default="", db_column="name")
    address_confidential = models.BooleanField(default=False)
    is_applicant = models.BooleanField(default=True)

    objects = OfOrderQuerySet.as_manager()

    class Meta:
        # Without it the list shows which row was written last.
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "name_digest"], name="protected_person_once_an_order")
        ]

    def __str__(self) -> str:
        return self.name


class Capacity(models.TextChoices):
    """Why an agency is involved in an order. Rules name capacities as the audience of a checkpoint."""

    COURT = "court", "The court"
    RESPONDENT_POLICE = "respondent_police", "Police of the respondent's town"
    SERVICE_POLICE = "service_police", "Police of the town of service"
    STATE_POLICE = "state_police", "State Police, alerted when no one else answered"
    ASSISTING_POLICE = "assisting_police", "Assisting police"
    MARSHAL = "marshal", "State marshal"
    PROSECUTOR = "prosecutor", "State's attorney"
    LICENSING = "licensing", "Firearms licensing unit"
    SCHOOL = "school", "School of a protected person"


class OrderAgency(models.Model):
    """An agency involved in an order. Decides both who is alerted and who may see the order."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="order_agencies", db_index=False
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="order_agencies", db_index=False
    )
    capacity = models.CharField(max_length=20, choices=Capacity)
    named_at = models.DateTimeField(
        null=True, blank=True, help_text="When someone named the agency, such as the marshal who serves."
    )
    picked_up_at = models.DateTimeField(
        null=True, blank=True, help_text="When the marshal picked up the papers to serve."
    )

    objects = OrderAgencyQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # FIRE and the gate look up the agencies of an order.
            models.UniqueConstraint(fields=["order", "capacity", "agency"], name="order_agency_once"),
        ]
        indexes = [
            # Lists of one agency start here, the newest order first.
            models.Index(fields=["agency", "capacity", "-order"], name="order_agency_of_agency"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} as {self.capacity}"


class ReleasePurpose(models.TextChoices):
    """What a release is for. Coded: a sentence could name the person."""

    SAFETY = "safety", "Planning for safety"
    COURT = "court", "Help with the court case"
    NEWS = "news", "News of the order"


class ConfidentialityRelease(models.Model):
    """A protected person's written, informed release to an advocacy organization, limited in time.

    While it is in force the organization's advocates see the status of the order: from `begins_at` until
    before `ends_at`, or until it is revoked. The signer is not stored, because the release already reveals
    whose client the person is. It covers four answers: whether the order was served, what became of the
    firearms, its hearings, and its end. What it does not cover does not exist for the organization.
    """

    public_id = public_id()
    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="releases", db_index=False
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="releases", verbose_name="organization", db_index=False
    )
    alias = EncryptedTextField(
        max_length=40,
        blank=True,
        default="",
        db_column="encrypted_alias",
        help_text="What the advocate calls the client on a screen. Never the name.",
    )
    covers_service = models.BooleanField(default=True, db_default=True)
    covers_firearms = models.BooleanField(default=True, db_default=True)
    covers_hearings = models.BooleanField(default=True, db_default=True)
    covers_ending = models.BooleanField(default=True, db_default=True)
    purpose = models.CharField(
        max_length=10,
        choices=ReleasePurpose,
        blank=True,
        default="",
        db_default="",
        help_text="What it is for.",
    )
    signed_on = models.DateField(help_text="The day on the written release.")
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reported_on = ArrayField(
        models.DateField(),
        null=True,
        blank=True,
        help_text="The days on which the organization reported firearms. Only its advocates see them.",
    )

    objects = ConfidentialityReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-begins_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")), name="release_ends_after_it_begins"
            ),
        ]
        indexes = [
            # The gate looks up the releases of an order; the list of an advocate starts at the organization.
            models.Index(fields=["order", "agency"], name="release_of_order"),
            models.Index(fields=["agency", "-order"], name="release_of_agency"),
        ]

    def __str__(self) -> str:
        return f"Release {str(self.public_id)[:8]}"

    @property
    def covers_all(self) -> bool:
        """True if it leaves out none of the four answers."""
        return self.covers_service and self.covers_firearms and self.covers_hearings and self.covers_ending

    def has_ended(self, now: datetime) -> bool:
        """True if it was revoked, or its end is not after `now`."""
        return self.revoked_at is not None or self.ends_at <= now
