"""What is known of each endpoint, and how it is looked after."""
