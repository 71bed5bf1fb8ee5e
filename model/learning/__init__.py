"""Training, evaluation, baselines, checkpoints."""
