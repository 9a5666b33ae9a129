"""From a graph or a tape to its picture."""
