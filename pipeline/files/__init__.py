"""Recordings on disk, read as streams."""
