"""Measurements of the product, each beside a floor taken in the same run."""
