"""What a gradient promises, beside what happens."""
