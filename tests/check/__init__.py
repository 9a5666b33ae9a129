"""Checking on trial: verdicts on gradients whose rightness is known, and what strategies draw."""
