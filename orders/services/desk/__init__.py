"""What the pages of a court list, count and report. Nothing here writes a fact of a case."""
