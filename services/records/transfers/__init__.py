"""A transfer beside its record: evidence of both sides, claims that meet, notices between the states."""
