"""The project itself: how it starts, and how its files hang together."""
