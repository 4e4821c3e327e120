"""What pages of every app say alike."""
