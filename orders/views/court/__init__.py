"""The pages of court staff: lists, hearings, reports and imports."""
