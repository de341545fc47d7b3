"""AuthZEN Authorization API 1.0 beside our own API: other systems' enforcement points ask the same rules, on the same facts.

What they send is ids. A question leaves a decision on record and an entry in the log like any other, whatever its answer.
"""
