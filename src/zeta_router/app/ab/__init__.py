"""A/B tests of policies by switchback: the same fleet, one policy after the other, in blocks."""
