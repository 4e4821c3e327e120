"""Documents as PDF: what each one states, for which reader, and how it is set."""
