package state

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Rows holds whole rows by key. Rows stand in columns in the order in which they came, as in a log; those of one key, which is a group
// of a [Groups], are a list in that order. A row that was removed keeps its place until Compact, so that row numbers hold across a
// batch and whatever was emitted of a row may be gathered late. Key columns are not stored twice: they are those of the groups.
//
// Several Rows may share their groups. Nothing in it is a pointer but the columns themselves.
type Rows struct {
	spec  RowsSpec
	keys  *Groups
	place []int // by column of a row: its position in cols, or ^k for key column k
	cols  []cells
	texts bool    // there are columns of texts
	gone  []int32 // rows removed whose texts are still there
	lists rowLists
	n     int // rows appended
	dead  column.Bitmap
	live  int
	// Marks is a number by row that its owner may use: how many rows of another table it belongs to, say. Only with RowsSpec.Marks. Touch comes before a change
	// of what is not new.
	Marks []int32
	since []int64 // by row, ascending: when it came; only with RowsSpec.Timed
	old   int     // rows before this one have been expired
	order Recency // groups with rows, by when their last row came; only with RowsSpec.Ordered
	index rowIndex
	track Tracker
	parts int // key groups, of CopyRows

	picks  column.Picks // owners of rows to gather
	from   []int32      // rows to append, and what they become
	to     []int32
	hasher kernel.Hasher
	cover  []*column.Vector
}

// RowsSpec says what a table of rows holds.
type RowsSpec struct {
	Types []column.Type // of a row's columns
	Keys  []int         // the columns that are the key, in the order of the groups' keys
	// Identity, unless nil, are columns by which a row can be found again; see Rows.Find. Those that are keys may be left out.
	Identity []int
	Marks    bool
	Timed    bool // rows have the time of their coming and may be expired by it
	// Ordered keeps the groups in the order in which their last rows came, so that Evict finds those that have not changed for the longest. It goes with Timed, by
	// which Restore finds the order again.
	Ordered  bool
	Unlisted bool // rows of a group are counted and not listed: AppendGroup, First, Pairs and Evict are for tables that list them
}

// NewRows returns an empty table of rows.
func NewRows(keys *Groups, spec RowsSpec) *Rows {
	t := &Rows{spec: spec, keys: keys, place: make([]int, len(spec.Types))}
	key := make(map[int]int, len(spec.Keys))
	for k, c := range spec.Keys {
		if _, twice := key[c]; !twice {
			key[c] = k
		}
	}
	for c, typ := range spec.Types {
		if k, ok := key[c]; ok {
			t.place[c] = ^k
			continue
		}
		t.place[c] = len(t.cols)
		t.cols = append(t.cols, makeCells(typ))
		t.texts = t.texts || typ.Layout() == column.LayoutView
	}
	t.lists.init(spec.Unlisted)
	t.index.init(t)
	return t
}

// Len returns the number of rows ever appended since the last Compact: the next row gets this number.
func (t *Rows) Len() int { return t.n }

// Live returns the number of rows that are linked and not removed.
func (t *Rows) Live() int { return t.live }

// Alive reports whether row r is linked and not removed.
func (t *Rows) Alive(r int32) bool { return !t.dead.Get(int(r)) && t.lists.owner(r) >= 0 }

// Owner returns the group of a row.
func (t *Rows) Owner(r int32) int32 { return t.lists.owner(r) }

// Count returns the number of rows of a group.
func (t *Rows) Count(g int32) int { return t.lists.count(g, t.dead) }

// First returns the oldest row of a group, None if there is none.
func (t *Rows) First(g int32) int32 { return t.lists.first(g, t.dead) }

// Append adds the values of n rows of a batch's columns, rows[i] or row i where rows is nil, and returns the number of the first. Rows count
// once they are linked. now is their time, not before that of any other row.
func (t *Rows) Append(cols []*column.Vector, rows []int32, n int, now int64) int32 {
	first := t.n
	if n > 0 && len(t.cols) > 0 {
		t.store(cols, rows, n)
	}
	t.n += n
	t.lists.appended(n)
	t.dead = t.dead.Grow(t.n)
	if t.spec.Marks {
		t.Marks = extend(t.Marks, n, 0)
	}
	if t.spec.Timed {
		t.since = extend(t.since, n, now)
	}
	t.index.grow(n)
	return int32(first)
}

