"""Filters of the pages without sign-in."""
