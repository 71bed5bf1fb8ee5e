"""What page and report show of a recorded session: everything that can be said of it, small enough to be sent."""
