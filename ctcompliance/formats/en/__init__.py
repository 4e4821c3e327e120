"""English, in the United States."""
