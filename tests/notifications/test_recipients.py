"""FIRE and the code that writes other alerts choose the same recipients and channels.

Agencies, people, absences, preferences, releases and contacts are generated. What FIRE writes and what
`recipients.py` returns are both compared with the rules as this file states them in plain Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest
from django.db.models import F
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from typing_extensions import override

from accounts.access import MATRIX
from accounts.models import Absence, Agency, AgencyKind, Membership, Role, User
from notifications.models import Alert, AlertState, Channel, PendingAcknowledgment, Preference, Via
from notifications.services.escalation.escalation import escalate, load_steps
from notifications.services.firing.fire import Firer
from notifications.services.recipients.audience import POLICE_CAPACITIES, PROTECTED_PERSON
from notifications.services.recipients.recipients import recipients_of_agency, with_channels
from notifications.services.watch.findings import Violation, reconcile
from orders.models import Capacity, Checkpoint, ConfidentialityRelease, FollowUp, Order, OrderAgency
from orders.services.follow_ups.transfers import answer_transfer, offer_transfer
from tests import make
from tests.make import NOW
from tests.notifications.fixtures import DUE, backup, safe_contact, set_up

#: An alert as this file compares it: the recipient as in `idem_key`, why, and by which channel.
Row = tuple[str, str, str]

KINDS = {
    Capacity.COURT: AgencyKind.COURT,
    Capacity.RESPONDENT_POLICE: AgencyKind.POLICE,
    Capacity.SERVICE_POLICE: AgencyKind.POLICE,
    Capacity.ASSISTING_POLICE: AgencyKind.POLICE,
    Capacity.STATE_POLICE: AgencyKind.STATE_POLICE,
    Capacity.MARSHAL: AgencyKind.MARSHAL,
    Capacity.PROSECUTOR: AgencyKind.PROSECUTOR,
    Capacity.LICENSING: AgencyKind.LICENSING,
    Capacity.SCHOOL: AgencyKind.SCHOOL,
}
WORDS = [*map(str, Capacity), Role.SUPERVISOR.value, Role.ADVOCATE.value, PROTECTED_PERSON]
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """One member: in the role that receives alerts or as supervisor, present or not, and preferences."""

    is_supervisor: bool
    is_backup: bool
    receives_alerts: bool
    state: str
    by_sms: bool
    by_service: bool

    @property
    def is_reachable(self) -> bool:
        return self.receives_alerts and self.state in ("present", "back")

    @property
    def is_absent(self) -> bool:
        """For now; an account that is closed or a system's is as if it were not there."""
        return self.receives_alerts and self.state in ("locked", "away")


@dataclass(frozen=True)
class Office:
    """An agency: its members, whether it has an own address, and whether it answers for the state."""

    members: tuple[Person, ...]
    has_email: bool
    is_statewide: bool = False


@dataclass(frozen=True)
class Released:
    """A release to an organization, and what the protected person chose under it."""

    office: Office
    starts: int
    ends: int
    revoked: int | None
    contact: str
    is_confirmed: bool
    is_ended: bool
    #: Whether the person wants news that the surrender is overdue.
    wants_it: bool

    @property
    def is_in_force(self) -> bool:
        """In hours from the instant that fires."""
        return self.starts <= 0 < self.ends and (self.revoked is None or self.revoked > 0)

    @property
    def chosen(self) -> str:
        """The channel of the contact that may be used for this news; empty if there is none."""
        return self.contact if self.is_confirmed and not self.is_ended and self.wants_it else ""


@dataclass(frozen=True)
class World:
    """All that decides who is notified of one checkpoint."""

    offices: dict[Capacity, Office]
    has_both_police: bool
    #: Of the assisting police: "open", "closed" or missing.
    follow_up: str
    releases: tuple[Released, ...]
    administrators: tuple[Person, ...]
    administrator_in_court: bool
    audience: tuple[str, ...]
    is_reminder: bool


