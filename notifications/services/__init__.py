"""Firing what is due, sending what was fired, and sweeping up what got stuck."""

from __future__ import annotations
