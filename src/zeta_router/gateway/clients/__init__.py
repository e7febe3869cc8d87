"""Connections of clients: how many, how slow, and what they are told when it is too much."""
