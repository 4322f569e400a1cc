package state

import "github.com/millstream/millstream/column"

// dictionary finds the groups of dictionary-encoded keys: each distinct value is looked up once a batch.
type dictionary struct {
	group []int32 // by code: the group, or unseen; all unseen between two calls
	codes []int32 // the codes that this batch has, in the order in which they first come
	found []int32 // by position in codes
	null  *column.Vector
}

const unseen = -1

func (d *dictionary) sizeBytes() int { return (cap(d.group) + cap(d.codes) + cap(d.found)) * 4 }

// lookupDict is Lookup for one key column with a dictionary.
func (t *Groups) lookupDict(key *column.Vector, rows []int32, n int, out []int32) {
	d := &t.dict
	for len(d.group) < key.Dict.Len {
		d.group = append(d.group, unseen)
	}
	codes, group := column.Values[int32](key), d.group
	d.codes = d.codes[:0]
	nulls := 0
	for i := range n {
		r := int32(i)
		if rows != nil {
			r = rows[i]
		}
		if key.Valid != nil && !key.Valid.Get(int(r)) {
			out[i] = unseen
			nulls++
			continue
		}
		c := codes[r]
		out[i] = c
		if group[c] == unseen {
			group[c] = 0 // whatever is not unseen
			d.codes = append(d.codes, c)
		}
	}
	if cap(d.found) < len(d.codes) {
		d.found = make([]int32, max(len(d.codes), 2*cap(d.found)))
	}
	d.found = d.found[:len(d.codes)]
	t.cols[0] = key.Dict
	t.lookupFlat(t.cols, d.codes, len(d.codes), d.found)
	for i, c := range d.codes {
		group[c] = d.found[i]
	}
	if nulls == 0 {
		for i, c := range out[:n] {
			out[i] = group[c]
		}
	} else {
		if d.null == nil {
			d.null = column.NewVector(key.Type, 1)
			d.null.AppendNull()
		}
		t.cols[0] = d.null
		t.lookupFlat(t.cols, nil, 1, t.one[:])
		null := t.one[0]
		for i, c := range out[:n] {
			if c == unseen {
				out[i] = null
			} else {
				out[i] = group[c]
			}
		}
	}
	for _, c := range d.codes {
		group[c] = unseen
	}
}
