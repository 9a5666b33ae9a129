"""`autopsy`: what made a number that is not finite, where, and how it spread."""
