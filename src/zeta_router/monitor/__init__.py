"""Looking at engines: what they are, whether they live, what they report."""
