"""The webcam: pictures come in, numbers go out, and no picture leaves the process."""
