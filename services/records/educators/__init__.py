"""Micro-credentials of educators: a record type of their own, apart from every student's."""
