"""The scorecard as a page to read and to print: one file, no script, nothing fetched."""
