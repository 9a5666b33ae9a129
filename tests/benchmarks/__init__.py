"""Speed and memory, side by side with other engines; `python3 -m tests.benchmarks`."""
