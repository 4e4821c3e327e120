"""The forms by which people say how they, or those they stand by, want to be told."""
