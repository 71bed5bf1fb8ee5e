"""The session file and the session folder."""
