"""Who uses the system, in which role, for which agency."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Lower

from accounts.access import MATRIX
from accounts.models.agencies import POLICE, Agency, AgencyKind

if TYPE_CHECKING:
    from django.contrib.auth.backends import ModelBackend


class Role(models.TextChoices):
    """What a person may do; the words of the design's table of people."""

    CLERK = "clerk", "Court clerk"
    JUDGE = "judge", "Judge"
    LIAISON = "liaison", "Law-enforcement liaison"
    SUPERVISOR = "supervisor", "Law-enforcement supervisor"
    MARSHAL = "marshal", "Marshal"
    PROSECUTOR = "prosecutor", "Prosecutor"
    LICENSING = "licensing", "Firearms licensing officer"
    SCHOOL = "school", "School official"
    ADVOCATE = "advocate", "Advocate"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"


#: In what kind of agency a role is held. A role that is not named may be held in any, or in none.
HELD_IN: dict[str, frozenset[AgencyKind]] = {
    Role.CLERK: frozenset({AgencyKind.COURT}),
    Role.JUDGE: frozenset({AgencyKind.COURT}),
    Role.LIAISON: frozenset(POLICE),
    Role.SUPERVISOR: frozenset(POLICE),
    Role.MARSHAL: frozenset({AgencyKind.MARSHAL}),
    Role.PROSECUTOR: frozenset({AgencyKind.PROSECUTOR}),
    Role.LICENSING: frozenset({AgencyKind.LICENSING}),
    Role.SCHOOL: frozenset({AgencyKind.SCHOOL}),
    Role.ADVOCATE: frozenset({AgencyKind.ADVOCACY}),
}

#: Whose desk is the admin site.
AT_THE_ADMIN_SITE = frozenset({Role.CLERK, Role.JUDGE, Role.AUDITOR, Role.ADMINISTRATOR})


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
    is_system = models.BooleanField(
        "is a system", default=False, help_text="Calls the API with tokens; has no password and no desk."
    )
    locked_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when nobody may sign in here, until an administrator allows it.",
    )
    joined_at = models.DateTimeField(auto_now_add=True)
    enabled_at = models.DateTimeField(
        null=True, editable=False, help_text="When an administrator last let the account sign in again."
    )

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
    def may_sign_in(self) -> bool:
        """True for a person whose account is neither deactivated nor locked."""
        return self.is_active and self.locked_at is None and not self.is_system

    @property
    def is_staff(self) -> bool:
        """True for people whose desk is the admin site."""
        return not self.is_system and bool(self.roles & AT_THE_ADMIN_SITE)

    @property
    def roles(self) -> frozenset[str]:
        """The roles this person holds in any agency."""
        return frozenset(membership.role for membership in self.memberships.all())

    def agencies_for(self, act: str, thing: str) -> frozenset[int]:
        """The agencies (by key) in which this person holds a role that may do `act` to such an object."""
        held = self.memberships.all()
        return frozenset(
            one.agency_id for one in held if one.agency_id and MATRIX.may({one.role}, act, thing)
        )

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
    is_backup = models.BooleanField(
        default=False, help_text="Told only when those who are told first do not answer, or are nobody."
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
