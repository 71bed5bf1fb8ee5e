"""The way of a sample: streams, store, signals, workers; and the session file and commands around it."""
