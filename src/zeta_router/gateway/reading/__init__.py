"""From the bytes of a request to a `Query`: the last place that sees the text."""