// store is the part of Append that copies values.
func (t *Rows) store(cols []*column.Vector, rows []int32, n int) {
	listed := rows
	if rows == nil {
		t.from = firstRows(t.from, n)
		listed = t.from
	}
	t.to = t.to[:0]
	for i := range n {
		t.to = append(t.to, int32(t.n+i))
	}
	for c, p := range t.place {
		switch {
		case p < 0:
		case rows == nil && cols[c].Len == n && t.cols[p].long == nil:
			t.cols[p].v.AppendRows(cols[c], nil)
		default:
			t.cols[p].add(cols[c], listed, t.to)
		}
	}
}

// firstRows returns the list 0 … n-1 in the memory of list.
func firstRows(list []int32, n int) []int32 {
	for i := len(list); i < n; i++ {
		list = append(list, int32(i))
	}
	return list[:n]
}

// Link puts an appended row at the end of the list of group g.
func (t *Rows) Link(r, g int32) {
	t.lists.add(r, g, t.n, t.dead)
	t.live++
	if t.spec.Ordered {
		t.order.Touch(g, 0)
	}
}

// Remove takes a row, which must be alive, out of its group and of the index.
func (t *Rows) Remove(r int32) {
	t.track.TouchRow(r)
	t.dead.Set(int(r))
	t.live--
	g := t.lists.owner(r)
	t.lists.drop(g, t.dead)
	if t.spec.Ordered && t.lists.count(g, t.dead) == 0 {
		t.order.Remove(g)
	}
	if t.spec.Identity != nil {
		t.index.remove(r)
	}
	if t.texts {
		t.gone = append(t.gone, r)
	}
}

// Settle lets texts of removed rows go, which new ones take the place of. Nothing may be borrowed from the table any more.
func (t *Rows) Settle() {
	for i := range t.cols {
		for _, r := range t.gone {
			t.cols[i].drop(r)
		}
	}
	t.gone = t.gone[:0]
}

// AppendGroup adds the rows of a group to list, in the order in which they came.
func (t *Rows) AppendGroup(g int32, list []int32) []int32 { return t.lists.rows(g, t.dead, list) }

// Pairs adds a pair (i, r) for each row r of group ids[i], for i = from, from+1, … until there are limit pairs. It returns the first i not
// done. The rows of one i are never parted.
func (t *Rows) Pairs(ids []int32, from, limit int, left, right []int32) (int, []int32, []int32) {
	i := from
	for ; i < len(ids) && len(left) < limit; i++ {
		h := t.lists.head(ids[i], t.dead)
		switch {
		case h == None:
		case h >= 0:
			left, right = append(left, int32(i)), append(right, h)
		default:
			right = t.AppendGroup(ids[i], right)
			for len(left) < len(right) {
				left = append(left, int32(i))
			}
		}
	}
	return i, left, right
}

// Take gathers rows into empty vectors, one for each of the first columns, nil where it is not needed. Long values are borrowed until the table is compacted.
func (t *Rows) Take(rows *column.Picks, to []*column.Vector) {
	owners := false
	for c, v := range to {
		if v == nil {
			continue
		}
		p := t.place[c]
		if p >= 0 {
			rows.Take(v, t.cols[p].v)
			continue
		}
		if !owners {
			owners = true
			t.picks.Rows = t.picks.Rows[:0]
			for _, r := range rows.Rows {
				g := int32(column.Missing)
				if r >= 0 {
					g = t.lists.owner(r)
				}
				t.picks.Rows = append(t.picks.Rows, g)
			}
			t.picks.Prepare()
		}
		t.picks.Take(v, t.keys.Keys()[^p])
	}
}

// Same reports whether row r is the same as row i of columns, all columns compared as keys are. It must be in the group of row i's key.
func (t *Rows) Same(r int32, cols []*column.Vector, i int) bool {
	for c, p := range t.place {
		if p >= 0 && !Same(cols[c], i, t.cols[p].v, int(r)) {
			return false
		}
	}
	return true
}

// SizeBytes returns the memory that the table holds, in bytes, without that of its groups.
func (t *Rows) SizeBytes() int {
	n := (cap(t.Marks)+cap(t.picks.Rows))*4 + (cap(t.dead)+cap(t.since))*8 + t.lists.sizeBytes() + t.index.sizeBytes() + t.track.SizeBytes() + t.order.SizeBytes()
	n += (cap(t.gone) + cap(t.from) + cap(t.to)) * 4
	for i := range t.cols {
		n += t.cols[i].sizeBytes()
	}
	return n
}

// Column returns column c of the rows and, if it is one of the key, true: it is then by group and not by row. It is the table's own and changes with
// the next Append or Compact.
func (t *Rows) Column(c int) (v *column.Vector, byGroup bool) {
	if p := t.place[c]; p < 0 {
		return t.keys.Keys()[^p], true
	}
	return t.cols[t.place[c]].v, false
}
