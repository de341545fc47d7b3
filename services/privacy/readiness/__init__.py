"""The readiness scorecard: questions, measures of the running node, attestations, and the scores that follow from them."""
