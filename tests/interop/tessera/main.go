// SPDX-License-Identifier: Apache-2.0
// tlogclient reads a log exported by `coldca ledger export` with a client of such logs that many run, Tessera's, and its fsck: tlogclient
// FOLDER VKEY-FILE [OLDER-CHECKPOINT]
package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

// inclusions proves records at random places, each read from its bundle.
func inclusions(ctx context.Context, files client.FileFetcher, tree *log.Checkpoint, count int) {
	builder, err := client.NewProofBuilder(ctx, tree.Size, files.ReadTile)
	must(err, "the tree")
	random := rand.New(rand.NewSource(2))
	for i := 0; i < count; i++ {
		index := uint64(random.Int63n(int64(tree.Size)))
		bundle, err := client.GetEntryBundle(ctx, files.ReadEntryBundle, index/256, tree.Size)
		must(err, "a bundle of records")
		leaf := rfc6962.DefaultHasher.HashLeaf(bundle.Entries[index%256])
		path, err := builder.InclusionProof(ctx, index)
		must(err, "an inclusion proof")
		must(proof.VerifyInclusion(rfc6962.DefaultHasher, index, tree.Size, leaf, path, tree.Hash), "an inclusion proof")
	}
}

// follow is what who watches a log does: it knows an older checkpoint and takes the newer one only if that continues it.
func follow(ctx context.Context, files client.FileFetcher, key note.Verifier, older []byte) {
	tracker, err := client.NewLogStateTracker(ctx, files.ReadTile, older, key, key.Name(), client.UnilateralConsensus(files.ReadCheckpoint))
	must(err, "the older checkpoint")
	before, path, newer, err := tracker.Update(ctx)
	must(err, "following the log")
	now, err := files.ReadCheckpoint(ctx)
	must(err, "the checkpoint")
	if !bytes.Equal(before, older) || !bytes.Equal(newer, now) {
		must(fmt.Errorf("%d hashes lead to another checkpoint", len(path)), "following the log")
	}
}

func main() {
	ctx := context.Background()
	files := client.FileFetcher{Root: os.Args[1]}
	vkey, err := os.ReadFile(os.Args[2])
	must(err, "the verifier key")
	key, err := fnote.NewVerifier(strings.TrimSpace(string(vkey)))
	must(err, "the verifier key")
	must(fsck.New(key.Name(), key, files, leafHashes, fsck.Opts{N: 2}).Check(ctx), "fsck")
	tree, _, _, err := client.FetchCheckpoint(ctx, files.ReadCheckpoint, key, key.Name())
	must(err, "the checkpoint")
	inclusions(ctx, files, tree, 100)
	if len(os.Args) > 3 {
		older, err := os.ReadFile(os.Args[3])
		must(err, "the older checkpoint")
		follow(ctx, files, key, older)
	}
	fmt.Printf("tessera: %d records accepted\n", tree.Size)
}
