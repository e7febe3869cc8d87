"""Watching engines: what they are, whether they live, how busy they are, what they cost."""
