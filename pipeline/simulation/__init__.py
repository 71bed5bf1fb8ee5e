"""Simulated participants: a latent emotion mixture and the signals that follow from it."""
