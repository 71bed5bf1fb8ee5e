"""The helo command, a file per group of commands."""
