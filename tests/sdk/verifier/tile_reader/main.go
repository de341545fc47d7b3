// A reader of tiled logs, as golang.org/x/mod makes one: `tile_reader FOLDER VKEY` believes every entry of the log in the folder (status 0),
// or says what is wrong with it (status 1). Hashes are believed as x/mod's TileHashReader gives them: whether it has shown that they are of
// the signed tree is its own affair, and what is tried here.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height, width = 8, 1 << 8

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: tile_reader FOLDER VKEY")
	}
	if err := believe(os.Args[1], os.Args[2]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func believe(folder, vkey string) error {
	tree, err := signed(folder, vkey)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, tiles(folder))
	for start := int64(0); start < tree.N; start += width {
		count := min(width, tree.N-start)
		entries, err := bundle(folder, start/width, int(count))
		if err != nil {
			return err
		}
		for n, entry := range entries {
			found, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, start+int64(n))})
			if err != nil {
				return err
			}
			if found[0] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d is another one", start+int64(n))
			}
		}
	}
	return nil
}

// signed gives the tree of the folder's checkpoint.
func signed(folder, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return tree, errors.New("a checkpoint of another log")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

type tiles string

func (folder tiles) Height() int { return height }

func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (folder tiles) ReadTiles(wanted []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range wanted {
		// C2SP's path is Go's without the height.
		name := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(folder), name))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// bundle gives the entries of a bundle, each behind its length.
func bundle(folder string, n int64, count int) (entries [][]byte, err error) {
	name := tlog.Tile{H: height, L: -1, N: n, W: count}.Path()
	name = strings.Replace(name, fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(folder, name))
	for err == nil && len(data) > 0 {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("a bundle breaks off")
		}
		length := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:length]), data[length:]
	}
	if err == nil && len(entries) != count {
		err = errors.New("a bundle of other entries")
	}
	return entries, err
}
