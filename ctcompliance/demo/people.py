"""The people of the demonstration, and how each signs in."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Agency, AgencyKind, Role, Town, User
from accounts.services import people
from accounts.services.agencies import directory

#: The password of the demonstration's users. It opens nothing else.
PASSWORD = "only-a-demonstration"  # noqa: S105 - invented, for a local database only

ADVOCACY = "Demonstration Advocacy Center"
MARSHALS = "Demonstration State Marshals"
SCHOOL = "Demonstration High School"
#: Towns of respondents. No one at Canton's police receives alerts.
HARTFORD, STATE_POLICE_TOWN, TOWN_WITHOUT_USERS = "Hartford", "Andover", "Canton"


class DemoAccount(NamedTuple):
    """One invented person."""

    role: str
    email: str
    password: str


SIGN_INS = (
    DemoAccount("clerk", "clerk@court.example", PASSWORD),
    DemoAccount("liaison", "liaison@hartford-police.example", PASSWORD),
    DemoAccount("State Police liaison", "liaison@state-police.example", PASSWORD),
    DemoAccount("advocate", "advocate@advocacy.example", PASSWORD),
    DemoAccount("administrator", "administrator@ctcompliance.example", PASSWORD),
    DemoAccount("judge", "judge@court.example", PASSWORD),
    DemoAccount("New Haven clerk", "clerk@new-haven-court.example", PASSWORD),
    DemoAccount("Stamford clerk", "clerk@stamford-court.example", PASSWORD),
    DemoAccount("New Haven liaison", "liaison@new-haven-police.example", PASSWORD),
    DemoAccount("Stamford liaison", "liaison@stamford-police.example", PASSWORD),
    DemoAccount("West Hartford liaison", "liaison@west-hartford-police.example", PASSWORD),
    DemoAccount("Manchester liaison", "liaison@manchester-police.example", PASSWORD),
    DemoAccount("marshal", "marshal@marshals.example", PASSWORD),
    DemoAccount("prosecutor", "prosecutor@prosecutor.example", PASSWORD),
    DemoAccount("licensing unit", "licensing@licensing-unit.example", PASSWORD),
    DemoAccount("school", "office@school.example", PASSWORD),
    DemoAccount("second advocate", "second.advocate@advocacy.example", PASSWORD),
    DemoAccount("police supervisor", "supervisor@hartford-police.example", PASSWORD),
)

#: The other courts of the demonstration: the first part of a docket, the judicial district and the clerk.
OTHER_COURTS = (
    ("NNH", "New Haven", "New Haven clerk"),
    ("FST", "Stamford-Norwalk", "Stamford clerk"),
)


def person(role: str) -> User:
    """Return the user of that role in `SIGN_INS`."""
    return User.objects.get_by_natural_key(next(one.email for one in SIGN_INS if one.role == role))


_CLERKS = (("Morgan Tate", "New Haven"), ("Leslie Cho", "Stamford-Norwalk"))
_LIAISONS = (
    ("Chris Vega", "New Haven"),
    ("Ali Santos", "Stamford"),
    ("Terry Blum", "West Hartford"),
    ("Jamie Orr", "Manchester"),
)


def court_in(district: str) -> Agency:
    """Return the court of a judicial district."""
    return Agency.objects.get(kind=AgencyKind.COURT, judicial_district__name=district)


def _agency(name: str, kind: AgencyKind) -> Agency:
    """Return the agency with this name, which is recorded first if it is new."""
    found = Agency.objects.filter(name=name).first()
    if found is None:
        found = Agency(name=name, kind=kind)
        directory.record(row=found)
    return found


def _attorney_of(court: Agency) -> Agency:
    """Return the state's attorney of the court's judicial district."""
    return Agency.objects.get(kind=AgencyKind.PROSECUTOR, judicial_district=court.judicial_district)


def _give_numbers(court: Agency) -> None:
    """Give the offices that others call a made-up telephone number."""
    offices = [
        court,
        *(court_in(place) for _, place in _CLERKS),
        *(Town.objects.get(name=place).police for place in (HARTFORD, STATE_POLICE_TOWN)),
        *(Town.objects.get(name=place).police for _, place in _LIAISONS),
        _attorney_of(court),
    ]
    for number, office in enumerate(offices, 142):
        if not office.telephone:
            office.telephone = f"860-555-0{number}"
            directory.record(row=office)


def load_people(court: Agency) -> int:
    """Create the people who do not exist yet, and return how many."""
    advocacy = _agency(ADVOCACY, AgencyKind.ADVOCACY)
    holds: list[tuple[str, Role, Agency | None]] = [
        ("Dana Alder", Role.CLERK, court),
        ("Robin Hale", Role.LIAISON, Town.objects.get(name=HARTFORD).police),
        ("Jo Birch", Role.LIAISON, Town.objects.get(name=STATE_POLICE_TOWN).police),
        ("Lee Marsh", Role.ADVOCATE, advocacy),
        ("Kim Stone", Role.ADMINISTRATOR, None),
        ("Judge Avery Ward", Role.JUDGE, court),
        *((name, Role.CLERK, court_in(place)) for name, place in _CLERKS),
        *((name, Role.LIAISON, Town.objects.get(name=place).police) for name, place in _LIAISONS),
        ("Pat Reed", Role.MARSHAL, _agency(MARSHALS, AgencyKind.MARSHAL)),
        ("Dale Ross", Role.PROSECUTOR, _attorney_of(court)),
        ("Noel Park", Role.LICENSING, Agency.objects.get(kind=AgencyKind.LICENSING, answers_for_state=True)),
        ("Ira Lane", Role.SCHOOL, _agency(SCHOOL, AgencyKind.SCHOOL)),
        ("Sam Doyle", Role.ADVOCATE, advocacy),
        ("Sgt. Alex Moss", Role.SUPERVISOR, Town.objects.get(name=HARTFORD).police),
    ]
    _give_numbers(court)
    added = 0
    for sign_in, (name, role, agency) in zip(SIGN_INS, holds, strict=True):
        if not User.objects.filter(email__iexact=sign_in.email).exists():
            user = people.create_user(
                email=sign_in.email,
                name=name,
                password=sign_in.password,
                # It may do most, so its printed password works for one sign-in only.
                must_change_password=role == Role.ADMINISTRATOR,
            )
            people.grant_role(user=user, role=role, agency=agency)
            added += 1
    return added
