"""Records of one node that may be of one child: Splink scores pairs, rules say what may follow, and a person has the last word in doubt."""
