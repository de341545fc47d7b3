"""Documents of a student's record: what is taken, how it is examined, how it is kept."""
