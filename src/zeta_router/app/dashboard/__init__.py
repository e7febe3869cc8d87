"""What people see at `/`: pages, the live stream that feeds them, a short memory of the past."""
