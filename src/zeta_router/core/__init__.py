"""Values: what everything above is written in. No behaviour that needs a clock, a socket or luck."""
