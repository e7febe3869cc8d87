"""What a router could have reached that knew everything."""
