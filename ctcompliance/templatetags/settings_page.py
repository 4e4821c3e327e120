"""The first page of the admin site: what the reader may set or look up, in groups, with a line about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.urls import reverse

from accounts.access import MATRIX
from accounts.models import Role, User
from orders.services.desk.conditions import COURT_ROLES
from orders.services.follow_ups.queue import VIEWERS

register = template.Library()

OF_COURT: Final = "Your court"

#: The lists of the admin site by group: the model, and what it is for.
GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    OF_COURT: {
        "orders.CourtRule": "Which rules apply at your court, its own times, and when it is reminded.",
        "orders.CourtClosing": "Days on which courts are closed, beside the holidays. They move what is due.",
        "orders.LegalHold": "Cases that are kept, however old they are.",
        "notifications.WebhookSubscription": "Systems of your agency that get its alerts.",
    },
    "Lists": {
        "orders.Order": "Every order of your court, with search and filters.",
        "orders.Deadline": "What is due, when, and who must act.",
        "orders.FollowUp": "Deadlines that were not met, their owners and next actions.",
        "orders.ReviewItem": "Doubtful facts and near matches that wait for a decision.",
        "notifications.Alert": "Alerts: who got them, how they were sent, and who answered.",
    },
    "People and agencies": {
        "accounts.User": "Accounts: who may sign in, and with which role, at which agency.",
        "accounts.Agency": "Courts, police and others that are alerted, with their addresses and telephones.",
        "accounts.Town": "Each town with its police.",
        "accounts.JudicialDistrict": "The judicial districts, as the law names them.",
        "accounts.Absence": "Who is away, so that others are alerted.",
        "notifications.EscalationStep": "Who hears of an alert that no one answers, and after how long.",
        "accounts.ApiToken": "Keys with which other systems use the API.",
    },
    "Messages and documents": {
        "orders.Letterhead": "What is below the name of an agency on its documents.",
        "orders.DocumentWording": "The words of documents, in every version.",
        "notifications.MessageTemplate": "The words of messages, in every version.",
        "notifications.Rehearsal": "Times in which messages go to a list of testers only.",
    },
    "Records": {
        "accounts.AuditEntry": "Who saw or did what.",
        "accounts.AuditReview": "Sign-offs on each week of the access log.",
        "notifications.Finding": "What the system found to be wrong with itself.",
        "orders.Disposition": "Old cases that wait to be deleted.",
        "guidance.StatisticsRelease": "Figures that the public reads.",
        "guidance.HelpEntry": "Offices and numbers on the public page of help.",
    },
}
#: A page of the site that shows the rows better than the list: its readers and its name.
_BETTER = {"orders.CourtClosing": (COURT_ROLES, "court-closings")}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One page: its address, title, what it is for, and where something is added."""

    address: str
    title: str
    about: str
    add: str = ""


@dataclass(frozen=True, kw_only=True)
class SettingsGroup:
    """Pages that belong together."""

    title: str
    settings: Sequence[Setting]


@register.simple_tag(takes_context=True)
def settings_groups(context: dict[str, Any]) -> list[SettingsGroup]:
    """Return the groups that the reader may open. Django lists what the matrix allows the reader."""
    user = context.get("user")
    if not isinstance(user, User):
        return []
    shown = {
        f"{app['app_label']}.{one['object_name']}": one
        for app in context["app_list"]
        for one in app["models"]
    }
    groups = [SettingsGroup(title="Your own", settings=_own(user))]
    for title, models in GROUPS.items():
        found = [_setting(name, about, shown[name], user) for name, about in models.items() if name in shown]
        if title == OF_COURT and user.is_staff and MATRIX.may(user.roles, "add", "import"):
            found.append(
                Setting(
                    address=f"{reverse('imports')}#mappings",
                    title="Import mappings",
                    about="How your system names its columns and values. You see and remove them here.",
                )
            )
        if found:
            groups.append(SettingsGroup(title=title, settings=found))
    return groups


@register.simple_tag(takes_context=True)
def is_set_by_others(context: dict[str, Any]) -> bool:
    """True for people of a court, who look here for what an administrator sets."""
    user = context.get("user")
    return isinstance(user, User) and bool(user.roles & COURT_ROLES) and Role.ADMINISTRATOR not in user.roles


def _own(user: User) -> list[Setting]:
    own = [
        ("preferences", "Notifications", "How, when and in which language you are alerted."),
        ("account", "Account security", "Your password, passkeys and signed-in devices."),
        ("absences", "Times away", "When you are away, so that others are alerted in your place."),
    ]
    if user.roles & VIEWERS:
        own.append(
            ("follow-up-queue", "Your follow-ups", "What is assigned to you or waits for your agency.")
        )
    return [Setting(address=reverse(name), title=title, about=about) for name, title, about in own]


def _setting(name: str, about: str, model: Mapping[str, Any], user: User) -> Setting:
    roles, page = _BETTER.get(name, (frozenset(), ""))
    address = reverse(page) if user.roles & roles else model["admin_url"]
    return Setting(address=address, title=model["name"], about=about, add=model["add_url"] or "")
