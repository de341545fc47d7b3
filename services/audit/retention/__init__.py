"""How long what is sealed of the log is kept, what keeps it longer, and how it is destroyed so that no copy of the store opens it."""
