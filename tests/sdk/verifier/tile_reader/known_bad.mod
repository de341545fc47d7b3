// Known bad: up to x/mod 0.39 some tiles of the tree are believed without being compared with what is above them (CVE-2026-56865).
module safepassage.example/tests/tile_reader

go 1.21.0

require golang.org/x/mod v0.7.0
