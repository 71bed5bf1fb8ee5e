"""What must be right before a session starts: model, streams, units, channels, place on the disk."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from model.header import Header, fits, model_path, read_header
from pipeline.errors import BadInput
from pipeline.modalities import MODALITIES
from pipeline.records import StreamInfo
from pipeline.session.alarm_rules import EmotionRule
from pipeline.session.config import Match, Participant, SessionFile, StreamSettings
from pipeline.signals.participant import ParticipantProcessor
from pipeline.streams.discovery import NoStream, find
from pipeline.streams.inlet import Inlet, StreamLost

#: Below this a recording is refused.
MIN_FREE_BYTES = 1 << 30
#: So many streams are looked for at the same time.
_AT_ONCE = 16
#: A stream that was found has this long to answer (s); Ctrl-C is not heard meanwhile.
_ANSWER_S = 3.0


@dataclass(frozen=True)
class Check:
    """The answer to one question."""

    name: str
    ok: bool
    reason: str
    """What was found, in words; where `ok` is false, with what to do."""
    notice: str = ""
    """What every page must say because of it, for example that channels are interpolated."""


def check_offline(settings: SessionFile, recordings: Path) -> list[Check]:
    """Check what can be checked without a sensor: the model, whether it fits the session, the disk.

    Parameters
    ----------
    settings : SessionFile
        The session.
    recordings : Path
        Where it will be recorded.
    """
    return [*_check_model(settings), check_disk(recordings)]


def check_streams(settings: SessionFile) -> list[Check]:
    """Look for all streams of the session at once, at most its resolve timeout, and check what each says of itself."""
    answers = _look(settings)
    checks = []
    taken: dict[str, str] = {}
    for code, participant in settings.participants.items():
        found: dict[str, StreamInfo] = {}
        for name in participant.streams:
            check, info = answers[code, name]
            checks.append(check)
            if info is not None:
                found[name] = info
        checks += _check_apart(code, participant, found, taken)
        if found:
            checks.append(_check_processing(code, settings, found))
    return checks


def require(checks: list[Check], where: str) -> None:
    """Raise the first answer that is no.

    Raises
    ------
    BadInput
        A check failed; the sentence names `where`, the check and the mend.
    """
    for check in checks:
        if not check.ok:
            raise BadInput(f"{where}: {check.name}: {check.reason}")


def _check_model(settings: SessionFile) -> list[Check]:
    """Check the model, and that each alarm can sound with it."""
    try:
        header: Header = read_header(model_path(settings.model))
    except BadInput as error:
        return [Check("model", False, str(error))]
    misfit = fits(header, settings)
    if misfit is not None:
        return [Check("model", False, misfit.removeprefix("model: "))]
    model = Check("model", True, header.description)
    return [model, _check_alarms(settings, header)] if settings.alarms else [model]


def _check_alarms(settings: SessionFile, header: Header) -> Check:
    for number, rule in enumerate(settings.alarms):
        if isinstance(rule, EmotionRule) and rule.emotion not in header.emotions:
            known = ", ".join(header.emotions)
            return Check(f"alarms.{number}", False, f"emotion: the model knows no {rule.emotion!r}; use one of {known}")
        if rule.of_estimates and header.demonstration and not rule.demonstration:
            return Check(
                f"alarms.{number}",
                False,
                "rests on estimates of a demonstration model, which say nothing about this person; "
                "add `demonstration: true` to the rule if it is to sound nevertheless, or take it out",
            )
    return Check("alarms", True, f"{len(settings.alarms)} rules")


def check_disk(recordings: Path) -> Check:
    """Check that there is room for a recording."""
    folder = next(parent for parent in (recordings, *recordings.resolve().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        return Check(
            "disk", False, f"{folder} has {free / 1e9:.1f} GB free; a recording needs at least 1 GB, make room"
        )
    return Check("disk", True, f"{free / 1e9:.0f} GB free in {folder}")


def _look(settings: SessionFile) -> dict[tuple[str, str], tuple[Check, StreamInfo | None]]:
    """Return (participant, stream) -> the check of each stream and what was found."""
    wanted = {
        (code, name): stream
        for code, participant in settings.participants.items()
        for name, stream in participant.streams.items()
    }
    give_up = threading.Event()
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        try:
            looks = {
                (code, name): pool.submit(
                    _check_stream, f"{code}/{name}", name, stream, settings.resolve_timeout_s, give_up
                )
                for (code, name), stream in wanted.items()
            }
            return {place: look.result() for place, look in looks.items()}
        finally:
            give_up.set()  # after Ctrl-C, those that still look need not go on


def _check_stream(
    label: str, name: str, settings: StreamSettings, timeout: float, give_up: threading.Event
) -> tuple[Check, StreamInfo | None]:
    try:
        with _open(settings.match, timeout, give_up) as inlet:
            info = inlet.describe(name, settings.use, unit=settings.unit)
        settings.counter_in(info.ch_names)
        settings.check_rate(info)
    except NoStream as error:
        return Check(label, not settings.required, str(error)), None
    except (BadInput, StreamLost) as error:
        return Check(label, False, str(error)), None
    if settings.sfreq is not None and abs(info.sfreq - settings.sfreq) > 0.01 * settings.sfreq:
        reason = f"sfreq: {info.name!r} has {info.sfreq:g} Hz, expected {settings.sfreq:g} Hz; correct one of them"
        return Check(label, False, reason), None
    rate = f"{info.sfreq:g} Hz" if info.sfreq else "irregular"
    return Check(label, True, f"{info.name!r} on {info.host}: {len(info.ch_names)} channels, {rate}"), info


def _open(match: Match, timeout: float, give_up: threading.Event) -> Inlet:
    """Find a stream and open it; one that does not answer, as on a busy machine, is looked for once more."""
    try:
        return Inlet(find(match, timeout, give_up=give_up), timeout=_ANSWER_S)
    except StreamLost:
        return Inlet(find(match, timeout, give_up=give_up), timeout=_ANSWER_S)


def _check_apart(
    code: str, participant: Participant, found: dict[str, StreamInfo], taken: dict[str, str]
) -> list[Check]:
    """Check that no other participant's sensor is taken for this one's, since only one of them is switched on.

    Markers may serve all; and so may one device's stream, where `channels` says whose is which.
    """
    checks = []
    own = {}
    for name, info in found.items():
        settings = participant.streams[name]
        if settings.use not in MODALITIES or settings.channels is not None:
            continue
        if info.uid in taken:
            reason = f"{info.name!r} serves {taken[info.uid]} already; add what tells them apart (source_id) to `match`"
            checks.append(Check(f"{code}/{name}", False, reason))
        own[info.uid] = f"{code}/{name}"
    taken.update(own)
    return checks


def _check_processing(code: str, settings: SessionFile, found: dict[str, StreamInfo]) -> Check:
    """Set the participant's processors up as the session will, without a sample: that checks units and channels."""
    try:
        header = read_header(model_path(settings.model))
        streams = settings.participants[code].streams
        processor = ParticipantProcessor(
            {name: (info, streams[name]) for name, info in found.items() if streams[name].use in header.modalities},
            hop_s=settings.hop_s,
            lateness_s=settings.lateness_s,
            eeg_channels=header.eeg_channels,
            family=header.family,
        )
    except BadInput as error:
        return Check(f"{code} processing", False, str(error))
    notice = " ".join(processor.notices)
    return Check(f"{code} processing", True, notice or "units and channels fit", notice)
