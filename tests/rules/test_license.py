from __future__ import annotations

import pytest

from orders.rules.license import DealerLicense, LicenseError, parse_dealer_license


@pytest.mark.parametrize("type_", ["01", "02", "07", "08", "09", "10", "11"])
def test_parts_are_found_when_the_license_is_a_dealers(type_: str) -> None:
    dealer_license = parse_dealer_license(f" 6-06-014-{type_}-7M-12345 ")

    assert dealer_license == DealerLicense(
        region="6", district="06", county="014", type=type_, expiry="7M", sequence="12345"
    )
    assert dealer_license.number == f"6-06-014-{type_}-7M-12345"


@pytest.mark.parametrize(
    "number",
    ["6-06-014-01-7M-1234", "6-06-014-01-7I-12345", "66-06-014-01-7M-12345", "6-06-014-01-M7-12345"],
)
def test_number_is_refused_when_it_is_of_another_form(number: str) -> None:
    with pytest.raises(LicenseError) as refused:
        parse_dealer_license(number)

    assert str(refused.value) == (
        f"“{number}” is not a dealer's license number. The form is R-DD-CCC-TT-EX-SSSSS, "
        "such as 6-06-014-01-7M-12345."
    )


@pytest.mark.parametrize("number", ["", "  "])
def test_an_empty_field_asks_for_the_number(number: str) -> None:
    with pytest.raises(LicenseError, match=r"^Enter the license number\.$"):
        parse_dealer_license(number)


@pytest.mark.parametrize("type_", ["03", "06", "99"])
def test_license_is_refused_when_it_is_no_dealers(type_: str) -> None:
    with pytest.raises(LicenseError) as refused:
        parse_dealer_license(f"6-06-014-{type_}-7M-12345")

    assert str(refused.value) == (
        f"“6-06-014-{type_}-7M-12345” is a license of type {type_}, which is not a dealer's (03 is a "
        "collector's, 06 an ammunition maker's). The firearms must go to a dealer or to police."
    )
