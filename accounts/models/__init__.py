"""People, agencies, sessions, API tokens and the access log."""

from __future__ import annotations

from accounts.models.absences import Absence, Cover, CoverReason
from accounts.models.agencies import (
    CANARY,
    POLICE,
    TELEPHONE,
    Agency,
    AgencyKind,
    EveryManager,
    JudicialDistrict,
    Referenced,
    State,
    Town,
    place_named,
)
from accounts.models.api import MAX_KEY, ApiToken, IdempotencyRecord, Scope
from accounts.models.audit import BEFORE_ALL, AuditAction, AuditChainLink, AuditEntry, EntryPoint
from accounts.models.people import HELD_IN, Membership, Role, User, UserManager
from accounts.models.reviews import AuditReview
from accounts.models.sessions import HeldForm, Session, SignInAttempt

__all__ = [
    "BEFORE_ALL",
    "CANARY",
    "HELD_IN",
    "MAX_KEY",
    "POLICE",
    "TELEPHONE",
    "Absence",
    "Agency",
    "AgencyKind",
    "ApiToken",
    "AuditAction",
    "AuditChainLink",
    "AuditEntry",
    "AuditReview",
    "Cover",
    "CoverReason",
    "EntryPoint",
    "EveryManager",
    "HeldForm",
    "IdempotencyRecord",
    "JudicialDistrict",
    "Membership",
    "Referenced",
    "Role",
    "Scope",
    "Session",
    "SignInAttempt",
    "State",
    "Town",
    "User",
    "UserManager",
    "place_named",
]
