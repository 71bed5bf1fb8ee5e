"""DMER's public features, computed live: a processor a modality, by the data set's own definitions."""
