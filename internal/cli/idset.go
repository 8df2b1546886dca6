package cli

import (
	"hash/maphash"
	"slices"
)

// idSet counts ids that come again, by their hashes. For each id that is 8 bytes,
// for which the process needs some 20. Two ids of one hash count as one that came
// again: with 5 million ids in one of a million runs, with 100 million in one of
// thousands. Senders can't bring it about, as they don't know the seed.
type idSet struct {
	seed   maphash.Seed
	hashes [256][]uint64 // by the first byte: one slice would need twice as much memory to grow
}

func newIDSet() *idSet { return &idSet{seed: maphash.MakeSeed()} }

func (s *idSet) add(id string) {
	hash := maphash.String(s.seed, id)
	part := &s.hashes[hash>>56]
	*part = append(*part, hash)
}

// repeated returns how many ids had been there before.
func (s *idSet) repeated() (n int64) {
	for _, hashes := range s.hashes {
		slices.Sort(hashes)
		for i := 1; i < len(hashes); i++ {
			if hashes[i] == hashes[i-1] {
				n++
			}
		}
	}
	return n
}
