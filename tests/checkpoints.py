"""Checkpoints with something changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from safetensors.numpy import load_file, save_file

from model.header import ENTRY, read_header


def rewrite(
    path: Path,
    *,
    change_header: Callable[[dict[str, Any]], object] = lambda _header: None,
    change_tensors: Callable[[dict[str, Any]], object] = lambda _tensors: None,
) -> None:
    """Write a checkpoint again with something changed."""
    content = msgspec.json.decode(msgspec.json.encode(read_header(path)))
    tensors = load_file(path)
    change_header(content)
    change_tensors(tensors)
    save_file(tensors, path, metadata={ENTRY: msgspec.json.encode(content).decode()})


def owned_by(participant: str) -> Callable[[dict[str, Any]], object]:
    """Return the change that makes a model one participant's own."""
    personal = {
        "participant": participant, "trials": ["a", "b", "c"], "general_hash": "abc", "pull": 1.0, "general_kl": 0.2,
        "held_out_kl": 0.1,
    }  # fmt: skip
    return lambda header: header.update(personalized=personal)
