"""Pure processors: from raw chunks to feature windows on the tick grid."""
