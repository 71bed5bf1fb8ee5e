"""What the webcam costs: CPU per frame of the whole of `helo webcam`, beside bare MediaPipe in the same run.

``python -m benchmarks.webcam VIDEO [--seconds S] [--patterns]``. *bare* decodes the video and calls MediaPipe's
face landmarker on each frame, as fast as it can; *helo webcam* is the real command, with a consumer, in the video's own
time. The two take turns.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import cv2
import mediapipe
import psutil
from mediapipe.tasks.python import BaseOptions, vision

from pipeline.session.config import Match
from pipeline.streams.discovery import find
from pipeline.streams.inlet import Inlet
from pipeline.streams.webcam.model_file import face_model

ROUNDS = 3


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def bare(video: Path, frames: int) -> float:
    """Return CPU seconds per frame of MediaPipe alone."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(face_model())),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    capture = cv2.VideoCapture(str(video))
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        begun = cpu_s(psutil.Process())
        for index in range(frames):
            read, pixels = capture.read()
            if not read:
                capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                read, pixels = capture.read()
            image = mediapipe.Image(
                image_format=mediapipe.ImageFormat.SRGB, data=cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            )
            landmarker.detect_for_video(image, index * 33)
        return (cpu_s(psutil.Process()) - begun) / frames


def ours(video: Path, seconds: float, name: str, options: list[str]) -> tuple[float, float, float]:
    """Return CPU seconds a frame of `helo webcam`, its share of a core, and the share of frames that it measured."""
    command = [sys.executable, "-m", "pipeline.cli.main", "webcam", "--video", str(video), "--name", name, *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        with Inlet(find(Match(name=name), 60.0)) as inlet:
            watched = psutil.Process(process.pid)
            while (pulled := inlet.pull(5.0)) is None:
                pass
            frames, begun, start = 0, cpu_s(watched), time.monotonic()
            first = last = float(pulled.times[-1])
            while time.monotonic() - start < seconds:
                if (pulled := inlet.pull(1.0)) is not None:
                    frames, last = frames + len(pulled.times), float(pulled.times[-1])
            used, took = cpu_s(watched) - begun, time.monotonic() - start
        process.terminate()
    return used / frames, used / took, frames / round((last - first) * 30)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("video", type=Path, help="of 30 frames a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--patterns", action="store_true", help="LBP-TOP, too")
    arguments = parser.parse_args()
    options = ["--patterns"] if arguments.patterns else []
    print("| round | bare (ms a frame) | helo webcam (ms a frame) | ratio | share of a core | frames measured |")
    print("|---|---|---|---|---|---|")
    for turn in range(ROUNDS):
        floor = bare(arguments.video, int(30 * arguments.seconds))
        each, core, measured = ours(arguments.video, arguments.seconds, f"helo-webcam-benchmark-{turn}", options)
        print(
            f"| {turn + 1} | {floor * 1e3:.2f} | {each * 1e3:.2f} | {each / floor:.2f} | {core:.2f} | {measured:.1%} |"
        )


if __name__ == "__main__":
    main()
