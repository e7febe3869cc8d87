"""The decision log: one SQLite file of what was decided and how it went."""
