"""Measuring how fast a live engine is: `zeta calibrate`."""
