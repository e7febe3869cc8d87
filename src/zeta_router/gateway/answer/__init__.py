"""An answer on its way to the client: watched, renamed, timed, and how it ended."""
