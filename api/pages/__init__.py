"""HTML for people, one file a noun."""
