"""The number of a federal firearms license, form R-DD-CCC-TT-EX-SSSSS, and whether it is a dealer's."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass

from accounts.text import clean, plain_dashes


class LicenseError(ValueError):
    """A license number of the wrong form or of a licensee who is not a dealer."""


@dataclass(frozen=True, slots=True)
class DealerLicense:
    """The parts of the number. `expiry` is the last digit of the year and a letter for the month."""

    region: str
    district: str
    county: str
    type: str
    expiry: str
    sequence: str

    @property
    def number(self) -> str:
        """The number as it is stored, such as 6-06-014-01-7M-12345."""
        return "-".join(astuple(self))


#: Blanks, other dashes, or nothing may be between the parts.
_FORM = re.compile(r"(\d)[ -]*(\d\d)[ -]*(\d{3})[ -]*(\d\d)[ -]*(\d[A-HJ-M])[ -]*(\d{5})", re.ASCII)
#: License types of dealers; 03 is for collectors and 06 for makers of ammunition.
_DEALERS = {"01", "02", "07", "08", "09", "10", "11"}


def parse_dealer_license(number: str) -> DealerLicense:
    """Parse a dealer's license number. Raises `LicenseError` for another form or another licensee."""
    if not number.strip():
        raise LicenseError("Enter the license number.")
    match = _FORM.fullmatch(plain_dashes(clean(number)).upper())
    if match is None:
        raise LicenseError(
            f"“{number}” is not a dealer's license number. The form is R-DD-CCC-TT-EX-SSSSS, "
            "such as 6-06-014-01-7M-12345."
        )
    dealer_license = DealerLicense(*match.groups())
    if dealer_license.type not in _DEALERS:
        raise LicenseError(
            f"“{number}” is a license of type {dealer_license.type}, which is not a dealer's (03 is a "
            "collector's, 06 an ammunition maker's). The firearms must go to a dealer or to police."
        )
    return dealer_license
