"""How things stand: records of which the newest counts, on the session's board or for whoever takes over.

Times are seconds on the host's LSL clock unless a field says otherwise.
"""

from pipeline.records import Array, Record, StreamInfo


class Alarm(Record, frozen=True, tag="alarm"):
    """What a rule of the session file watches for, while it is so."""

    key: str
    """Participant, number of the rule, and what else tells it from others."""
    participant: str
    text: str
    since: float
    """When it began to be so (s)."""
    sounds: bool
    """Whether it has been so for as long as the rule says."""


class Alarms(Record, frozen=True, tag="alarms"):
    """The alarms that sound now, written by the alarms worker."""

    sounding: tuple[Alarm, ...]


class StreamHealth(Record, frozen=True, tag="stream-health"):
    """How one stream is doing, reported by its reader."""

    stream: str
    """``<participant>/<stream>``, for example ``P001/eeg``."""
    state: str
    """waiting, receiving or lost."""
    sfreq: float
    delivered_hz: float | None
    """Samples a second over the last seconds, 0 for a stream that is lost; None where too little came to tell, and for
    irregular streams."""
    samples_received: int
    samples_lost: int | None
    """Between the first and the last sample received; None for irregular and droppable streams."""
    gaps: int
    last_sample: float | None
    """Time of the newest sample (s)."""
    offset: float
    """Clock offset in force (s)."""
    time: float
    """When this was reported (s)."""
    clock: str = ""
    """What the stamps are: ``LSL``, ``Unix time`` or ``a clock of its own``; empty before the first sample."""
    settling: bool = False
    """The clock offset is not well known yet."""
    drift_ppm: float | None = None
    """By how much the clock offset grows (microseconds a second)."""
    round_trip: float | None = None
    """How long question and answer to the source's clock take (s); None for stamps that are mapped by their arrival."""
    irregularity: float | None = None
    """Median deviation of the intervals between stamps from the nominal one (s); None for irregular streams."""


class ProcessHealth(Record, frozen=True, tag="process-health"):
    """How one process is doing, reported by the supervisor."""

    kind: str
    """reader, preprocess, infer, recorder, publisher, alarms, notes, store, dashboard, or the demo's simulator."""
    what: str
    """What it works on, for example ``P001/eeg``."""
    pid: int
    state: str
    """starting, running, restarting, failed (given up) or stopped."""
    restarts: int
    time: float


class Heartbeat(Record, frozen=True, tag="heartbeat"):
    """A worker's own proof that its main loop runs."""

    pid: int
    time: float
    """Of the loop's newest round (s)."""
    within_s: float
    """If the next one takes longer, it hangs (s)."""


class Published(Record, frozen=True, tag="published"):
    """How far a participant's estimates have been sent over LSL."""

    tick: int
    read: bool
    """Whether anybody was reading them."""


class Noted(Record, frozen=True, tag="noted"):
    """How far a session's notes have been sent over LSL."""

    event: str
    """Id of the newest event that was looked at."""
    read: bool
    """Whether anybody was reading them."""


class SessionInfo(Record, frozen=True, tag="session"):
    """What the session is, written once by the supervisor."""

    session: str
    participants: dict[str, dict[str, str]]
    """Participant -> stream -> use."""
    hop_s: float
    display: str
    notices: tuple[str, ...]
    """Sentences that every page shows."""
    started: float
    session_dir: str = ""
    alarms: bool = False
    """Whether there are rules for alarms."""
    notes: tuple[str, ...] = ()
    """What the hot keys of the control page note."""
    rating: str = ""
    """What is asked at the end of which trials, a `pipeline.session.ratings.Plan` as JSON; empty where nothing is."""


class ModelInfo(Record, frozen=True, tag="model"):
    """What the model is, written by the infer worker once it is warm."""

    emotions: tuple[str, ...]
    mean_label: Array
    model_hash: str
    description: str
    demonstration: bool
    """Trained on simulated participants: the screen must say so."""
    device: str
    family: str = "live"
    """Definition of its features."""
    devices: tuple[str, ...] = ()
    """Where it could run on this machine."""


