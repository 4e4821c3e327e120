"""How long cases are kept: retention classes, legal holds, and the deletion of old cases."""
