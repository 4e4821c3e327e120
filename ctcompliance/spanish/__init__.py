"""The court's desk in Spanish: a catalog of what its pages show, and the middleware that shows it."""
