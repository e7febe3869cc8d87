"""Showing what happened: decision log, metrics, explanations."""
