"""Every write. An act stores facts, replans the order and appends to its history in one transaction."""

from __future__ import annotations
