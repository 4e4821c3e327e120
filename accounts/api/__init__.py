"""The frame of the REST API: who calls, what an answer looks like, what a repetition gets."""
