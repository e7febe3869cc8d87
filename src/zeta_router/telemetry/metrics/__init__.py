"""Counters, histograms and gauges for Prometheus, each described once."""
