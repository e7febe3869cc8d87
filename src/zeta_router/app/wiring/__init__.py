"""The parts of a running gateway, each put together in one place; `app.running` joins them."""
