"""Laws that hold for any network, coding and mapping; checked on small random ones."""
