"""An address that mail cannot be sent to is refused wherever one is stored."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.mail_addresses import AddressError, check_address
from accounts.models import AgencyKind
from accounts.services import people
from tests import make

BAD = [
    f"{'ü' * 62}@orders.example",
    "\u017f" * 62 + "@orders.example",
    f"{'a' * 65}@orders.example",
    f"officer@{'ü' * 62}.example",
    "officer@orders.example\nBcc: other@orders.example",
    "officer\udce4@orders.example",
]


@pytest.mark.parametrize("address", ["officer@orders.example", "o'neil+desk@größe.example"])
def test_what_can_be_sent_to(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize("address", BAD)
def test_what_cannot_be_sent_to(address: str) -> None:
    with pytest.raises(AddressError) as refused:
        check_address(address)

    assert address[:8] not in str(refused.value)


# The text cleaner removes a lone surrogate before the address is checked.
@pytest.mark.django_db
@pytest.mark.parametrize("address", [one for one in BAD if one.isprintable() or "\n" in one])
def test_no_account_and_no_agency_has_it(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        people.create_user(email=address, name="Officer")
    assert "email" in refused.value.message_dict

    agency = make.agency(AgencyKind.POLICE)
    agency.email = address
    with pytest.raises(ValidationError):
        agency.full_clean()
