"""JSON for systems, one file a noun."""
