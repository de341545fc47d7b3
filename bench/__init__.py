"""What is measured, as rates and ratios in one run; never a test. `make bench` prints, docs/performance.md explains."""
