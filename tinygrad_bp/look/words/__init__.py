"""What every view says in the same words: text, names, formulas, columns."""
