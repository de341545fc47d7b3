// Two other tamper-evident logs under the same load as ours: `rivals tessera|immudb FOLDER ENTRIES BYTES BATCH` prints entries per second.
// `rivals witnessed FOLDER KEY POLICY ENTRIES` is one of them whose checkpoints our node witnesses (witnessed.go).
//
// Tessera's POSIX driver counts an entry when a checkpoint covers it, as we do; immudb's embedded store with sync on when its transaction
// is committed (its accumulative hash and its tree are part of that, a signed state is not).
package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/codenotary/immudb/embedded/logger"
	"github.com/codenotary/immudb/embedded/store"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if len(os.Args) == 6 && os.Args[1] == "witnessed" {
		witnessed(os.Args[2], os.Args[3], os.Args[4], number(os.Args[5]))
		return
	}
	if len(os.Args) != 6 {
		log.Fatal("rivals tessera|immudb FOLDER ENTRIES BYTES BATCH")
	}
	which, folder := os.Args[1], os.Args[2]
	entries, size, batch := number(os.Args[3]), number(os.Args[4]), number(os.Args[5])
	append_ := map[string]func(string, [][]byte, int) time.Duration{"tessera": withTessera, "immudb": withImmudb}[which]
	if append_ == nil {
		log.Fatalf("no such log: %s", which)
	}
	took := append_(folder, contents(entries, size), batch)
	fmt.Printf("%.0f\n", float64(entries)/took.Seconds())
}

func withTessera(folder string, contents [][]byte, batch int) time.Duration {
	ctx := context.Background()
	private, _, err := note.GenerateKey(rand.Reader, "bench.example/log")
	must(err)
	signer, err := note.NewSigner(private)
	must(err)
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(folder, "tessera")})
	must(err)
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer).WithBatching(uint(batch), 5*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond).WithPushback(uint(len(contents) + 1))
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	must(err)
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 2*time.Millisecond)
	began := time.Now()
	futures := make([]tessera.IndexFuture, len(contents))
	for at, content := range contents {
		futures[at] = appender.Add(ctx, tessera.NewEntry(content))
	}
	for _, future := range futures[:len(futures)-1] {
		_, err := future()
		must(err)
	}
	_, _, err = awaiter.Await(ctx, futures[len(futures)-1])
	must(err)
	took := time.Since(began)
	must(shutdown(ctx))
	return took
}

func withImmudb(folder string, contents [][]byte, batch int) time.Duration {
	ctx := context.Background()
	quiet := logger.NewSimpleLoggerWithLevel("immudb", os.Stderr, logger.LogError)
	options := store.DefaultOptions().WithSynced(true).WithMaxTxEntries(batch).WithLogger(quiet)
	immu, err := store.Open(filepath.Join(folder, "immudb"), options)
	must(err)
	began := time.Now()
	for start := 0; start < len(contents); start += batch {
		transaction, err := immu.NewWriteOnlyTx(ctx)
		must(err)
		for at := start; at < min(start+batch, len(contents)); at++ {
			must(transaction.Set(binary.BigEndian.AppendUint64(nil, uint64(at)), nil, contents[at]))
		}
		_, err = transaction.Commit(ctx)
		must(err)
	}
	took := time.Since(began)
	must(immu.Close())
	return took
}

// contents are different from one another, as entries are.
func contents(entries, size int) [][]byte {
	all := make([]byte, entries*size)
	_, err := rand.Read(all)
	must(err)
	found := make([][]byte, entries)
	for at := range found {
		found[at] = all[at*size : (at+1)*size]
	}
	return found
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
