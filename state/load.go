package state

import "github.com/millstream/millstream/column"

// HashRows writes the hashes of the keys of some groups.
func (t *Groups) HashRows(groups []int32, out []uint64) { t.hasher.Hash(out, t.keys, groups) }

// Load fills an empty table with the first n rows of key columns: group i has the key of row i, whereas [Groups.Lookup] numbers keys of one rank late. If two
// rows have the same key, of which only differ says that there are none, it leaves the table empty and returns false.
func (t *Groups) Load(keys []*column.Vector, n int, differ bool) bool {
	keys = t.flatten(keys)
	hash, out := make([]uint64, n), make([]int32, n)
	t.hasher.Hash(hash, keys, nil)
	for i, k := range t.keys {
		if keys[i].Len == n {
			k.AppendRows(keys[i], nil)
		} else if n > 0 {
			k.AppendRows(keys[i], firstRows(nil, n))
		}
	}
	t.n = n
	t.pack()
	if n > maxTable/8*3 {
		t.index = slots{parts: makeParts(n)}
	}
	if differ {
		for g, h := range hash {
			t.index.insert(rankOf(h), int32(g))
		}
		return true
	}
	for at := 0; at < n; at++ {
		// As a rule no key has the rank of another.
		for end := at + t.index.seek(hash[at:], out[at:]); at < end; at++ {
			if t.seekOne(keys, at, hash[at]) != None {
				t.Reset()
				return false
			}
			t.index.insert(rankOf(hash[at]), int32(at))
		}
		if at < n {
			t.index.insert(rankOf(hash[at]), int32(at))
		}
	}
	return true
}
