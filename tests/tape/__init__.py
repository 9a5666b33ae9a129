"""Tests of tapes, the source they are written as, and the machine code."""
