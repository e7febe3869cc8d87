"""Who may ask, and how much: API keys and what each of them may spend."""
