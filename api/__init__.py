"""Who may do what: the shell around matching and record; the only place that knows both."""
