"""The people of the demonstration, and how each signs in."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Agency, AgencyKind, Role, Town, User
from accounts.services import people
from accounts.services.agencies import directory

#: The password of the demonstration's users. It opens nothing else.
PASSWORD = "only-a-demonstration"  # noqa: S105 - invented, for a local database only

ADVOCACY = "Demonstration Advocacy Center"
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
)


def person(role: str) -> User:
    """Return the user of that role in `SIGN_INS`."""
    return User.objects.get_by_natural_key(next(one.email for one in SIGN_INS if one.role == role))


def load_people(court: Agency) -> int:
    """Create the people who do not exist yet, and return how many."""
    advocacy = Agency.objects.filter(name=ADVOCACY).first()
    if advocacy is None:
        advocacy = Agency(name=ADVOCACY, kind=AgencyKind.ADVOCACY)
        directory.record(row=advocacy)
    holds: list[tuple[str, Role, Agency | None]] = [
        ("Dana Alder", Role.CLERK, court),
        ("Robin Hale", Role.LIAISON, Town.objects.get(name=HARTFORD).police),
        ("Jo Birch", Role.LIAISON, Town.objects.get(name=STATE_POLICE_TOWN).police),
        ("Lee Marsh", Role.ADVOCATE, advocacy),
        ("Kim Stone", Role.ADMINISTRATOR, None),
    ]
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
