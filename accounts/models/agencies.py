"""Agencies that can be notified, and the police agency of each town."""

from __future__ import annotations

import re
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from typing_extensions import override

from accounts.mail_addresses import MailAddressField
from accounts.text import clean


class AgencyKind(models.TextChoices):
    """The kind of an agency."""

    COURT = "court", "Court"
    POLICE = "police", "Municipal police department"
    STATE_POLICE = "state_police", "State Police"
    OTHER_POLICE = "other_police", "Other police agency"
    MARSHAL = "marshal", "State marshals"
    PROSECUTOR = "prosecutor", "State's attorney"
    ADVOCACY = "advocacy", "Advocacy organization"
    LICENSING = "licensing", "Firearms licensing unit"
    SCHOOL = "school", "School or college"


class State(models.TextChoices):
    """The states whose courts and agencies can be here, by the id of their rules."""

    CALIFORNIA = "us_ca", "California"
    CONNECTICUT = "us_ct", "Connecticut"
    DELAWARE = "us_de", "Delaware"
    FLORIDA = "us_fl", "Florida"
    ILLINOIS = "us_il", "Illinois"
    INDIANA = "us_in", "Indiana"
    MASSACHUSETTS = "us_ma", "Massachusetts"
    MARYLAND = "us_md", "Maryland"
    NEW_JERSEY = "us_nj", "New Jersey"
    OREGON = "us_or", "Oregon"
    RHODE_ISLAND = "us_ri", "Rhode Island"
    VERMONT = "us_vt", "Vermont"
    WASHINGTON = "us_wa", "Washington"


POLICE = (AgencyKind.POLICE, AgencyKind.STATE_POLICE, AgencyKind.OTHER_POLICE)

#: Name of the agency and the town that only the system's canary uses.
CANARY = "Canary of the system itself"

#: A telephone number as people write it, with an extension.
TELEPHONE = re.compile(r"[+(]?\d[\d() .-]{8,14}( ?(x|ext\.?) ?\d{1,5})?", re.IGNORECASE)

_ORI = re.compile(r"[A-Z0-9]{9}")
_ORI_MESSAGE = "Enter nine capital letters and digits, for example CT0009300."

Row = TypeVar("Row", bound=models.Model)


class RealManager(models.Manager[Row]):
    """All rows but the canary's, which must not appear in lists, choices or counts."""

    @override
    def get_queryset(self) -> models.QuerySet[Row]:
        """Leave out the canary's rows."""
        return super().get_queryset().exclude(name=CANARY)


class EveryManager(models.Manager[Row]):
    """All rows, including the canary's."""


