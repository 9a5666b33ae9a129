"""Programs recorded from graphs, and the symbols that write them out."""
