"""How good answers are, learned from what is heard of them."""
