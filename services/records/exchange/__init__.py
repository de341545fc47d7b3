"""The exchange between two nodes: a request, its answer, its receipts, and the state machines that lose none of them (decisions 1 to 6).

The requester asks, and takes the answer in; the holder answers, and takes the receipts in.
"""
