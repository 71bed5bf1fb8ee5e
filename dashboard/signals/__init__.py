"""The page of signals: what the sensors sent in the last seconds, and what the newest windows say of it."""
