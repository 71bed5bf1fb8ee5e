"""What the page says of a sensor's clock."""

from pipeline.states import StreamHealth

_LSL = "LSL"


def sentence(name: str, health: StreamHealth) -> str:
    """Return what an operator should know of a stream's clock; nothing where all is as it should be.

    Parameters
    ----------
    name : str
        What the page calls the stream.
    health : StreamHealth
        How it is doing.
    """
    if health.clock and health.clock != _LSL:
        settling = ", which is settling" if health.settling else ""
        return f"{name} stamps by {health.clock}; its samples are timed by their arrival{settling}."
    return f"{name}: clock settling; its times may still shift by a millisecond." if health.settling else ""


def cell(health: StreamHealth | None) -> tuple[str, str]:
    """Return what the table says of a stream's clock: in a word, and in figures."""
    if health is None or not health.clock:
        return "", ""
    word = "settling" if health.settling else "steady" if health.clock == _LSL else f"by {health.clock}"
    # The offset of a clock that is mapped by arrival says when its device was switched on, and no more.
    figures = [_milliseconds(health.offset)] if health.clock == _LSL else []
    if health.drift_ppm is not None and not health.settling:
        figures.append(f"{health.drift_ppm:+.1f} ppm")
    if health.round_trip is not None:
        figures.append(f"round trip {1e3 * health.round_trip:.2f} ms")
    if health.irregularity is not None:
        figures.append(f"stamps ± {1e3 * health.irregularity:.1f} ms")
    return word, ", ".join(figures)


def _milliseconds(seconds: float) -> str:
    return f"{seconds:+.1f} s" if abs(seconds) >= 10 else f"{1e3 * seconds:+.2f} ms"
