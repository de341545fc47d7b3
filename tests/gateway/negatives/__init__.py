"""What must be refused, as data: a right request, how it is made wrong in one place, and how it is refused. One file for each module."""
