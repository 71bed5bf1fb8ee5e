"""The network: encoders, attention, transport, labels, head."""
