"""Data sets, read as labelled feature windows."""
