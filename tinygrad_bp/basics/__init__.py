"""Small things that all rooms use: the door for numbers, words, lines, structures, escapes."""
