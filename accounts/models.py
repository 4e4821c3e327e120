"""Who uses the system, for which agency, and which agency answers for which town."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Lower

if TYPE_CHECKING:
    from django.contrib.auth.backends import ModelBackend


class Role(models.TextChoices):
    """What a person may do; the words of the design's table of people."""

    CLERK = "clerk", "Court clerk"
    JUDGE = "judge", "Judge"
    LIAISON = "liaison", "Law-enforcement liaison"
    MARSHAL = "marshal", "Marshal"
    PROSECUTOR = "prosecutor", "Prosecutor"
    ADVOCATE = "advocate", "Advocate"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


class AgencyKind(models.TextChoices):
    """What sort of body an agency is."""

    COURT = "court", "Court"
    POLICE = "police", "Municipal police department"
    STATE_POLICE = "state_police", "State Police"
    OTHER_POLICE = "other_police", "Other police agency"
    MARSHAL = "marshal", "State marshals"
    PROSECUTOR = "prosecutor", "State's attorney"
    ADVOCACY = "advocacy", "Advocacy organization"


POLICE = (AgencyKind.POLICE, AgencyKind.STATE_POLICE, AgencyKind.OTHER_POLICE)

#: In what kind of agency a role is held. A role that is not named may be held in any, or in none.
HELD_IN: dict[str, frozenset[AgencyKind]] = {
    Role.CLERK: frozenset({AgencyKind.COURT}),
    Role.JUDGE: frozenset({AgencyKind.COURT}),
    Role.LIAISON: frozenset(POLICE),
    Role.MARSHAL: frozenset({AgencyKind.MARSHAL}),
    Role.PROSECUTOR: frozenset({AgencyKind.PROSECUTOR}),
    Role.ADVOCATE: frozenset({AgencyKind.ADVOCACY}),
}


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


class UserManager(BaseUserManager["User"]):
    """Makes users."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Stores a user who signs in with `email`; without a password the account cannot sign in."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Stores a user with the administrator's role over no agency; it grants no case content."""
        user = self.create_user(email, password, **fields)
        Membership.objects.create(user=user, role=Role.ADMINISTRATOR)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Finds the user whatever the case of the letters typed."""
        # As the unique index folds it; `iexact` folds to upper case, and no index helps.
        return self.alias(folded=Lower("email")).get(folded=Lower(Value(username)))


class User(AbstractBaseUser):
    """A person who signs in. What the person may do follows from memberships alone.

    There is no superuser, no group and no stored permission: Django's `PermissionsMixin` would bring a flag
    that passes every question unasked.
    """

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField("may sign in", default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once_in_any_case",
                violation_error_message="Somebody already signs in with this email address.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """How the admin site greets."""
        return self.name

    @property
    def is_staff(self) -> bool:
        """True for those whose desk is the admin site: clerks, judges and administrators."""
        return bool(self.roles & {Role.CLERK, Role.JUDGE, Role.ADMINISTRATOR})

    @property
    def roles(self) -> frozenset[str]:
        """The roles this person holds in any agency."""
        return frozenset(membership.role for membership in self.memberships.all())

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """True when a backend permits `perm`, written `app.act_model`."""
        return any(backend.has_perm(self, perm, obj) for backend in get_backends())

    def has_perms(self, perm_list: Iterable[str], obj: models.Model | None = None) -> bool:
        """True when all of `perm_list` are permitted."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """True when a backend permits anything in the app."""
        backends = cast("list[ModelBackend]", get_backends())
        return any(backend.has_module_perms(self, app_label) for backend in backends)


class Membership(models.Model):
    """One person's role in one agency. An administrator's or auditor's role may be over no agency."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    agency = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role)
    receives_alerts = models.BooleanField(
        default=True, help_text="Whether alerts to the agency are sent to this person."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.UniqueConstraint(
                fields=["user", "agency", "role"],
                nulls_distinct=False,
                name="membership_once",
                violation_error_message="This person already holds this role in this agency.",
            ),
            models.CheckConstraint(
                condition=Q(agency__isnull=False) | Q(role__in=[Role.ADMINISTRATOR, Role.AUDITOR]),
                name="membership_names_an_agency",
                violation_error_message="Name the agency: only administrators and auditors may do without.",
            ),
        ]
        indexes = [
            # FIRE goes from the agencies an order concerns to the people who are told.
            models.Index(
                fields=["agency", "role"], condition=Q(receives_alerts=True), name="membership_alerted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.agency or 'all agencies'}"

    def clean(self) -> None:
        """Refuses a role in an agency of the wrong kind: it would let nobody see, or the wrong people."""
        if self.agency and self.agency.kind not in (kinds := HELD_IN.get(self.role, frozenset(AgencyKind))):
            expected = ", ".join(sorted(kind.label for kind in map(AgencyKind, kinds)))
            raise ValidationError(
                {"agency": f"{self.agency} is no place for this role. Choose one of kind: {expected}."}
            )
