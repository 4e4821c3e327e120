"""Connecticut's towns and their police, as they are loaded."""

from __future__ import annotations

import pytest

from accounts.models import Agency, AgencyKind, State, Town


@pytest.fixture
def towns(db: None) -> None:
    """Three towns: with police of its own, with the State Police, and in a district with a known court."""
    own = Agency.objects.create(kind=AgencyKind.POLICE, name="Hartford Police Department")
    troopers = Agency.objects.create(kind=AgencyKind.STATE_POLICE, name="Connecticut State Police")
    for name, police in (("Hartford", own), ("Union", troopers), ("Stamford", own)):
        Town.objects.create(name=name, jurisdiction=State.CONNECTICUT, police=police)
