"""The gateway's addresses as an OpenAPI description, which it serves of itself."""
