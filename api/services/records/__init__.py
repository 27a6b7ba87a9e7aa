"""The national Innovation Record: its schema and the four shapes in which it is read and written. Pure: no web, no database."""
