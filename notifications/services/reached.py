"""Who can be told anything, and in which ways, where a person is told outside of FIRE."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.access import MATRIX
from accounts.models import Agency, Membership, Role
from notifications.models import Channel, Preference, Via

_BY_EMAIL = (Channel.EMAIL,)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Somebody to be told: a person (by key), an agency's own address, or nobody where none was found."""

    agency: Agency
    capacity: str
    via: Via
    user: int | None = None

    @property
    def target(self) -> str:
        """The recipient as the key of an alert names one; the same as FIRE's."""
        if self.user is not None:
            return f"u{self.user}"
        return f"{'n' if self.via is Via.NOBODY else 'a'}{self.agency.pk}"


def reached() -> QuerySet[Membership]:
    """The memberships in which somebody is told what the agency is told."""
    return Membership.objects.filter(receives_alerts=True, user__is_active=True)


def administrators() -> list[int]:
    """The administrators (by key) who are told."""
    return sorted(set(reached().filter(role=Role.ADMINISTRATOR).values_list("user", flat=True)))


def first_told(agency: Agency, capacity: str) -> list[Told]:
    """Whom FIRE would tell of the agency first: those who hold the role that is told in that capacity; else
    its backups; else its supervisors and its own address; else the administrators; else nobody, which is told
    too, as a failure."""
    rungs: defaultdict[Via, list[Told]] = defaultdict(list)
    role = MATRIX.told_as[capacity]
    held = reached().filter(agency=agency, role__in={role, Role.SUPERVISOR}).order_by("id")
    for one in held:
        via = Via.SUPERVISOR if one.role != role else Via.BACKUP if one.is_backup else Via.PERSON
        rungs[via].append(Told(agency=agency, capacity=capacity, via=via, user=one.user_id))
    if agency.email:
        rungs[Via.SUPERVISOR].append(Told(agency=agency, capacity=capacity, via=Via.DESK))
    return (
        rungs[Via.PERSON]
        or rungs[Via.BACKUP]
        or rungs[Via.SUPERVISOR]
        or in_stead_of(agency, capacity)
        or [Told(agency=agency, capacity=capacity, via=Via.NOBODY)]
    )


def in_stead_of(agency: Agency, capacity: str) -> list[Told]:
    """The administrators, told that the agency has nobody."""
    return [Told(agency=agency, capacity=capacity, via=Via.FALLBACK, user=user) for user in administrators()]


def by_way(people: Sequence[Told]) -> Iterator[tuple[Told, Channel]]:
    """Each of them with each channel by which they are told."""
    # Who is told in an agency's stead is told by email alone, as a desk is.
    ways = ways_to([one.user for one in people if one.user is not None and one.via != Via.FALLBACK])
    for one in people:
        for channel in ways.get(one.user, _BY_EMAIL) if one.user is not None else _BY_EMAIL:
            yield one, channel


def ways_to(users: Collection[int]) -> dict[int, tuple[Channel, ...]]:
    """For each of the people (by key) the channels: email always, text messages for those who want them."""
    by_sms = set(Preference.objects.filter(user__in=users, by_sms=True).values_list("user", flat=True))
    return {user: (Channel.EMAIL, Channel.SMS) if user in by_sms else _BY_EMAIL for user in users}
