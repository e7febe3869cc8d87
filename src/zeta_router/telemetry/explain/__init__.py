"""Why a query went where it went, in data and in words."""
