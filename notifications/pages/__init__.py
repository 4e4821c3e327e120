"""Pages behind sign-in that are not about one alert."""
