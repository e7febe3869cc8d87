"""Flow: who is let in, who waits, who gets a second try, who is healthy."""
