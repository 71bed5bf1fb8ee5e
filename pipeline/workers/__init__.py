"""Thin processes: read, call processors, write, report health."""
