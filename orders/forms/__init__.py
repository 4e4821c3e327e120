"""What a clerk types, read strictly: days, times of the court's clock, and one form for each act."""

from __future__ import annotations
