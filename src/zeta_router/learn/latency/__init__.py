"""How fast endpoints are, learned from their answers."""
