"""How well a picture shows a face: whether it is dark, covered, or partly beyond the picture's edge.

MediaPipe guesses what it does not see, and gives no confidence: a covered mouth has blendshapes, too. So this is
measured on the picture itself, where the landmarks lie.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from pipeline.records import Array

#: Parts reach this much further than their landmarks: lashes and the edge of the lips belong to them.
WIDER: Final = 1.25

_WHITE: Final = 255.0


class Seen(NamedTuple):
    """The channels of `pipeline.modalities.FACE_SIGHT`."""

    brightness: float
    """Mean grey of the face, as a share of white."""
    left_eye_contrast: float
    """Standard deviation of the grey of the person's left eye, as a share of the face's mean; NaN beyond the edge."""
    right_eye_contrast: float
    mouth_contrast: float
    inside_picture: float
    """Share of the landmarks that lie within the picture."""


class Sight:
    """Measure how well a picture shows a face.

    An eye or a mouth has a contrast of 0.2 and more in whatever light; what covers it is plainer as a rule.

    Parameters
    ----------
    connections : mediapipe.tasks.vision.FaceLandmarksConnections
        Which landmarks are the face's outline, the eyes and the lips.
    """

    def __init__(self, connections: Any) -> None:
        self._outline = _landmarks(connections.FACE_LANDMARKS_FACE_OVAL)
        self._parts = [
            _landmarks(connections.FACE_LANDMARKS_LEFT_EYE),
            _landmarks(connections.FACE_LANDMARKS_RIGHT_EYE),
            _landmarks(connections.FACE_LANDMARKS_LIPS),
        ]

    def of_face(self, pixels: Array, points: Array) -> Seen:
        """Return what a picture with a face shows of it.

        Parameters
        ----------
        pixels : array, shape (height, width, 3)
            uint8; blue, green, red.
        points : array, shape (n_landmarks, 2)
            Places of the landmarks (x, y), as shares of the picture's width and height.
        """
        import cv2

        inside = float(((points >= 0) & (points <= 1)).all(axis=1).mean())
        height, width = pixels.shape[:2]
        places = points * (width, height)
        left, top = np.clip(np.floor(places.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
        right, bottom = np.clip(np.ceil(places.max(axis=0)), (left, top), (width - 1, height - 1)).astype(int)
        grey = cv2.cvtColor(pixels[top : bottom + 1, left : right + 1], cv2.COLOR_BGR2GRAY)
        places -= (left, top)
        face = cv2.mean(grey, _hull(grey, places[self._outline]))[0]
        left, right, mouth = (_deviation(grey, places[part]) / max(face, 1.0) for part in self._parts)
        return Seen(face / _WHITE, left, right, mouth, inside)

    def of_picture(self, pixels: Array) -> float:
        """Return the mean grey of a picture ``(height, width, 3)``, as a share of white."""
        import cv2

        return float(cv2.mean(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))[0]) / _WHITE


def _landmarks(connections: Any) -> list[int]:
    return sorted({index for one in connections for index in (one.start, one.end)})


def _deviation(grey: Array, places: Array) -> float:
    """Return the standard deviation of the grey around some landmarks; NaN where none of it is in the picture."""
    import cv2

    middle = places.mean(axis=0)
    mask = _hull(grey, (places - middle) * WIDER + middle)
    return float(cv2.meanStdDev(grey, mask=mask)[1][0, 0]) if mask.any() else np.nan


def _hull(grey: Array, places: Array) -> Array:
    """Return a mask of the convex hull of some places, uint8 of the picture's shape."""
    import cv2

    mask = np.zeros_like(grey)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(places).astype(np.int32)), 1)
    return mask