class Referenced(models.Model):
    """A row that may come from the reference files.

    `loaded` holds the values of the last load; empty means that a person added the row. A field that differs
    from it was changed by a person, and later loads do not change that field.
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
    """An organization that can be notified and must respond: a court, a police department, …"""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=20, choices=AgencyKind)
    jurisdiction = models.CharField("state", max_length=5, choices=State, default=State.CONNECTICUT)
    area = models.CharField(
        "county",
        max_length=40,
        blank=True,
        help_text="For a court in a county with another time zone than its state, such as Lake in Indiana.",
    )
    ori = models.CharField(
        "ORI",
        max_length=9,
        blank=True,
        help_text="Originating agency identifier, nine characters. Leave empty if there is none.",
    )
    judicial_district = models.ForeignKey(JudicialDistrict, null=True, blank=True, on_delete=models.PROTECT)
    docket_prefixes = models.CharField(
        max_length=40,
        blank=True,
        help_text="For a court: the location codes at the start of its docket numbers, separated by spaces.",
    )
    email = MailAddressField(blank=True, help_text="The office's shared mailbox, not one person's.")
    telephone = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="The office's number, such as 860-555-0100. Officers see the number of the court.",
    )
    answers_for_state = models.BooleanField(
        "serves the whole state",
        default=False,
        help_text="The agency of its kind that is notified about orders anywhere in the state.",
    )

    objects = RealManager()
    every = EveryManager()

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
                violation_error_message=_ORI_MESSAGE,
            ),
            models.UniqueConstraint(
                fields=["jurisdiction", "kind"],
                condition=Q(answers_for_state=True),
                name="agency_one_of_a_kind_answers_for_its_state",
                violation_error_message="Another agency of this kind serves the whole state.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[AgencyKind.COURT, AgencyKind.PROSECUTOR]) | Q(judicial_district=None),
                name="agency_district_of_courts_and_prosecutors",
                violation_error_message="Only a court or a state's attorney can have a judicial district.",
            ),
            models.CheckConstraint(
                condition=Q(kind=AgencyKind.COURT) | Q(docket_prefixes=""),
                name="agency_docket_prefixes_only_for_courts",
                violation_error_message="Only a court can have docket prefixes.",
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction__in=State.values), name="agency_jurisdiction_known"
            ),
            models.CheckConstraint(
                condition=Q(judicial_district=None) | Q(jurisdiction=State.CONNECTICUT),
                name="agency_district_only_in_connecticut",
                violation_error_message="The judicial districts are Connecticut's. Leave the district empty.",
            ),
            models.CheckConstraint(
                condition=Q(kind=AgencyKind.COURT) | Q(area=""),
                name="agency_county_only_for_courts",
                violation_error_message="Only a court can have a county here. Leave it empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @override
    def clean(self) -> None:
        """Raise `ValidationError` beside the field for a wrong ORI or telephone number."""
        wrong = {}
        if self.ori and not _ORI.fullmatch(self.ori):
            wrong["ori"] = _ORI_MESSAGE
        if self.telephone and not TELEPHONE.fullmatch(self.telephone):
            wrong["telephone"] = "Enter the number of the office, such as 860-555-0100."
        if wrong:
            raise ValidationError(wrong)


class Town(Referenced):
    """One of Connecticut's 169 towns, or a village that people name as their town; a place of another state.

    `police` is the agency that serves it: its own department, otherwise the State Police. The name of a place
    outside Connecticut ends with its state ("Hartford, Vermont"), because names repeat.
    """

    name = models.CharField(max_length=60, unique=True)
    jurisdiction = models.CharField("state", max_length=5, choices=State, default=State.CONNECTICUT)
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
        Agency,
        on_delete=models.PROTECT,
        related_name="towns",
        limit_choices_to={"kind__in": POLICE},
        help_text="They are alerted about respondents here, and about orders served here.",
    )

    objects = RealManager()
    every = EveryManager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["fips"], condition=~Q(fips=""), name="town_fips_once"),
            models.CheckConstraint(
                condition=Q(fips="")
                | Q(jurisdiction=State.CONNECTICUT, fips__regex=r"^09[0-9]{8}$")
                | ~Q(jurisdiction=State.CONNECTICUT) & Q(fips__regex=r"^([0-9]{5}|[0-9]{7}|[0-9]{10})$"),
                name="town_fips_of_its_state",
                violation_error_message=(
                    "Enter the ten digits of the town, beginning with 09; in another state the 5 digits of a "
                    "county, the 7 of a place or the 10 of a town."
                ),
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction__in=State.values), name="town_jurisdiction_known"
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction=State.CONNECTICUT) | Q(name__contains=", "),
                name="town_name_with_its_state",
            ),
            models.CheckConstraint(condition=~Q(within=F("id")), name="town_not_within_itself"),
        ]

    def __str__(self) -> str:
        return self.name

    @override
    def clean(self) -> None:
        """Complete the name with the state. Raise `ValidationError` for police or a town of another state."""
        self.name = place_name(self.name, self.jurisdiction)
        if self.police_id and self.police.jurisdiction != self.jurisdiction:
            raise ValidationError({"police": f"{self.police} is not of this state. Choose police that are."})
        if self.within is not None and self.within.jurisdiction != self.jurisdiction:
            raise ValidationError({"within": f"{self.within} is not of this state. Choose a town that is."})


def place_named(typed: str, state: str) -> str:
    """Return the stored name of the place that someone names for an order of `state`.

    It is a place of that state unless the name ends with another one ("Hartford, Connecticut").
    """
    text = clean(typed)
    named = next((one for one in State if text.endswith(f", {one.label}")), state)
    return place_name(text, named)


def place_name(name: str, state: str) -> str:
    """Return the stored name of a place: outside Connecticut with its state, such as "Hartford, Vermont"."""
    text = clean(name)
    for label in State.labels:
        text = text.removesuffix(f", {label}")
    return text if state == State.CONNECTICUT else f"{text}, {State(state).label}"
