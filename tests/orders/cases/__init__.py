"""The board and the pages of cases for police, marshals and prosecutors."""

from __future__ import annotations
