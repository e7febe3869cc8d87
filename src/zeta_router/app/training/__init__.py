"""Training what the package ships: the task classifier, from labelled prompts."""
