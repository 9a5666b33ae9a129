"""The suites of other engines, run on this one: `python3 -m tests.others NAME PATH`."""
