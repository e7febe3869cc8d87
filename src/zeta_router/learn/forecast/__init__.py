"""How many queries will arrive, and how far that is to be believed."""
