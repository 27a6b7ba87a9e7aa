"""The walk: one file a step, one sentence each; services flush and never commit."""
