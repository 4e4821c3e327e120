"""Decide which serial numbers, docket numbers, names and places are the same. Pure functions."""
