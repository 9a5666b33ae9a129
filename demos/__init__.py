"""One program per idea; `python3 demos` runs them all. Start with `gallery.py`."""
