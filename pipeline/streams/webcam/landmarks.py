"""What MediaPipe's face landmarker sees in a picture: 52 blendshapes, the head's pose, and how well it is to be seen.

It is imported where it is used: only the extra ``webcam`` brings it.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.errors import BadInput
from pipeline.modalities import BLENDSHAPES, FACE_CHANNELS, FACE_SIGHT
from pipeline.records import Array
from pipeline.streams.closing import Closing
from pipeline.streams.webcam.sight import Sight

#: What is measured of each picture.
CHANNELS: Final = (*FACE_CHANNELS, *FACE_SIGHT)

_BRIGHTNESS: Final = CHANNELS.index("brightness")
_STDERR: Final = 2


class FaceLandmarks(Closing):
    """Follow one face from picture to picture.

    Parameters
    ----------
    model : Path
        See `pipeline.streams.webcam.model_file.face_model`.

    Raises
    ------
    BadInput
        The extra ``webcam`` is not installed.
    """

    def __init__(self, model: Path) -> None:
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise BadInput(f"the webcam needs the extra `webcam` ({error}); run `make install`") from error
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._mediapipe = mediapipe
        self._sight = Sight(vision.FaceLandmarksConnections)
        self._newest_ms = -1
        with _muted():
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
            self.measure(np.zeros((64, 64, 3), np.uint8), 0.0)  # what is said of the first picture is said of this one

    def measure(self, pixels: Array, time: float) -> Array:
        """Return `CHANNELS` for the next picture; without a face 0, its brightness, and NaN elsewhere.

        Parameters
        ----------
        pixels : array, shape (height, width, 3)
            uint8; blue, green, red. It is neither resized nor kept.
        time : float
            When it was taken (s), of any clock.

        Returns
        -------
        array, shape (64,)
            float32. Yaw, pitch and roll (degrees) are those of MediaPipe's face matrix ``Rz(roll) Ry(yaw) Rx(pitch)``;
            roll rises as the picture turns counter-clockwise. The place of the head (cm)
            assumes a camera with a vertical field of view of 63 degrees. The last five are those of `Sight`.
        """
        # MediaPipe wants milliseconds that rise.
        self._newest_ms = max(int(time * 1000), self._newest_ms + 1)
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels[:, :, ::-1])
        )
        seen = self._landmarker.detect_for_video(image, self._newest_ms)
        row = np.full(len(CHANNELS), np.nan, np.float32)
        if seen.face_blendshapes:
            shapes = {shape.category_name: shape.score for shape in seen.face_blendshapes[0]}
            points = np.array([(point.x, point.y) for point in seen.face_landmarks[0]])
            values = (*(shapes[name] for name in BLENDSHAPES), *_pose(seen.facial_transformation_matrixes[0]))
            row[:] = [1.0, *values, *self._sight.of_face(pixels, points)]
        else:
            row[0] = 0.0
            row[_BRIGHTNESS] = self._sight.of_picture(pixels)
        return row

    def close(self) -> None:
        """Release the model."""
        self._landmarker.close()


def _pose(matrix: Array) -> tuple[float, ...]:
    """Return yaw, pitch, roll (degrees) and x, y, z (cm) of a face's ``(4, 4)`` matrix."""
    yaw = math.atan2(-matrix[2, 0], math.hypot(matrix[0, 0], matrix[1, 0]))
    pitch = math.atan2(matrix[2, 1], matrix[2, 2])
    roll = math.atan2(matrix[1, 0], matrix[0, 0])
    x, y, z = matrix[:3, 3]
    return (math.degrees(yaw), math.degrees(pitch), math.degrees(roll), float(x), float(y), float(z))


@contextmanager
def _muted() -> Iterator[None]:
    """Keep off the terminal what MediaPipe's C++ says at its start; it has no setting for that, and reads none."""
    kept = os.dup(_STDERR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(nowhere)
        os.close(kept)
