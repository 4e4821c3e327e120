"""What the API takes as an instant: all that RFC 3339 allows, in years and offsets that exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.exceptions import ValidationError

from accounts.api.fields import InstantField

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("2026-12-31T19:00:00-05:00", NEW_YEAR),
        ("2027-01-01T14:00:00+14:00", NEW_YEAR),
        ("2026-12-31T23:59:60Z", NEW_YEAR - timedelta(seconds=1)),
        ("2027-01-01T00:00:00.00000000000000000Z", NEW_YEAR),
        ("2027-01-01T00:00:00.1234567890123456Z", NEW_YEAR + timedelta(microseconds=123456)),
        ("2027-01-01T00:00:00.5Z", NEW_YEAR + timedelta(milliseconds=500)),
    ],
)
def test_instants_of_the_standard_are_taken(sent: str, instant: datetime) -> None:
    assert InstantField().to_internal_value(sent) == instant


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("0000-01-01T00:00:00Z", "range"),
        ("1899-12-31T23:59:59Z", "range"),
        ("2200-01-01T00:00:00Z", "range"),
        ("2027-01-01T00:00:00+14:01", "range"),
        ("2027-01-01T00:00:00-23:59", "range"),
        ("2027-01-01T00:00:00", "offset"),
        ("2027-13-01T00:00:00Z", "invalid"),
        ("2027-01-01T24:00:60Z", "invalid"),
        ("2027-01-01T00:60:00Z", "invalid"),
        ("tomorrow", "invalid"),
        (20270101, "invalid"),
    ],
)
def test_a_refusal_names_what_is_wrong(sent: object, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        InstantField().to_internal_value(sent)

    assert refused.value.get_codes() == [code]
