"""Pages that answer without sign-in, without a cookie, and without a record of the reader."""
