"""Pages behind sign-in, and the health endpoint."""

from __future__ import annotations
