"""Agencies, towns and judicial districts."""

from __future__ import annotations
