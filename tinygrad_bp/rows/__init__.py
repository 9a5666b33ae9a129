"""What an operation is: the table, one row for each, and the operators that apply it."""
