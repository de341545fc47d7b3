"""The chapters of the demo's story, one a file."""