people = st.builds(
    Person,
    *[st.booleans(), st.booleans(), st.sampled_from([True, True, False])],
    st.sampled_from(["present", "present", "present", "locked", "away", "back", "closed", "system"]),
    st.booleans(),
    st.booleans(),
)
offices = st.builds(
    Office, st.lists(people, max_size=4).map(tuple), st.booleans(), st.sampled_from([True, False])
)
releases = st.builds(
    lambda office, starts, length, revoked, contact, confirmed, ended, wants: Released(
        office, starts, starts + length, revoked, contact, confirmed, ended, wants
    ),
    offices,
    st.sampled_from([-2, -1, 0, 0, 1]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([None, None, None, -1, 0, 1]),
    st.sampled_from(["", "email", "sms", "relay", "relay"]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([False, False, False, False, True]),
    st.sampled_from([True, True, True, False]),
)


def worlds(
    words: list[str], capacities: list[Capacity], *, fewest_releases: int = 0
) -> st.SearchStrategy[World]:
    """Worlds with an audience of these words and agencies in these capacities."""
    return st.builds(
        World,
        st.dictionaries(st.sampled_from(capacities), offices, max_size=5),
        st.booleans(),
        st.sampled_from(["", "open", "closed"]),
        st.lists(releases, min_size=fewest_releases, max_size=2).map(tuple),
        st.lists(people, max_size=2).map(tuple),
        st.booleans(),
        st.lists(st.sampled_from(words), min_size=1, max_size=4, unique=True).map(tuple),
        st.booleans(),
    )


# ---- the world in the database -----------------------------------------------------------------------------


@dataclass
class Made:
    """The rows of a world."""

    order: Order
    check: Checkpoint
    agencies: dict[Capacity, Agency] = field(default_factory=dict)
    people: dict[int, list[tuple[Person, User]]] = field(default_factory=dict)
    releases: list[tuple[Released, ConfidentialityRelease]] = field(default_factory=list)
    administrators: list[tuple[Person, User]] = field(default_factory=list)


def user_for(person: Person) -> User:
    number = next(_numbers)
    user = User.objects.create_user(
        f"generated{number}@agency.example",
        None,
        name=f"Person {number}",
        is_active=person.state != "closed",
        is_system=person.state == "system",
        locked_at=NOW if person.state == "locked" else None,
    )
    if person.state in ("away", "back"):
        Absence.objects.create(
            user=user,
            recorded_by=user,
            starts_at=NOW - timedelta(days=500),
            ends_at=NOW + timedelta(days=4000),
            **({"ended_at": NOW - timedelta(days=400), "ended_by": user} if person.state == "back" else {}),
        )
    Preference.objects.create(
        user=user,
        phone=f"+1860555{number % 10000:04d}" if person.by_sms else "",
        by_sms=person.by_sms,
        encrypted_service="an encrypted address" if person.by_service else "",
    )
    return user


def join(made: Made, person: Person, agency: Agency, role: str) -> None:
    user = user_for(person)
    Membership.objects.create(
        user=user,
        agency=agency,
        role=Role.SUPERVISOR if person.is_supervisor else role,
        is_backup=person.is_backup,
        receives_alerts=person.receives_alerts,
    )
    made.people.setdefault(agency.pk, []).append((person, user))


def agency_for(made: Made, office: Office, kind: AgencyKind, role: str) -> Agency:
    agency = make.agency(kind, email=f"desk{next(_numbers)}@agency.example" if office.has_email else "")
    made.people[agency.pk] = []
    for person in office.members:
        join(made, person, agency, role)
    return agency


def create(world: World, order: Order) -> Made:
    check = Checkpoint.objects.get(deadline__order=order, deadline__rule_id="CT-SUR-01", name="check")
    check.audience = list(world.audience)
    check.purpose = "remind" if world.is_reminder else "check"
    check.save()
    made = Made(order, check)
    for capacity, office in world.offices.items():
        agency = agency_for(made, office, KINDS[capacity], MATRIX.alert_role[capacity])
        made.agencies[capacity] = agency
        if capacity in (Capacity.STATE_POLICE, Capacity.LICENSING):
            agency.answers_for_state = office.is_statewide
            agency.save()
        else:
            OrderAgency.objects.create(order=order, agency=agency, capacity=capacity)
    respondent = made.agencies.get(Capacity.RESPONDENT_POLICE)
    if world.has_both_police and respondent and Capacity.SERVICE_POLICE not in made.agencies:
        made.agencies[Capacity.SERVICE_POLICE] = respondent
        OrderAgency.objects.create(order=order, agency=respondent, capacity=Capacity.SERVICE_POLICE)
    assisting = made.agencies.get(Capacity.ASSISTING_POLICE)
    if world.follow_up and assisting:
        closed_at = NOW if world.follow_up == "closed" else None
        FollowUp.objects.create(
            deadline=check.deadline,
            order=order,
            owner=assisting,
            next_action_at=NOW,
            closed_at=closed_at,
            outcome="met" if closed_at else "",
        )
    for person in world.administrators:
        user = user_for(person)
        Membership.objects.create(user=user, role=Role.ADMINISTRATOR, receives_alerts=person.receives_alerts)
        made.administrators.append((person, user))
    court = made.agencies.get(Capacity.COURT)
    if world.administrator_in_court and court and made.administrators:
        person, user = made.administrators[0]
        person = replace(person, is_supervisor=False)
        made.people[court.pk].append((person, user))
        Membership.objects.create(
            user=user,
            agency=court,
            role=Role.CLERK,
            is_backup=person.is_backup,
            receives_alerts=person.receives_alerts,
        )
    for released in world.releases:
        made.releases.append((released, release_for(made, released)))
    return made


def release_for(made: Made, released: Released) -> ConfidentialityRelease:
    organization = agency_for(made, released.office, AgencyKind.ADVOCACY, Role.ADVOCATE)
    release = ConfidentialityRelease.objects.create(
        order=made.order,
        agency=organization,
        signed_on=NOW.date(),
        begins_at=DUE + timedelta(hours=released.starts),
        ends_at=DUE + timedelta(hours=released.ends),
        revoked_at=None if released.revoked is None else DUE + timedelta(hours=released.revoked),
    )
    if released.contact:
        safe_contact(
            release,
            by=make.person(Role.ADVOCATE, make.agency(AgencyKind.ADVOCACY)),
            channel=released.contact,
            confirmed_at=NOW if released.is_confirmed else DUE - timedelta(days=90),
            ended_at=NOW if released.is_ended else None,
            unwanted=["served"] if released.wants_it else ["return", "overdue"],
        )
    return release


# ---- the rules, stated once more ---------------------------------------------------------------------------


def channels_of(person: Person, *, is_reminder: bool) -> set[str]:
    by_sms = {"sms"} if person.by_sms and not is_reminder else set()
    return {"email"} | by_sms | ({"service"} if person.by_service else set())


def rung_of(person: Person, *, for_supervisors: bool) -> str:
    """The rung in which the person is an agency's member; empty if these alerts are not for the person."""
    if person.is_supervisor and not for_supervisors:
        return "supervisor"
    if person.is_supervisor is not for_supervisors:
        return ""
    return "backup" if person.is_backup else "person"


def reached(made: Made, agency: Agency, *, for_supervisors: bool = False) -> list[tuple[str, Person, User]]:
    """The first rung that has anyone; with someone absent on a lower one, all who are present."""
    rungs = ("person", "backup", "supervisor")
    placed = [
        (name, person, user)
        for person, user in made.people[agency.pk]
        if (name := rung_of(person, for_supervisors=for_supervisors))
    ]
    present = [one for one in placed if one[1].is_reachable]
    absent = [rungs.index(name) for name, person, _ in placed if person.is_absent]
    first = min((rungs.index(name) for name, *_ in present), default=0)
    is_gap = any(one < first for one in absent)
    return [one for one in present if is_gap or rungs.index(one[0]) == first]


def fallback(made: Made, agency_id: int) -> Iterator[Row]:
    known = [
        (person, user) for person, user in made.administrators if person.is_reachable or person.is_absent
    ]
    able = [user for person, user in known if person.is_reachable]
    found = able or [user for _, user in known]
    yield from ((f"u{user.pk}", "fallback", "email") for user in found)
    if not found:
        yield f"n{agency_id}", "missing", "email"


def rows_of_agency(
    made: Made, agency: Agency, *, is_reminder: bool, for_supervisors: bool = False
) -> Iterator[Row]:
    members = reached(made, agency, for_supervisors=for_supervisors)
    for name, person, user in members:
        for channel in channels_of(person, is_reminder=is_reminder):
            yield f"u{user.pk}", name, channel
    if agency.email and (not members or any(name == "supervisor" for name, *_ in members)):
        yield f"a{agency.pk}", "desk", "email"
    if not agency.email and not members:
        yield from fallback(made, agency.pk)


def rows_of_word(world: World, made: Made, word: str) -> Iterator[Row]:
    if word in (Capacity.STATE_POLICE, Capacity.LICENSING):
        office, agency = world.offices.get(Capacity(word)), made.agencies.get(Capacity(word))
        if office and agency and office.is_statewide:
            yield from rows_of_agency(made, agency, is_reminder=world.is_reminder)
        else:
            yield from fallback(made, made.order.case.court_id)
    elif word in (Role.ADVOCATE, PROTECTED_PERSON):
        for released, release in made.releases:
            if released.is_in_force and word == Role.ADVOCATE:
                yield from rows_of_agency(made, release.agency, is_reminder=world.is_reminder)
            elif released.is_in_force:
                yield from rows_of_contact(made, released, release)
    else:
        for capacity in capacities_of_word(world, word) & made.agencies.keys():
            yield from rows_of_agency(
                made,
                made.agencies[capacity],
                is_reminder=world.is_reminder,
                for_supervisors=word == Role.SUPERVISOR,
            )


def capacities_of_word(world: World, word: str) -> set[Capacity]:
    """The capacities in which agencies of the order are meant; State Police have none here."""
    if word == Role.SUPERVISOR:
        return {*POLICE_CAPACITIES} - {Capacity.STATE_POLICE}
    if word == Capacity.RESPONDENT_POLICE and world.follow_up == "open":
        return {Capacity.RESPONDENT_POLICE, Capacity.ASSISTING_POLICE}
    return {Capacity(word)}


def rows_of_contact(made: Made, released: Released, release: ConfidentialityRelease) -> Iterator[Row]:
    if released.chosen == "relay":
        members = reached(made, release.agency)
        yield from ((f"u{user.pk}r", "relay", "email") for *_, user in members)
        if not members:
            yield from fallback(made, release.agency_id)
    elif released.chosen:
        yield f"r{release.pk}", "protected", released.chosen


def expected(world: World, made: Made) -> set[Row]:
    """One reason for each recipient: that of the first word of the audience, a fallback last."""
    found = [
        (row, place) for place, word in enumerate(world.audience) for row in rows_of_word(world, made, word)
    ]
    if not found and not set(world.audience) <= {Role.ADVOCATE, PROTECTED_PERSON}:
        found = [(row, 0) for row in fallback(made, made.order.case.court_id)]
    best: dict[str, tuple[bool, int, str]] = {}
    for (target, via, _), place in found:
        best[target] = min(best.get(target, (True, 99, "")), (via == "fallback", place, via))
    return {row for row, place in found if best[row[0]] == (row[1] == "fallback", place, row[1])}


def row_of(alert: Alert) -> Row:
    return alert.idem_key.rpartition(":")[2], alert.via, alert.channel


class Agreement(TestCase):
    """Each example has its own transaction, and adds its agencies and people to one order."""

    order: Order

    @classmethod
    @override
    def setUpTestData(cls) -> None:
        """An order of which no agency is left."""
        cls.order = make.served_order()
        OrderAgency.objects.filter(order=cls.order).delete()

    @settings(max_examples=60, deadline=None)
    @given(world=worlds(WORDS, list(Capacity)))
    def test_fire_follows_the_rules(self, world: World) -> None:
        self.check(world)

    @settings(max_examples=60, deadline=None)
    @given(
        world=worlds(
            [Capacity.RESPONDENT_POLICE.value, Role.SUPERVISOR.value, Capacity.COURT.value],
            [Capacity.RESPONDENT_POLICE, Capacity.ASSISTING_POLICE, Capacity.COURT],
        )
    )
    def test_fire_follows_the_rules_for_police_and_court(self, world: World) -> None:
        self.check(world)

    @settings(max_examples=60, deadline=None)
    @given(
        world=worlds(
            [Role.ADVOCATE.value, PROTECTED_PERSON, Capacity.COURT.value],
            [Capacity.COURT],
            fewest_releases=1,
        )
    )
    def test_fire_follows_the_rules_for_releases(self, world: World) -> None:
        self.check(world)

    def check(self, world: World) -> None:
        made = create(world, self.order)

        Firer("test").fire(now=DUE)

        alerts = list(Alert.objects.filter(checkpoint=made.check))
        assert {row_of(one) for one in alerts} == expected(world, made)
        assert len(alerts) == len({row_of(one) for one in alerts})
        for one in alerts:
            assert (one.via == Via.MISSING) == (one.state == AlertState.FAILED)
            assert one.idem_key.split(":")[-1].startswith("u") == (one.recipient_id is not None)

    @settings(max_examples=40, deadline=None)
    @given(office=offices, administrators=st.lists(people, max_size=2).map(tuple))
    def test_other_alerts_go_where_fire_would_send_them(
        self, office: Office, administrators: tuple[Person, ...]
    ) -> None:
        capacity = Capacity.RESPONDENT_POLICE
        world = World({capacity: office}, False, "", (), administrators, False, (capacity.value,), False)
        made = create(world, self.order)

        Firer("test").fire(now=DUE)

        chosen = with_channels(recipients_of_agency(made.agencies[capacity], capacity))
        fired = {row_of(one) for one in Alert.objects.filter(checkpoint=made.check)}
        assert {(one.target, one.via.value, channel.value) for one, channel in chosen} == fired


@pytest.mark.django_db
class TestAnotherService:
    """A person who chose another service gets there every alert that email brings, but no fallback or
    relay."""

    def add_service(self, user: User) -> User:
        Preference.objects.create(user=user, encrypted_service="an encrypted address")
        return user

    def test_escalation(self) -> None:
        load_steps()
        fixture = set_up()
        second = self.add_service(backup(fixture.police))
        fixture.fire(["respondent_police"])
        PendingAcknowledgment.objects.update(next_step_at=F("asked_at"))

        escalate()

        assert channels_to(second) == {Channel.EMAIL, Channel.SERVICE}

    def test_offer_and_refusal(self) -> None:
        police, other = make.agency(), make.agency()
        liaison = self.add_service(make.person(Role.LIAISON, police))
        elsewhere = self.add_service(make.person(Role.LIAISON, other))
        order = make.served_order(respondent_town=make.town(police), ago=timedelta(hours=25))
        Firer("test").fire(now=NOW)
        Alert.objects.all().delete()
        follow_up = FollowUp.objects.get(order=order, deadline__rule_id="CT-SUR-01")

        offer = offer_transfer(follow_up, to_agency=other, reason="lives there now", by=liaison, now=NOW)
        answer_transfer(offer, accepted=False, reason="moved on", by=elsewhere, now=NOW)

        assert channels_to(elsewhere) == {Channel.EMAIL, Channel.SERVICE}
        assert channels_to(liaison) == {Channel.EMAIL, Channel.SERVICE}

    def test_relay_and_fallback_are_by_email_alone(self) -> None:
        fixture = set_up()
        advocate = self.add_service(make.person(Role.ADVOCATE, (release := fixture.release()).agency))
        administrator = self.add_service(make.person(Role.ADMINISTRATOR))
        Preference.objects.filter(user=advocate).update(phone="+18605550100", by_sms=True)
        Preference.objects.filter(user=administrator).update(phone="+18605550101", by_sms=True)
        safe_contact(release, by=advocate, channel="relay")
        fixture.liaison.memberships.update(receives_alerts=False)

        fixture.fire(["respondent_police", "protected_person"])

        assert channels_to(advocate) == {Channel.EMAIL}
        assert channels_to(administrator) == {Channel.EMAIL}

    def test_finding(self) -> None:
        administrator = self.add_service(make.person(Role.ADMINISTRATOR))

        reconcile([Violation(code="late", detail="Something is late.")], audited=["late"])

        assert channels_to(administrator) == {Channel.EMAIL, Channel.SERVICE}


def channels_to(user: User) -> set[str]:
    return set(Alert.objects.filter(recipient=user).values_list("channel", flat=True))
