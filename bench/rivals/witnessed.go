package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// witnessed appends entries one by one to a log of Tessera's that publishes a checkpoint only once the policy's quorum has cosigned it, and
// prints the last one. The folder may have a log already: it goes on.
func witnessed(folder, key, policy string, entries int) {
	ctx := context.Background()
	signer, err := note.NewSigner(key)
	must(err)
	text, err := os.ReadFile(policy)
	must(err)
	witnesses, err := tessera.NewWitnessGroupFromPolicy(text)
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(folder, "tessera")})
	must(err)
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(1, 5*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond).WithWitnesses(witnesses, &tessera.WitnessOptions{Timeout: 5 * time.Second})
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(err)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 10*time.Millisecond)
	var checkpoint []byte
	for range entries {
		within, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, checkpoint, err = awaiter.Await(within, appender.Add(within, tessera.NewEntry(fmt.Appendf(nil, "entry of %d", time.Now().UnixNano()))))
		cancel()
		must(err)
	}
	must(shutdown(ctx))
	fmt.Print(string(checkpoint))
}
