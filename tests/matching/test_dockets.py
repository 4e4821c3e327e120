"""Docket numbers: one written form, and Connecticut's form recognized."""

from __future__ import annotations

import pytest

from orders.matching.dockets import clean_docket, is_connecticut_docket, looks_like_docket


@pytest.mark.parametrize(
    ("pasted", "stored"),
    [
        ("HHD-FA26-6012345\u200b-S", "HHD-FA26-6012345-S"),
        ("HHD\u2013FA26\u20136012345\u2013S", "HHD-FA26-6012345-S"),
        ("\u200fHHD-FA26-6012345-S", "HHD-FA26-6012345-S"),
        ("HHD-FA26-601\u00a02345-S", "HHD-FA26-6012345-S"),
        ("hhd - fa26 - 6012345 - s", "HHD-FA26-6012345-S"),
        ("\uff28HD-FA26-6012345-S", "HHD-FA26-6012345-S"),
        ("HHD FA26 6012345 S", "HHD-FA26-6012345-S"),
        ("HHD_FA26_6012345_S", "HHD-FA26-6012345-S"),
        ("HHD/FA26/6012345/S", "HHD-FA26-6012345-S"),
        ("hhd.fa26.6012345.s", "HHD-FA26-6012345-S"),
        ("HHD--FA26--6012345--S", "HHD-FA26-6012345-S"),
        ("HHD - FA 26 - 6012345 S", "HHD-FA-26-6012345-S"),
        ("HHDFA266012345S", "HHD-FA26-6012345-S"),
        ("H14HCR260712345S", "H14H-CR26-0712345-S"),
        ("Docket No. HHD-FA26-6012345-S", "HHD-FA26-6012345-S"),
        ("docket #: HHD-FA26-6012345-S", "HHD-FA26-6012345-S"),
        ("\u201cHHD-FA26-6012345-S\u201d,", "HHD-FA26-6012345-S"),
        ("(HHD-FA26-6012345-S).", "HHD-FA26-6012345-S"),
        ("HHD\u30fcFA26\u25006012345\u207bS", "HHD-FA26-6012345-S"),
        ("NOR-FA26-6012345-S", "NOR-FA26-6012345-S"),
        ("HHD-FA2026-6012345-S", "HHD-FA26-6012345-S"),
        ("hhd fa 2026 6012345 s", "HHD-FA-26-6012345-S"),
        ("FD-02-000123-26", "FD-02-000123-26"),
        ("26 CIV 01234", "26 CIV 01234"),
        ("25 F (DV) 12/34", "25 F (DV) 12/34"),
        ("  ", ""),
        ("\u200b\u202e", ""),
    ],
)
def test_a_docket_has_one_form(pasted: str, stored: str) -> None:
    assert clean_docket(pasted) == stored
    assert clean_docket(stored) == stored


@pytest.mark.parametrize(
    ("docket", "looks", "is_one"),
    [
        ("HHD-FA26-6012345-S", True, True),
        ("HHD-FA-26-6012345-S", True, True),
        ("H14H-CR26-0712345-S", True, True),
        ("HHD-FA26-60123-S", True, False),
        ("HHD-FA26-ZW1-S", True, False),
        ("HHD-FA-17-S", False, False),
        ("FD-02-000123-26", False, False),
        ("26CIV01234", False, False),
    ],
)
def test_connecticuts_form_is_recognized(docket: str, *, looks: bool, is_one: bool) -> None:
    assert (looks_like_docket(docket), is_connecticut_docket(docket)) == (looks, is_one)
