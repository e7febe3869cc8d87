"""What an engine costs the machine it runs on: CPU, memory, GPU."""
