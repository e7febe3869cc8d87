"""What is plainly wrong with an answer, looked at when nobody waits for it any more."""
