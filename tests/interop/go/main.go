// SPDX-License-Identifier: Apache-2.0
// readlog opens a log exported by `coldca ledger export` with Go's checksum database packages alone: readlog FOLDER VKEY
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// folder reads tiles as C2SP tlog-tiles names them: Go's paths without the height.
type folder struct {
	path  string
	tiles map[tlog.Tile]bool
}

func (f *folder) Height() int { return 8 }

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(f.path, tilePath(tile)))
		if err != nil {
			return nil, err
		}
		f.tiles[tile] = true
		all = append(all, data)
	}
	return all, nil
}

func (f *folder) SaveTiles([]tlog.Tile, [][]byte) {}

func tilePath(tile tlog.Tile) string {
	if tile.L == -1 {
		return strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	}
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func openCheckpoint(path, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err, "the verifier key")
	data, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	must(err, "the checkpoint")
	signed, err := note.Open(data, note.VerifierList(verifier))
	must(err, "the checkpoint's signature")
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		must(fmt.Errorf("%q", signed.Text), "the checkpoint's text")
	}
	var size int64
	_, err = fmt.Sscanf(lines[1], "%d", &size)
	must(err, "the checkpoint's size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "the checkpoint's root")
	return tlog.Tree{N: size, Hash: root}
}

// entries returns the leaf hashes of all records, which must be JSON with the right number.
func entries(path string, size int64) []tlog.Hash {
	var leaves []tlog.Hash
	for first := int64(0); first < size; first += 256 {
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: 256}
		if size-first < 256 {
			tile.W = int(size - first)
		}
		data, err := os.ReadFile(filepath.Join(path, tilePath(tile)))
		must(err, "a bundle of records")
		for i := 0; i < tile.W; i++ {
			length := int(binary.BigEndian.Uint16(data))
			record := data[2 : 2+length]
			data = data[2+length:]
			var fields struct{ Seq int64 }
			must(json.Unmarshal(record, &fields), "a record")
			if fields.Seq != first+int64(i) {
				must(fmt.Errorf("record %d says %d", first+int64(i), fields.Seq), "a record")
			}
			leaves = append(leaves, tlog.RecordHash(record))
		}
		if len(data) != 0 {
			must(fmt.Errorf("%d bytes more", len(data)), "a bundle of records")
		}
	}
	return leaves
}

func main() {
	path, tree := os.Args[1], openCheckpoint(os.Args[1], os.Args[2])
	tiles := &folder{path: path, tiles: map[tlog.Tile]bool{}}
	reader := tlog.TileHashReader(tree, tiles)
	leaves := entries(path, tree.N)
	var indexes []int64
	for i := range leaves {
		indexes = append(indexes, tlog.StoredHashIndex(0, int64(i)))
	}
	hashes, err := reader.ReadHashes(indexes)
	must(err, "the tree's tiles")
	for i, leaf := range leaves {
		if !bytes.Equal(leaf[:], hashes[i][:]) {
			must(fmt.Errorf("record %d", i), "a record is not its leaf")
		}
	}
	random := rand.New(rand.NewSource(1))
	for i := 0; i < 1000; i++ {
		n := random.Int63n(tree.N)
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		must(err, "an inclusion proof")
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]), "an inclusion proof")
	}
	for i := 0; i < 100; i++ {
		old := 1 + random.Int63n(tree.N)
		root, err := tlog.TreeHash(old, reader)
		must(err, "an older root")
		proof, err := tlog.ProveTree(tree.N, old, reader)
		must(err, "a consistency proof")
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, root), "a consistency proof")
	}
	// Every tile on disk is one that was read and held against the checkpoint.
	count := 0
	must(filepath.Walk(filepath.Join(path, "tile"), func(name string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.Contains(name, "/entries/") {
			count++
		}
		return err
	}), "the tiles")
	if count != len(tiles.tiles) {
		must(fmt.Errorf("%d files, %d tiles of the tree", count, len(tiles.tiles)), "the tiles")
	}
	fmt.Printf("%d records, %d tiles, 1000 inclusion and 100 consistency proofs hold\n", tree.N, count)
}
