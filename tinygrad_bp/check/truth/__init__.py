"""What a gradient should be, by ways that do not ask the engine."""
