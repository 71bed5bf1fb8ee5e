"""LSL in and out: discovery, inlets, outlets, replay, the simulator's streams. The only room that imports pylsl."""
