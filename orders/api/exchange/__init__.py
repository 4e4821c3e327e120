"""Orders and the surrender of firearms in the formats of other systems."""
