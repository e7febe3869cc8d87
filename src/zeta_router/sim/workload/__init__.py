"""Who asks what and when, and what is known of it beforehand."""
