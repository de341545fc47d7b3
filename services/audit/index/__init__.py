"""The index of entries by everything but the student: derived from the log, written behind it, and made again from it at any time."""
