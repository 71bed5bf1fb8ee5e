"""Which processor of the family serves a stream."""

from pipeline.errors import BadInput
from pipeline.modalities import Modality
from pipeline.records import StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.dmer.eeg import DmerEegProcessor
from pipeline.signals.dmer.face import DmerFaceProcessor
from pipeline.signals.dmer.gsr import DmerGsrProcessor
from pipeline.signals.dmer.ppg import DmerPpgProcessor
from pipeline.signals.processor import ModalityProcessor


def dmer_processor(
    modality: Modality,
    ch_names: tuple[str, ...],
    info: StreamInfo,
    settings: StreamSettings,
    eeg_channels: tuple[str, ...],
) -> ModalityProcessor:
    """Return the processor for a stream.

    Parameters
    ----------
    modality : str
        What the stream serves.
    ch_names : tuple of str
        Its channels, as the session file picks and names them.
    info : StreamInfo
        What it says of itself.
    settings : StreamSettings
        What the session file says of it.
    eeg_channels : tuple of str
        The model's EEG channels.

    Raises
    ------
    BadInput
        The stream cannot give the features.
    """
    if modality == "Face":
        return DmerFaceProcessor(ch_names)
    if settings.stamps == "as-is" or info.can_drop_samples:
        raise BadInput(
            f"stamps: the model's features of {modality} are made of a fixed number of samples; "
            "use `dejitter` or `regular`, and a stream that drops none"
        )
    match modality:
        case "EEG":
            return DmerEegProcessor(ch_names, info.sfreq, eeg_channels)
        case "GSR":
            return DmerGsrProcessor(info.sfreq)
        case "PPG":
            return DmerPpgProcessor(info.sfreq)
    raise BadInput(f"use: DMER's features have no {modality}; set `use: record`, or choose another model")
