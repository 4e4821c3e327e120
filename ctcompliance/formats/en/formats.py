"""The formats that Django's admin and `date` filter use: "Sat, Nov 28, 2026, 1:37 p.m."."""

from __future__ import annotations

DATE_FORMAT = "D, M j, Y"
DATETIME_FORMAT = "D, M j, Y, g:i a"
SHORT_DATE_FORMAT = DATE_FORMAT
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
TIME_FORMAT = "g:i a"
