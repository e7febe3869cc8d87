"""What is sent to browsers: pages, the live stream, and which writes are let through."""
