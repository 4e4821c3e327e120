"""The pages that answer without an account."""
