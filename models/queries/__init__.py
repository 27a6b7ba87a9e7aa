"""Every SELECT, one file a noun."""
