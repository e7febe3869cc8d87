"""Load against a live gateway, and what its clients saw of it."""
