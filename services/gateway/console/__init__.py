"""The console: the pages in which an agency sees, asks and proves."""
