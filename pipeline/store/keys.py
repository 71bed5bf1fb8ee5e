"""Names of everything that a session keeps in the store.

All keys of a session share the hash tag ``{session}``, so that Redis Cluster keeps them in one slot.
"""


def session(session: str) -> str:
    """Return what every key of a session begins with."""
    return f"helo:{{{session}}}:"


def owner(session: str) -> str:
    """Return the lease of the one run of a session; it does not begin as the session's other keys do."""
    return f"helo:{{{session}}}"


def raw(session: str, participant: str, stream: str) -> str:
    """Return the stream of `Chunk` records of one LSL stream."""
    return f"helo:{{{session}}}:{participant}:raw:{stream}"


def features(session: str, participant: str, modality: str) -> str:
    """Return the stream of `FeatureWindow` records of one modality."""
    return f"helo:{{{session}}}:{participant}:features:{modality}"


def estimates(session: str, participant: str) -> str:
    """Return the stream of a participant's `Estimate` records."""
    return f"helo:{{{session}}}:{participant}:estimates"


def explained(session: str, participant: str) -> str:
    """Return where it is kept what one of a participant's newest estimates was made of."""
    return f"helo:{{{session}}}:{participant}:explained"


def asked(session: str, participant: str) -> str:
    """Return where it is kept when somebody last asked for that."""
    return f"helo:{{{session}}}:{participant}:asked"


def published(session: str, participant: str) -> str:
    """Return where it is kept which of a participant's estimates have been sent over LSL."""
    return f"helo:{{{session}}}:{participant}:published"


def participant_of(key: str) -> str:
    """Return whose a key is: what stands between the session's part and the next colon."""
    return key.partition("}:")[2].partition(":")[0]


def read(stream: str) -> str:
    """Return the hash worker -> id of the last entry of a stream that it needs no more; `stream` is a key."""
    return f"{stream}:read"


def written(stream: str) -> str:
    """Return where it is kept when entries of a stream were written; `stream` is a key."""
    return f"{stream}:written"


def place(stream: str) -> str:
    """Return what a key names within its session, for messages: ``P001/raw/eeg``."""
    return stream.partition("}:")[2].replace(":", "/")


def streams(session: str, participant: str) -> str:
    """Return the hash stream -> `StreamInfo` of a participant."""
    return f"helo:{{{session}}}:{participant}:streams"


def taken(session: str, participant: str) -> str:
    """Return the hash stream -> `Taken` of a participant."""
    return f"helo:{{{session}}}:{participant}:taken"


def grid(session: str, participant: str) -> str:
    """Return where a participant's `Grid` is kept."""
    return f"helo:{{{session}}}:{participant}:grid"


def snapshot(session: str, participant: str) -> str:
    """Return where the `Snapshot` of a participant's preprocessing is kept."""
    return f"helo:{{{session}}}:{participant}:state"


def lease(session: str, participant: str, kind: str) -> str:
    """Return the lease of the one worker of a kind that works for a participant."""
    return f"helo:{{{session}}}:{participant}:lease:{kind}"


def fencing(session: str, participant: str, kind: str) -> str:
    """Return where a lease's fencing number is kept."""
    return f"{lease(session, participant, kind)}:number"


def events(session: str) -> str:
    """Return the stream of `Event` records."""
    return f"helo:{{{session}}}:events"


def commands(session: str) -> str:
    """Return the stream of `Command` records."""
    return f"helo:{{{session}}}:commands"


def answers(session: str) -> str:
    """Return the stream of `Answer` records: what came of the commands."""
    return f"helo:{{{session}}}:answers"


def recording(session: str) -> str:
    """Return where the `Recording` is kept."""
    return f"helo:{{{session}}}:recording"


def recorded(session: str) -> str:
    """Return where it is kept what has been `Recorded`."""
    return f"helo:{{{session}}}:recorded"


def alarms(session: str) -> str:
    """Return where it is kept which `Alarms` sound."""
    return f"helo:{{{session}}}:alarms"


def noted(session: str) -> str:
    """Return where it is kept which of a session's notes have been sent over LSL."""
    return f"helo:{{{session}}}:noted"


def health(session: str) -> str:
    """Return the hash of `ProcessHealth` and `StreamHealth` records."""
    return f"helo:{{{session}}}:health"


def info(session: str) -> str:
    """Return where the `SessionInfo` is kept."""
    return f"helo:{{{session}}}:info"


def chosen(session: str) -> str:
    """Return where it is kept which model is `Chosen`."""
    return f"helo:{{{session}}}:chosen"


def model(session: str) -> str:
    """Return where the `ModelInfo` is kept."""
    return f"helo:{{{session}}}:model"
