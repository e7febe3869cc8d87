"""What was decided and how it went: the decision log, explanations and metrics."""
