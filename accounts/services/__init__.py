"""Every write of this app, by subject: people, agencies, sign-in, access."""

from __future__ import annotations
