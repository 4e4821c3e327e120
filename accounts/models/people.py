"""Users and their roles in agencies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Lower

from accounts.access import MATRIX
from accounts.mail_addresses import MailAddressField
from accounts.models.agencies import POLICE, Agency, AgencyKind

if TYPE_CHECKING:
    from django.contrib.auth.backends import ModelBackend


class Role(models.TextChoices):
    """The roles. `accounts.access` defines what each may see and do."""

    CLERK = "clerk", "Court clerk"
    JUDGE = "judge", "Judge"
    LIAISON = "liaison", "Law-enforcement liaison"
    SUPERVISOR = "supervisor", "Supervisor"
    MARSHAL = "marshal", "Marshal"
    PROSECUTOR = "prosecutor", "Prosecutor"
    LICENSING = "licensing", "Firearms licensing officer"
    SCHOOL = "school", "School official"
    ADVOCATE = "advocate", "Advocate"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"
    AGENCY_ADMINISTRATOR = "agency_administrator", "Agency administrator"


#: The kinds of agency in which a role can be held. Roles not listed fit any agency, or none.
HELD_IN: dict[str, frozenset[AgencyKind]] = {
    Role.CLERK: frozenset({AgencyKind.COURT}),
    Role.JUDGE: frozenset({AgencyKind.COURT}),
    Role.LIAISON: frozenset(POLICE),
    # Of police, or of an organization whose advocates send releases.
    Role.SUPERVISOR: frozenset({*POLICE, AgencyKind.ADVOCACY}),
    Role.MARSHAL: frozenset({AgencyKind.MARSHAL}),
    Role.PROSECUTOR: frozenset({AgencyKind.PROSECUTOR}),
    Role.LICENSING: frozenset({AgencyKind.LICENSING}),
    Role.SCHOOL: frozenset({AgencyKind.SCHOOL}),
    Role.ADVOCATE: frozenset({AgencyKind.ADVOCACY}),
    Role.AGENCY_ADMINISTRATOR: frozenset(AgencyKind),
}

#: Roles that only administrators of the whole site grant, and whose accounts only they manage.
SITE_ROLES = frozenset({Role.ADMINISTRATOR, Role.AUDITOR, Role.AGENCY_ADMINISTRATOR})

#: Roles that work in the admin site.
ADMIN_SITE_ROLES = frozenset(
    {Role.CLERK, Role.JUDGE, Role.AUDITOR, Role.ADMINISTRATOR, Role.AGENCY_ADMINISTRATOR}
)


class UserManager(BaseUserManager["User"]):
    """Creates and finds users."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user. Without a password the account cannot sign in with one."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    @transaction.atomic
    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user with the administrator's role in no agency, which shows no case content."""
        user = self.create_user(email, password, **fields)
        Membership.objects.create(user=user, role=Role.ADMINISTRATOR)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user with this email address, ignoring case."""
        # Lower case as in the unique index. `iexact` uses upper case, which no index covers.
        return self.alias(folded=Lower("email")).get(folded=Lower(Value(username)))


class User(AbstractBaseUser):
    """A person or a system. Memberships alone decide what it may see and do.

    There are no superusers, groups or stored permissions: the superuser flag of Django's `PermissionsMixin`
    would bypass every check.
    """

    email = MailAddressField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField("may sign in", default=True)
    is_system = models.BooleanField(
        "is a system",
        default=False,
        help_text="Calls the API with tokens. Has no password and uses no pages.",
    )
    locked_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text=(
            "When the account was locked after wrong guesses. Until the lock ends, its password is accepted "
            "only in browsers in which the person signed in before."
        ),
    )
    must_change_password = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="True after someone else set the password, until the person chooses another.",
    )
    ends_at = models.DateTimeField(
        "ends at",
        null=True,
        blank=True,
        help_text="For a temporary account: when it ends by itself. Empty for all others.",
    )
    sessions_ended_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When all sessions were last ended. No browser used before is known any more.",
    )
    shows_map_links = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whether the person wants a link to a map beside an address. The map then reads it.",
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
                violation_error_message="Another account uses this email address.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """Return the name that the admin site greets with."""
        return self.name

    def is_person_in_use(self, now: datetime) -> bool:
        """True for a person whose account is active and has not ended. A lock does not end a session."""
        return self.is_active and not self.is_system and not self.has_ended(now)

    def has_ended(self, now: datetime) -> bool:
        """True for a temporary account after its end."""
        return self.ends_at is not None and self.ends_at <= now

    @property
    def is_staff(self) -> bool:
        """True for people who work in the admin site."""
        return not self.is_system and bool(self.roles & ADMIN_SITE_ROLES)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the user holds in any agency."""
        return frozenset(membership.role for membership in self.memberships.all())

    @property
    def desk_roles(self) -> frozenset[str]:
        """The roles that have a desk: who leads advocates has no desk of police."""
        held = [one for one in self.memberships.all() if not one.leads_advocates]
        roles = frozenset(one.role for one in held)
        return roles - {Role.SUPERVISOR} if Role.ADVOCATE in roles else roles

    def agencies_for(self, action: str, resource: str) -> frozenset[int]:
        """Return the keys of the agencies where the user has a role that may do `action` to `resource`.

        The role of supervisor is that of police: who leads advocates has no part in their work.
        """
        held = self.memberships.all()
        return frozenset(
            one.agency_id
            for one in held
            if one.agency_id and MATRIX.may({one.role}, action, resource) and not one.leads_advocates
        )

    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        """True when a backend permits `perm`, written `app.act_model`."""
        return any(backend.has_perm(self, perm, obj) for backend in get_backends())

    def has_perms(self, perm_list: Iterable[str], obj: models.Model | None = None) -> bool:
        """Return True if all of `perm_list` are permitted."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Return True if a backend permits anything in the app."""
        backends = cast("list[ModelBackend]", get_backends())
        return any(backend.has_module_perms(self, app_label) for backend in backends)


class Membership(models.Model):
    """One user's role in one agency. Administrators and auditors may have no agency."""

    # `membership_once` indexes this column.
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    agency = models.ForeignKey(
        Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role)
    receives_alerts = models.BooleanField(
        default=True, help_text="Whether alerts to the agency are sent to this person."
    )
    is_backup = models.BooleanField(
        default=False, help_text="Notified if the first recipients do not respond or there are none."
    )

    class Meta:
        ordering = ["id"]
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
                violation_error_message="Choose an agency. Only administrators and auditors need none.",
            ),
        ]
        indexes = [
            # FIRE looks up the people to notify in the agencies of an order.
            models.Index(
                fields=["agency", "role"], condition=Q(receives_alerts=True), name="membership_alerted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.agency or 'all agencies'}"

    @property
    def leads_advocates(self) -> bool:
        """True for a supervisor of an organization, not of police."""
        if self.role != Role.SUPERVISOR or self.agency is None:
            return False
        return self.agency.kind == AgencyKind.ADVOCACY

    def clean(self) -> None:
        """Refuse a role in an agency of the wrong kind: the wrong people, or no one, would have access."""
        if self.agency and self.agency.kind not in (kinds := HELD_IN.get(self.role, frozenset(AgencyKind))):
            expected = ", ".join(sorted(kind.label for kind in map(AgencyKind, kinds)))
            message = f"This role cannot be held in {self.agency}. Choose an agency of kind: {expected}."
            raise ValidationError({"agency": message})
