"""Policies: who gets the query. One policy, one file, one line in the registry."""
