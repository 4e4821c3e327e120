"""Documents as PDF: what they state, and what they never carry."""

from __future__ import annotations
