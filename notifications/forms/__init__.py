"""Forms for notification preferences, safe contacts and printed notices."""
