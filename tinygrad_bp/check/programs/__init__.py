"""Programs over the table, drawn and printed."""
