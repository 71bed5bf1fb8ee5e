"""What the page says of a sensor's clock."""

from pipeline.records import StreamHealth

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
    word = "clock settling" if health.settling else "clock steady" if health.clock == _LSL else f"by {health.clock}"
    figures = []
    if health.drift_ppm is not None and not health.settling:
        figures.append(f"{health.drift_ppm:+.1f} ppm")
    if health.round_trip is not None:
        figures.append(f"round trip {1e3 * health.round_trip:.2f} ms")
    if health.irregularity is not None:
        figures.append(f"stamps ± {1e3 * health.irregularity:.1f} ms")
    return word, ", ".join(figures)
