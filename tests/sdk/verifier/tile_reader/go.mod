// As it is since golang.org/x/mod shows of every tile that it is of the signed tree.
module safepassage.example/tests/tile_reader

go 1.25.0

require golang.org/x/mod v0.40.0
