"""Redis: the embedded server, codec, ring buffers, writers, health. The only room that imports redis."""
