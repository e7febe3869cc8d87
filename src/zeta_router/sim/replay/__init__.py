"""A decision log played again."""
