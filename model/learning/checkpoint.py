"""Checkpoints: one safetensors file with weights, normalisation and header."""

from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from model.distance import TENSORS, Distance
from model.header import ENTRY, Header, read_header
from model.learning.distance import distance_tensors
from model.network.build import build_network
from model.network.helo import HeLo
from model.network.released import ReleasedHeLo
from pipeline.errors import BadInput


def save_network(path: Path, network: HeLo | ReleasedHeLo, header: Header, distances: dict[str, Distance]) -> None:
    """Write a checkpoint; the folder is made when it is missing.

    Parameters
    ----------
    path : Path
        The file.
    network : HeLo or ReleasedHeLo
        Its state dictionary holds weights, normalisation and prior.
    header : Header
        What the model is.
    distances : dict of str to Distance
        From the training data, by modality.

    Raises
    ------
    BadInput
        It cannot be written there.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    tensors |= {name: torch.from_numpy(array) for name, array in distance_tensors(distances).items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, path, metadata={ENTRY: msgspec.json.encode(header).decode()})
    except (OSError, SafetensorError) as error:
        raise BadInput(f"--out: {path}: cannot be written ({error}); make room, or give another place") from error


def load_network(path: Path) -> tuple[HeLo | ReleasedHeLo, Header]:
    """Read a checkpoint.

    Raises
    ------
    BadInput
        The header is refused, or a tensor is missing, too many, or of another shape than the header's network has.
    """
    header = read_header(path)
    shapes = {name: modality.shape for name, modality in header.modalities.items()}
    network = build_network(header.network, shapes, len(header.emotions))
    expected = network.state_dict()
    apart = {tensor.format(name) for name in header.modalities for tensor in TENSORS}
    found = {name: tensor for name, tensor in load_file(path).items() if name not in apart}
    differing = sorted(expected.keys() ^ found.keys())
    if differing:
        where = "is missing" if differing[0] in expected else "belongs to no part of the network"
        raise BadInput(f"{path}: tensor {differing[0]} {where}; make the model again by `helo train`")
    for name, tensor in found.items():
        if tensor.shape != expected[name].shape:
            raise BadInput(
                f"{path}: tensor {name} is {tuple(tensor.shape)}, not {tuple(expected[name].shape)}; "
                "make the model again by `helo train`"
            )
    network.load_state_dict(found)
    return network, header
