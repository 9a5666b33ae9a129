"""A picture as data, and how it is laid out and written."""
