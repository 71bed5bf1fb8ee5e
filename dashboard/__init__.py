"""The pages that show a running session. Reads the store only."""
