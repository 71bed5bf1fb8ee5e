"""Keys are told apart, and those of one session share its hash tag."""

from pipeline.store import keys


def test_keys_are_those_of_the_design():
    assert keys.raw("demo", "P001", "eeg") == "helo:{demo}:P001:raw:eeg"
    assert keys.features("demo", "P001", "EEG") == "helo:{demo}:P001:features:EEG"
    assert keys.estimates("demo", "P001") == "helo:{demo}:P001:estimates"
    assert keys.events("demo") == "helo:{demo}:events"
    assert keys.commands("demo") == "helo:{demo}:commands"
    assert keys.health("demo") == "helo:{demo}:health"


def test_no_two_keys_are_alike():
    of_session = [getattr(keys, name)("s") for name in ("events", "commands", "health", "info", "model")]
    of_participant = [getattr(keys, name)("s", "P") for name in ("estimates", "streams", "grid")]
    every = [*of_session, *of_participant, keys.raw("s", "P", "x"), keys.features("s", "P", "x")]
    assert len(set(every)) == len(every)
    assert all("{s}" in key for key in every)
