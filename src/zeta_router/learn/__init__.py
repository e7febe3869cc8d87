"""Predictors: what a query asks for, how good, how long and how fast an answer will be."""
