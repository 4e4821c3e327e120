"""Fixtures of the API for the cases."""

from __future__ import annotations

from tests.api.conftest import caller

__all__ = ["caller"]
