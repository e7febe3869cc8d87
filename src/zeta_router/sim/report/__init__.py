"""From the records of a run to figures, plots and pages."""
