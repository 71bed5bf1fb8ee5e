"""Which LSL stream a participant's raw chunks are of: found late, wrong, or back as another one."""

from collections.abc import Mapping

from pipeline.errors import BadInput
from pipeline.records import Chunk, Event, StreamInfo
from pipeline.session.config import StreamSettings
from pipeline.signals.participant import ParticipantProcessor
from pipeline.store.connection import StoreLost
from pipeline.streams.clock import local_clock
from pipeline.workers.context import WorkerContext


class Sources:
    """Give the processor the streams that it can use, and say which it cannot.

    Parameters
    ----------
    context : WorkerContext
        With the participant.
    settings : mapping of str to StreamSettings
        The streams that are processed.
    processor : ParticipantProcessor
        What takes them up.
    infos : mapping of str to StreamInfo
        Those that it has taken up already.

    Attributes
    ----------
    infos : dict
        Stream -> what the stream that the processor has taken up says of itself.
    """

    def __init__(
        self,
        context: WorkerContext,
        settings: Mapping[str, StreamSettings],
        processor: ParticipantProcessor,
        infos: Mapping[str, StreamInfo],
    ) -> None:
        self.infos = dict(infos)
        self._context = context
        self._settings = settings
        self._processor = processor
        self._unusable: set[str] = set()
        self._segments: dict[str, int] = {}
        for stream in infos:
            self._tell(stream)

    def open_found(self) -> None:
        """Take up the streams that were found before the start.

        Raises
        ------
        BadInput
            A required one is not what its modality needs.
        """
        for stream, info in self._context.board.streams(self._context.participant).items():
            if stream in self._settings:
                self._open(stream, info)

    def seen(self, stream: str, segment: int) -> None:
        """Note that a segment is of the stream that the processor has taken up."""
        self._segments[stream] = segment

    def usable(self, stream: str, chunk: Chunk) -> bool:
        """Return whether a chunk can be processed; with each segment the stream may be another one.

        Raises
        ------
        StoreLost
            It cannot be known yet.
        """
        if chunk.segment != self._segments.get(stream):
            self._look_up(stream, chunk)
            self._segments[stream] = chunk.segment
        return stream not in self._unusable

    def _look_up(self, stream: str, chunk: Chunk) -> None:
        info = self._context.board.streams(self._context.participant).get(stream)
        if info is None:
            raise StoreLost(f"the reader of {stream} has not said yet what it is")
        known = self.infos.get(stream)
        if chunk.data.shape[1] != len(info.ch_names):
            self._refuse(stream, f"its samples have {chunk.data.shape[1]} channels, it says {len(info.ch_names)}")
        elif known is None or info.kind != known.kind:
            self._open(stream, info)
        else:
            self._unusable.discard(stream)

    def _open(self, stream: str, info: StreamInfo) -> None:
        """Take up a stream; a wrong one ends a session only if it is required, and at the start."""
        known = self.infos.get(stream)
        try:
            self._processor.open(stream, info)
        except BadInput as error:
            if self._settings[stream].required and known is None:
                raise
            self._refuse(stream, str(error))
            return
        self.infos[stream] = info
        self._unusable.discard(stream)
        self._tell(stream)
        if known is not None:
            self._say("gap", f"came back as another one: {_words(info)} instead of {_words(known)}", stream)

    def _tell(self, stream: str) -> None:
        self._context.board.put_taken(self._context.participant, self._processor.taken(stream))

    def _refuse(self, stream: str, why: str) -> None:
        self._unusable.add(stream)
        self._say("lost", f"is not used: {why}", stream)

    def _say(self, kind: str, what: str, stream: str) -> None:
        sentence = f"Stream {self._context.participant}/{stream} {what}."
        self._context.log.warning(sentence)
        self._context.board.append_event(Event(local_clock(), kind, sentence, "preprocess"))


def _words(info: StreamInfo) -> str:
    return f"{len(info.ch_names)} channels at {info.sfreq:g} Hz"
