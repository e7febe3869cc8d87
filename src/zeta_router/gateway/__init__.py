"""The HTTP data plane: OpenAI's API in front, engines behind, the router between."""
