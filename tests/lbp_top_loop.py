"""LBP-TOP by its definition: a plain loop over frames and pixels."""

import math

import numpy as np


def plain_loop(frames: np.ndarray) -> np.ndarray:
    """Return the counts by the definition: radii 1, 1 and 4, 8 neighbours, both axes of XY by the cosine."""
    length, height, width = frames.shape
    volume = frames.astype(int).tolist()
    counts = np.zeros((3, 256), int)
    for t in range(4, length - 4):
        for y in range(1, height - 1):
            for x in range(1, width - 1):
                centre = volume[t][y][x]
                codes = [0, 0, 0]
                for p in range(8):
                    cos, sin = math.cos(2 * math.pi * p / 8), math.sin(2 * math.pi * p / 8)
                    across, down, later = int(x + cos + 0.5), int(y - cos + 0.5), int(t + 4 * sin + 0.5)
                    neighbours = (volume[t][down][across], volume[later][y][across], volume[later][down][x])
                    for plane, neighbour in enumerate(neighbours):
                        codes[plane] += 2**p if neighbour >= centre else 0
                for plane, code in enumerate(codes):
                    counts[plane, code] += 1
    return counts
