"""A recorded session for other tools: tables for pandas and R, a BIDS folder for MNE and the rest."""
