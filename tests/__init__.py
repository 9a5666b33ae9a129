"""What is true of tinygrad_bp; `python3 tests` checks it."""
