"""Values that everything above is written in; nothing here needs a clock, a socket or luck."""
