"""What a query asks for: the ask read from a request, and classifiers of its task and topic."""
