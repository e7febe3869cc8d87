"""Deciding: candidates, the choice, and what waits."""
