"""Engine models: in virtual time, in real time behind an address, and what goes wrong with them."""
