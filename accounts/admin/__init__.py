"""The admin pages of this app, by subject. Importing the package registers them."""

from __future__ import annotations

from accounts.admin.access_log import AuditEntryAdmin
from accounts.admin.agencies import AgencyAdmin, JudicialDistrictAdmin, TownAdmin
from accounts.admin.people import UserAdmin
from accounts.admin.reviews import AuditReviewAdmin
from accounts.admin.tokens import TokenAdmin

__all__ = [
    "AgencyAdmin",
    "AuditEntryAdmin",
    "AuditReviewAdmin",
    "JudicialDistrictAdmin",
    "TokenAdmin",
    "TownAdmin",
    "UserAdmin",
]
