"""The engine on trial, beside a naive model of it."""
