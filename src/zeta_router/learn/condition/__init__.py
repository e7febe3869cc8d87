"""Whether a model or its process is still what it was."""
