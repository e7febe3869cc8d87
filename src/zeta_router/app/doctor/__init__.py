"""`zeta doctor`: what is wrong with a fleet, why it matters and what mends it."""