class Chosen(Record, frozen=True, tag="chosen"):
    """Which model is to estimate, and where; written by the supervisor."""

    model: str
    """``shipped``, or a file."""
    device: str
    """As it was asked for: ``auto`` is the first that is there."""
    model_hash: str
    given: str
    """The session file's model."""
    folder: str
    """Where other models may lie."""

    def runs(self, model: ModelInfo | None) -> bool:
        """Return whether this is the model that runs, and there."""
        return model is not None and model.model_hash == self.model_hash and self.device in {"auto", model.device}


class Explained(Record, frozen=True, tag="explained"):
    """What the model made one estimate of; written by the infer worker while somebody asks for it."""

    tick: int
    time: float
    """Of the tick (s)."""
    plan: Array | None
    """Transport plan between the tokens of the physiological (rows) and of the behavioural representation (columns),
    float32 ``(n_tokens, n_tokens)``, 1 in sum; None for a model without transport."""
    carried: float
    """How much of the physiological tokens the model carries over by the plan: 1 is all of them."""
    correlation: Array
    """Learned correlation of the labels, float32 ``(n_emotions, n_emotions)``."""
    model_hash: str


class Asked(Record, frozen=True, tag="asked"):
    """Somebody looks at what a participant's estimates are made of."""

    time: float
    """When that was last so (s)."""


class Scalp(Record, frozen=True, tag="scalp"):
    """Where EEG channels lie as seen from above, nose up: the head is a circle of radius 1 about 0."""

    ch_names: tuple[str, ...]
    """The channels of the features."""
    sources: tuple[str, ...]
    """The stream's channels that are taken, by their names in the 10-20 system, in small letters."""
    found: tuple[int, ...]
    """For each of `ch_names` its place among `sources`, -1 where the stream lacks it."""
    places: Array
    """Of `ch_names`, to the right and to the front, float32 ``(n_channels, 2)``."""
    side: int
    """Points of the map from ear to ear."""
    weights: Array
    """What makes the map of the channels' values, row by row from the front left, float32
    ``(side * side, n_channels)``; without rows where there are too few channels for a map."""


class Taken(Record, frozen=True, tag="taken"):
    """How the processing takes a stream, written by the preprocess worker when it takes it up."""

    stream: str
    """The session file's name for it."""
    picks: tuple[int, ...]
    """The stream's channels that are taken."""
    ch_names: tuple[str, ...]
    """What the session file calls them."""
    unit: str
    scale: Array
    """What each is multiplied by to be in this unit, float64 ``(n_picks,)``."""
    shift: float
    """What is added then."""
    stamps: str
    """``dejitter``, ``as-is`` or ``regular``."""
    delay_s: float
    scalp: Scalp | None = None
    """Of EEG."""


class Snapshot(Record, frozen=True, tag="snapshot"):
    """Where a participant's preprocessing stands: one value, so that all of it belongs together."""

    time: float
    """When it was taken (s)."""
    read: dict[str, str]
    """Stream -> id of the last raw entry that the state has seen."""
    infos: dict[str, StreamInfo]
    """What the streams that the state belongs to say of themselves."""
    windows: dict[str, tuple[tuple[str, bytes], ...]]
    """Modality -> its newest windows, as entry id and encoded record: the store may lack them."""
    begun: float | None
    """The beginning of the recording that the state belongs to (s); None for one that was only looked at."""
    state: bytes
    """The processor's state, see `pipeline.signals.saved`."""


class Handover(Record, frozen=True, tag="handover"):
    """What a reader leaves to the one after it, with each pull: one value, so that all of it belongs together."""

    entries: tuple[tuple[str, bytes], ...]
    """The chunks that the pull brought, as entry id and encoded record: the store may lack them."""
    health: StreamHealth
    """How the stream did then, these samples counted."""
    info: StreamInfo | None
    """What the stream says of itself; None where that was left before, and holds."""
