package state

import (
	"math/rand/v2"
	"testing"

	"github.com/millstream/millstream/column"
)

// Snapshots hold key groups, so these may never change.
func TestKeyGroupIsStable(t *testing.T) {
	for _, test := range []struct {
		hash   uint64
		groups int
		want   int
	}{
		{0, 128, 0},
		{1, 128, 79},
		{1, 1, 0},
		{1<<64 - 1, 128, 48},
		{0xdeadbeefcafebabe, 128, 7},
		{0xdeadbeefcafebabe, 32768, 1910},
	} {
		if got := KeyGroup(test.hash, test.groups); got != test.want {
			t.Errorf("KeyGroup(%#x, %d) = %d, want %d", test.hash, test.groups, got, test.want)
		}
	}
}

func TestKeyGroupsAreEven(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	counts := make([]int, 128)
	for range 128 * 1000 {
		counts[KeyGroup(random.Uint64(), len(counts))]++
	}
	for g, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("group %d has %d keys of about 1000", g, n)
		}
	}
}

// Every group has one subtask, subtasks have ranges of groups, and none has more than one group more than another.
func TestTargets(t *testing.T) {
	for _, groups := range []int{1, 7, 128} {
		for parallelism := 1; parallelism <= groups; parallelism++ {
			counts, last := make([]int, parallelism), 0
			for g := range groups {
				s := Target(g, groups, parallelism)
				if s < last {
					t.Fatalf("group %d of %d belongs to subtask %d of %d, the one before to %d", g, groups, s, parallelism, last)
				}
				last = s
				counts[s]++
			}
			for s, n := range counts {
				if n < groups/parallelism || n > groups/parallelism+1 {
					t.Errorf("subtask %d of %d has %d of %d groups", s, parallelism, n, groups)
				}
			}
		}
	}
}

// A key has one hash, whether its column has a dictionary or not and however rows are chosen.
func TestKeyHasher(t *testing.T) {
	text := column.NewVector(column.Str(), 0)
	dict := column.NewVector(column.Str(), 0)
	for _, s := range []string{"short", "a text too long to be held in a view"} {
		dict.AppendString(s)
	}
	coded := column.NewVector(column.Str(), 0)
	coded.Dict = dict
	coded.Resize(100)
	number := column.NewVector(column.Of(column.BigInt), 0)
	for i := range 100 {
		code := int32(i * 7 % 2)
		text.AppendBytes(dict.BytesAt(int(code)))
		column.Values[int32](coded)[i] = code
		column.Append(number, int64(i%5))
	}
	var h KeyHasher
	plain, fromDict, picked := make([]uint64, 100), make([]uint64, 100), make([]uint64, 3)
	h.Hash([]*column.Vector{text, number}, nil, plain)
	h.Hash([]*column.Vector{coded, number}, nil, fromDict)
	h.Hash([]*column.Vector{coded, number}, []int32{3, 50, 99}, picked)
	distinct := map[uint64]bool{}
	for i := range plain {
		if plain[i] != fromDict[i] {
			t.Errorf("row %d: hash %x, with a dictionary %x", i, plain[i], fromDict[i])
		}
		distinct[plain[i]] = true
	}
	if len(distinct) != 10 {
		t.Errorf("10 keys have %d hashes", len(distinct))
	}
	for i, r := range []int{3, 50, 99} {
		if picked[i] != plain[r] {
			t.Errorf("row %d: hash %x alone, %x among others", r, picked[i], plain[r])
		}
	}
	groups := NewGroups([]column.Type{column.Str(), column.Of(column.BigInt)})
	out := make([]int32, 100)
	groups.Lookup([]*column.Vector{text, number}, nil, 100, out)
	for i, g := range out {
		if groups.Hashes()[g] != plain[i] {
			t.Errorf("row %d: hash %x, in a table of groups %x", i, plain[i], groups.Hashes()[g])
		}
	}
}
