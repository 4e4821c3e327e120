"""The number of a federal firearms licence, form R-DD-CCC-TT-EX-SSSSS, and whether it is a dealer's."""

from __future__ import annotations

import re
from dataclasses import dataclass


class LicenceError(ValueError):
    """A licence number of a wrong form or of a licensee who is no dealer."""


@dataclass(frozen=True, slots=True)
class DealerLicence:
    """The parts; the expiry code is the year's last digit and a letter for the month."""

    region: str
    district: str
    county: str
    type: str
    expiry: str
    sequence: str


_FORM = re.compile(r"(\d)-(\d\d)-(\d{3})-(\d\d)-(\d[A-HJ-M])-(\d{5})")
#: Licensees who buy and sell firearms; 03 is a collector's licence and 06 an ammunition maker's.
_DEALERS = {"01", "02", "07", "08", "09", "10", "11"}


def parse_dealer_licence(number: str) -> DealerLicence:
    """The parts of a dealer's licence number. Raises `LicenceError` for another form or another licensee."""
    match = _FORM.fullmatch(number.strip())
    if match is None:
        raise LicenceError(
            f"“{number}” is not a dealer's licence number. The form is R-DD-CCC-TT-EX-SSSSS, "
            "such as 6-06-014-01-7M-12345."
        )
    licence = DealerLicence(*match.groups())
    if licence.type not in _DEALERS:
        raise LicenceError(
            f"“{number}” is a licence of type {licence.type}, which is no dealer's (03 is a collector's, "
            "06 an ammunition maker's). The firearms must go to a dealer or to police."
        )
    return licence
