"""How well children are told apart: training, the threshold, and the report."""
