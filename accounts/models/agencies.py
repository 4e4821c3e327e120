"""Which bodies can be told something, and which of them answers for which town."""

from __future__ import annotations

from typing import TypeVar

from django.db import models
from django.db.models import F, Q
from typing_extensions import override


class AgencyKind(models.TextChoices):
    """What sort of body an agency is."""

    COURT = "court", "Court"
    POLICE = "police", "Municipal police department"
    STATE_POLICE = "state_police", "State Police"
    OTHER_POLICE = "other_police", "Other police agency"
    MARSHAL = "marshal", "State marshals"
    PROSECUTOR = "prosecutor", "State's attorney"
    ADVOCACY = "advocacy", "Advocacy organization"
    LICENSING = "licensing", "Firearms licensing unit"
    SCHOOL = "school", "School or college"


POLICE = (AgencyKind.POLICE, AgencyKind.STATE_POLICE, AgencyKind.OTHER_POLICE)

#: What the agency and the town are called that only the system's own canary has.
CANARY = "Canary of the system itself"

Row = TypeVar("Row", bound=models.Model)


class Real(models.Manager[Row]):
    """Those of the world. The canary's own are in no list, choice or count."""

    @override
    def get_queryset(self) -> models.QuerySet[Row]:
        """All but the canary's."""
        return super().get_queryset().exclude(name=CANARY)


class Every(models.Manager[Row]):
    """All rows, the canary's too."""


class Referenced(models.Model):
    """A row that the reference files may have brought.

    `loaded` is what they said of it when they were last loaded; empty means that a person added the row. A
    field that differs from it was changed by a person, and no later load touches that field.
    """

    loaded = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        abstract = True


class JudicialDistrict(Referenced):
    """One of Connecticut's thirteen judicial districts (C.G.S. § 51-344)."""

    name = models.CharField(max_length=60, unique=True)
    former_name = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Agency(Referenced):
    """A body that can be told something and can be held to an answer: a court, a police department, …"""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=AgencyKind)
    ori = models.CharField(
        "ORI",
        max_length=9,
        blank=True,
        help_text="Originating agency identifier, nine characters; empty for bodies that have none.",
    )
    judicial_district = models.ForeignKey(JudicialDistrict, null=True, blank=True, on_delete=models.PROTECT)
    docket_prefixes = models.CharField(
        max_length=40,
        blank=True,
        help_text="For a court: the location codes that open its docket numbers, parted by spaces.",
    )
    email = models.EmailField(blank=True, help_text="Read by the desk itself, not by one person.")
    answers_for_state = models.BooleanField(
        "answers for the whole state",
        default=False,
        help_text="The one of its kind that is told of orders anywhere in the state.",
    )

    objects = Real()
    every = Every()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "agencies"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AgencyKind.values), name="agency_kind_known"),
            models.UniqueConstraint(
                fields=["ori"],
                condition=~Q(ori=""),
                name="agency_ori_once",
                violation_error_message="Another agency has this ORI.",
            ),
            models.CheckConstraint(
                condition=Q(ori="") | Q(ori__regex=r"^[A-Z0-9]{9}$"),
                name="agency_ori_nine_characters",
                violation_error_message="An ORI is nine characters, capital letters and digits: CT0009300.",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(answers_for_state=True),
                name="agency_one_of_a_kind_answers_for_the_state",
                violation_error_message="Another agency of this kind answers for the whole state.",
            ),
            models.CheckConstraint(
                condition=Q(kind=AgencyKind.COURT) | Q(judicial_district=None, docket_prefixes=""),
                name="agency_district_only_for_courts",
                violation_error_message="Only a court has a judicial district and docket prefixes.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Town(Referenced):
    """One of Connecticut's 169 towns, or a village that people name as their town.

    `police` answers for it: its own department, else the State Police. Never nobody.
    """

    name = models.CharField(max_length=60, unique=True)
    within = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        limit_choices_to={"within": None},
        help_text="For a village: the town it is in.",
    )
    fips = models.CharField("FIPS code", max_length=10, blank=True)
    police = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="towns", limit_choices_to={"kind__in": POLICE}
    )

    objects = Real()
    every = Every()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["fips"], condition=~Q(fips=""), name="town_fips_once"),
            models.CheckConstraint(
                condition=Q(fips="") | Q(fips__regex=r"^09[0-9]{8}$"), name="town_fips_ten_digits"
            ),
            models.CheckConstraint(condition=~Q(within=F("id")), name="town_not_within_itself"),
        ]

    def __str__(self) -> str:
        return self.name
