"""A participant's processor state as bytes and back, bit for bit; never pickle."""

from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np

from pipeline.arrays import from_plain, to_plain
from pipeline.records import Array
from pipeline.signals.extractor_state import ExtractorState
from pipeline.signals.participant import ParticipantState

#: First byte of every saved state; it changes when a state's fields, or their meaning, do.
VERSION: Final = 4


def encode_state(state: ParticipantState) -> bytes:
    """Return a state as bytes; of the samples only those that windows still need."""
    extractors = {stream: _compact(extractor) for stream, extractor in state.extractors.items()}
    return bytes([VERSION]) + _encoder.encode(replace(state, extractors=extractors))


def decode_state(data: bytes) -> ParticipantState:
    """Return the state that `encode_state` made bytes of.

    Raises
    ------
    ValueError
        The bytes are of another version, cut off, or no state at all.
    """
    if data[:1] != bytes([VERSION]):
        raise ValueError(f"a saved state begins with byte {VERSION}, found {data[:1]!r}")
    try:
        return _decoder.decode(memoryview(data)[1:])
    except msgspec.DecodeError as error:
        raise ValueError(f"is no saved state: {error}") from error


def _compact(state: ExtractorState) -> ExtractorState:
    return state if state.buffer is None else replace(state, buffer=state.buffer.compact())


def _own_array(kind: Any, value: Any) -> Array:
    """Return a decoded array that may be written to, as those of a running processor are."""
    return np.array(from_plain(kind, value))


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=to_plain)
_decoder: Final = msgspec.msgpack.Decoder(ParticipantState, dec_hook=_own_array)
