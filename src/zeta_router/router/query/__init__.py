"""A query on its way: taken in, sent, followed, tried again, learned from."""
