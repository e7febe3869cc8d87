"""The router: events in, commands out, no waiting in between."""
