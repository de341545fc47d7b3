"""Other people's formats and our record: their shapes, and only that. Pure: bytes in, records and findings out."""
