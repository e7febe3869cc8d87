"""The loop: learned state over restarts, retraining, promotion and rollback."""
