"""ZetaDynamicRouter: one OpenAI-compatible address in front of a small fleet of models.

For every query it decides which model and which replica answers, by what the query needs and by
how the fleet is right now.
"""

__version__ = "0.1.0"
