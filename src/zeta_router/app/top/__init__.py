"""`zeta top`: a running gateway, looked at from a terminal."""
