"""What people can read without an account: help by town, guides in plain words, and figures."""
