"""Bulk imports of registry exports."""
