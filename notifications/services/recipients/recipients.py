"""Who is notified for an agency and through which channels, when something other than FIRE writes the
alert."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from string import Template

from django.db.models import QuerySet

from accounts.access import MATRIX
from accounts.models import Agency, AgencyKind, Membership, Role
from accounts.predicates import can_act
from notifications.models import Channel, Via
from notifications.services.recipients import sql
from notifications.services.sql import rows_of
from orders.models import Capacity
from orders.rules.vocabulary import Purpose

_BY_EMAIL = (Channel.EMAIL,)

_MEMBERS = Template("""SELECT user_id, via FROM ($members) members
WHERE can_act ORDER BY user_id""").substitute(members=sql.members("%(agency)s", "%(role)s"))

_FIRST_RUNG = sql.first_rung("%(agency)s", "%(role)s") + "ORDER BY user_id"

_CHANNELS = Template("""
SELECT r.user_id, by_way.channel
FROM unnest(%(users)s::bigint[]) AS r (user_id)
LEFT JOIN notifications_preference p ON p.user_id = r.user_id
CROSS JOIN LATERAL ($channels) by_way
""").substitute(channels=sql.channels("%(email)s", via="%(via_person)s", purpose="%(purpose)s"))


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """A person (by key), an agency's own address, or with `Via.MISSING` the lack of a recipient."""

    agency: Agency
    capacity: str
    via: Via
    user: int | None = None

    @property
    def target(self) -> str:
        """The recipient as an alert's `idem_key` names it; the same as in FIRE."""
        if self.user is not None:
            return f"u{self.user}"
        return f"{'n' if self.via is Via.MISSING else 'a'}{self.agency.pk}"


def reachable_members() -> QuerySet[Membership]:
    """The memberships whose holders receive the agency's alerts and can act on them."""
    return Membership.objects.filter(can_act(prefix="user__"), receives_alerts=True)


def administrators() -> list[int]:
    """The administrators (by key) who receive alerts."""
    return sorted(user for (user,) in rows_of(sql.administrators(), sql.PARAMETERS))


def members_by_rung(agency: Agency, capacity: str) -> dict[Via, list[Recipient]]:
    """The agency's reachable members by rung: those in the role that receives alerts in this capacity, the
    backups among them, the supervisors."""
    found: defaultdict[Via, list[Recipient]] = defaultdict(list)
    for one in _members(_MEMBERS, agency, capacity):
        found[one.via].append(one)
    return found


def recipients_of_agency(agency: Agency, capacity: str) -> list[Recipient]:
    """The recipients that FIRE would choose for the agency: the members that its alerts reach first, with
    the supervisors or without any member the agency's own address, else the administrators, else one
    recipient with `Via.MISSING`."""
    found = _members(_FIRST_RUNG, agency, capacity)
    if not found or any(one.via is Via.SUPERVISOR for one in found):
        found += desk(agency, capacity)
    return (
        found
        or fallback_administrators(agency, capacity)
        or [Recipient(agency=agency, capacity=capacity, via=Via.MISSING)]
    )


def _members(statement: str, agency: Agency, capacity: str) -> list[Recipient]:
    # Alerts to advocates have no capacity of the matrix.
    role = MATRIX.alert_role.get(capacity, Role.ADVOCATE)
    parameters = {**sql.PARAMETERS, "agency": agency.pk, "role": role}
    return [
        Recipient(agency=agency, capacity=capacity, via=Via(via), user=user)
        for user, via in rows_of(statement, parameters)
    ]


def state_police(jurisdiction: str) -> list[Recipient]:
    """All reachable members and the own address of the State Police agency that answers for the state."""
    answering = Agency.objects.filter(kind=AgencyKind.STATE_POLICE, answers_for_state=True)
    agency = answering.filter(jurisdiction=jurisdiction).first()
    if agency is None:
        return []
    capacity = Capacity.STATE_POLICE.value
    rungs = members_by_rung(agency, capacity)
    liaisons = [
        Recipient(agency=agency, capacity=capacity, via=Via.PERSON, user=one.user)
        for one in rungs.get(Via.PERSON, []) + rungs.get(Via.BACKUP, [])
    ]
    return liaisons + rungs.get(Via.SUPERVISOR, []) + desk(agency, capacity)


def desk(agency: Agency, capacity: str) -> list[Recipient]:
    """The agency's own address, if it has one."""
    return [Recipient(agency=agency, capacity=capacity, via=Via.DESK)] if agency.email else []


def fallback_administrators(agency: Agency, capacity: str) -> list[Recipient]:
    """The administrators, notified because the agency has no one."""
    return [
        Recipient(agency=agency, capacity=capacity, via=Via.FALLBACK, user=user) for user in administrators()
    ]


def with_channels(recipients: Sequence[Recipient]) -> Iterator[tuple[Recipient, Channel]]:
    """Each recipient with each channel."""
    chosen = channels_for(
        [one.user for one in recipients if one.user is not None and one.via not in sql.EMAIL_ONLY]
    )
    for one in recipients:
        personal = one.user is not None and one.via not in sql.EMAIL_ONLY
        for channel in chosen[one.user] if personal and one.user is not None else _BY_EMAIL:
            yield one, channel


def channels_for(users: Collection[int]) -> dict[int, tuple[Channel, ...]]:
    """The channels of each person (by key), as FIRE chooses them for what is not a reminder: email always,
    text messages and another service for people who chose them."""
    found: defaultdict[int, list[Channel]] = defaultdict(list)
    parameters = {**sql.PARAMETERS, "users": sorted(set(users)), "purpose": Purpose.CHECK.value}
    for user, channel in rows_of(_CHANNELS, parameters):
        found[user].append(Channel(channel))
    return {user: tuple(channels) for user, channels in found.items()}
