"""How alike? Text in, ranked and explained candidates out; no web, no database, no queue."""
