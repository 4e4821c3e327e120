"""The main navigation, and the search in the head of every page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.services.desk.conditions import COURT_ROLES
from orders.services.follow_ups.queue import VIEWERS
from orders.services.search import LONGEST, SEARCHERS

register = template.Library()

#: Who sees what police hold.
CUSTODY_VIEWERS = MATRIX.resources["custody_step"].actions["view"]
#: Who sees the figures of the own police agency.
FIGURE_VIEWERS = MATRIX.resources["open_ceiling"].actions["view"]
#: Who serves the papers of orders.
SERVERS = MATRIX.resources["service_papers"].actions["pick_up"]
#: Who decides on referrals.
PROSECUTORS = MATRIX.resources["referral"].actions["decide"]

#: The pages of court staff: the name of the address, the title, and who may open it.
COURT_PAGES = (
    ("home", "Today", COURT_ROLES),
    ("admin:orders_order_changelist", "Orders", COURT_ROLES),
    ("hearings", "Hearings", COURT_ROLES),
    ("admin:orders_deadline_changelist", "Deadlines", COURT_ROLES),
    ("reports", "Reports", COURT_ROLES),
    ("imports", "Import", frozenset({Role.CLERK})),
    ("admin:index", "Settings", COURT_ROLES),
)

#: The pages of the other desks: the name of the address, the title, and who may open it.
DESKS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("service-list", "To serve", SERVERS),
    ("pay-sheet", "Pay sheet", SERVERS),
    ("referral-list", "Referrals", PROSECUTORS),
    ("school-notices", "Notices", frozenset({Role.SCHOOL})),
    ("permit-list", "Permits", frozenset({Role.LICENSING})),
    ("follow-up-queue", "Follow-ups", VIEWERS),
    ("custody", "Custody", CUSTODY_VIEWERS),
    ("verify-card", "Verify a card", CUSTODY_VIEWERS),
    ("figures", "Figures", FIGURE_VIEWERS),
    ("releases", "Your clients' orders", frozenset({Role.ADVOCATE})),
)


@dataclass(frozen=True, kw_only=True)
class NavigationLink:
    """One page of the main navigation."""

    address: str
    title: str
    is_current: bool = False


@register.simple_tag(takes_context=True)
def desks(context: dict[str, Any]) -> list[NavigationLink]:
    """Return the pages of the main navigation that the reader may open."""
    user = context.get("user")
    if not isinstance(user, User):
        return []
    request = context.get("request")
    here = request.path if request is not None else ""
    pages = [(reverse(name), title) for name, title in _pages(user)]
    if mailbox := _mailbox():
        pages.append((mailbox, "Mailbox"))
    current = _current(here, [address for address, _ in pages])
    return [
        NavigationLink(address=address, title=title, is_current=address == current)
        for address, title in pages
    ]


def _pages(user: User) -> Iterator[tuple[str, str]]:
    roles = user.roles
    if user.is_staff and roles & COURT_ROLES:
        yield from ((name, title) for name, title, viewers in COURT_PAGES if roles & viewers)
        yield from _desks_of(user.desk_roles - COURT_ROLES)
        return
    yield "home", "Home"
    yield from _desks_of(user.desk_roles)
    if user.is_staff:
        yield "admin:index", "Administration"
    yield "preferences", "Notifications"
    yield "account", "Account security"


def _desks_of(roles: frozenset[str]) -> Iterator[tuple[str, str]]:
    yield from ((name, title) for name, title, viewers in DESKS if roles & viewers)


def _mailbox() -> str:
    """Return the address of the mailbox of the demonstration, or an empty text."""
    try:
        return reverse("mailbox")
    except NoReverseMatch:
        return ""


def _current(here: str, addresses: list[str]) -> str:
    """Return the address that is this page, or the nearest one above it."""
    above = [one for one in addresses if here == one or (one != "/" and here.startswith(one))]
    return max(above, key=len, default="")


@register.simple_tag(takes_context=True)
def settings_title(context: dict[str, Any]) -> str:
    """Return the title of the first page of the admin site, as the navigation has it."""
    user = context.get("user")
    is_court = isinstance(user, User) and bool(user.roles & COURT_ROLES)
    return "Settings" if is_court else "Administration"


@register.inclusion_tag("search_box.html", takes_context=True)
def search_box(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the search in the head of a page; empty for people who see no case."""
    user = context.get("user")
    if not isinstance(user, User) or not user.roles & SEARCHERS:
        return {}
    return {"csrf_token": context.get("csrf_token"), "longest": LONGEST}
