"""Diagnosis: `autopsy` of what is not finite, and `lint` of what is and still looks wrong."""
