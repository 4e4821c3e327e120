"""People and agencies, the tokens of systems, and the record of who did and saw what."""

from __future__ import annotations

from accounts.models.agencies import (
    CANARY,
    POLICE,
    Agency,
    AgencyKind,
    Every,
    JudicialDistrict,
    Referenced,
    Town,
)
from accounts.models.audit import Act, AuditEntry, AuditSeal, Door
from accounts.models.calls import MAX_KEY, ApiToken, KeptAnswer, Scope
from accounts.models.people import HELD_IN, Membership, Role, User, UserManager
from accounts.models.sessions import Session, SignInAttempt

__all__ = [
    "CANARY",
    "HELD_IN",
    "MAX_KEY",
    "POLICE",
    "Act",
    "Agency",
    "AgencyKind",
    "ApiToken",
    "AuditEntry",
    "AuditSeal",
    "Door",
    "Every",
    "JudicialDistrict",
    "KeptAnswer",
    "Membership",
    "Referenced",
    "Role",
    "Scope",
    "Session",
    "SignInAttempt",
    "Town",
    "User",
    "UserManager",
]
