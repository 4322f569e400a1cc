package state

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// modelRow is a row of TestRowsModel: what it is, by the texts of its columns.
type modelRow struct {
	key, rest string
	mark      int32
	since     int64
	number    int32 // in the table
}

// rowsModel holds a table of rows, with the key in column 1, beside a list.
type rowsModel struct {
	t    *rapid.T
	spec RowsSpec
	keys *Groups
	rows *Rows
	want []modelRow
	now  int64
}

func (m *rowsModel) open() {
	m.keys = NewGroups([]column.Type{m.spec.Types[1]})
	m.keys.PackTexts(3)
	m.rows = NewRows(m.keys, m.spec)
}

// draw makes columns of n rows, and their texts.
func (m *rowsModel) draw(n int) (cols []*column.Vector, key, rest []string) {
	a, at := drawKeys(m.t, m.spec.Types[:1], n)
	k, kt := drawKeys(m.t, m.spec.Types[1:2], n)
	c, ct := drawKeys(m.t, m.spec.Types[2:], n)
	for i := range n {
		at[i] += ct[i]
	}
	return append(append(a, k...), c...), kt, at
}

// add appends rows, of which only those selected exist.
func (m *rowsModel) add() {
	n := rapid.IntRange(0, 12).Draw(m.t, "rows")
	cols, key, rest := m.draw(n)
	var rows []int32
	for i := range n {
		if rapid.IntRange(0, 3).Draw(m.t, "live") > 0 {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == 0 {
		return
	}
	groups, hash := make([]int32, len(rows)), make([]uint64, len(rows))
	m.keys.Lookup(cols[1:2], rows, len(rows), groups)
	first := m.rows.Append(cols, rows, len(rows), m.now)
	m.rows.Hash(cols, rows, hash)
	for i, from := range rows {
		r := first + int32(i)
		newest := m.rows.Find(cols, int(from), groups[i], hash[i])
		m.checkFound(newest, key[from], rest[from])
		m.rows.Link(r, groups[i])
		m.rows.Index(r, newest, hash[i])
		m.rows.Marks[r] = from
		m.want = append(m.want, modelRow{key[from], rest[from], from, m.now, r})
	}
}

// checkFound checks that the newest row of an identity was found, and the older ones behind it.
func (m *rowsModel) checkFound(r int32, key, rest string) {
	for i := len(m.want) - 1; i >= 0; i-- {
		if w := m.want[i]; w.key == key && w.rest == rest {
			if r != w.number {
				m.t.Fatalf("row %d found for %s %s, want %d", r, key, rest, w.number)
			}
			r = m.rows.Older(r)
		}
	}
	if r != None {
		m.t.Fatalf("row %d found for %s %s, want none", r, key, rest)
	}
}

func (m *rowsModel) remove() {
	if len(m.want) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.want)-1).Draw(m.t, "removed")
	w := m.want[i]
	m.want = slices.Delete(m.want, i, i+1)
	g := m.rows.Owner(w.number)
	m.rows.Remove(w.number)
	m.forget(g)
}

func (m *rowsModel) forget(g int32) {
	if m.rows.Count(g) == 0 && m.keys.Alive(int(g)) {
		m.keys.Delete(int(g))
	}
}

func (m *rowsModel) expire() {
	before := m.now - rapid.Int64Range(0, 4).Draw(m.t, "age")
	for left := true; left; {
		gone := m.rows.Expire(before, rapid.IntRange(1, 5).Draw(m.t, "limit"), nil)
		for _, g := range gone {
			m.forget(g)
		}
		left = len(gone) > 0
	}
	m.want = slices.DeleteFunc(m.want, func(w modelRow) bool { return w.since < before })
}

func (m *rowsModel) compact() {
	if rapid.Bool().Draw(m.t, "settle") { // what is removed makes room, and rows keep their numbers
		m.rows.Settle()
		return
	}
	regroup := rapid.Bool().Draw(m.t, "regroup")
	var moved []int32
	if regroup {
		rows, _ := Regroup(m.keys, m.rows)
		moved = rows[0]
	} else {
		moved = m.rows.Compact()
	}
	for i := range m.want {
		m.want[i].number = moved[m.want[i].number]
	}
	if regroup {
		if m.keys.Len() != m.keys.Live() {
			m.t.Fatalf("%d groups after Regroup, %d live", m.keys.Len(), m.keys.Live())
		}
	}
}

// restore snapshots the table and reads it into a new one, in which rows have other numbers.
func (m *rowsModel) restore() {
	var w Writer
	m.rows.Snapshot(&w, "rows", 128)
	if n := w.Tables[0].Rows.Rows(); n != len(m.want) || len(w.Tables[0].Groups) != n {
		m.t.Fatalf("%d rows in the snapshot, want %d", n, len(m.want))
	}
	m.open()
	if err := m.rows.Restore(&Reader{Tables: w.Tables}, "rows"); err != nil {
		m.t.Fatal(err)
	}
	for i := range m.want {
		m.want[i].number = int32(i)
	}
}

// text reads back a row, from what Take gathers.
func (m *rowsModel) check() {
	if m.rows.Live() != len(m.want) {
		m.t.Fatalf("%d rows live, want %d", m.rows.Live(), len(m.want))
	}
	byKey := map[string][]int32{}
	for _, w := range m.want {
		byKey[w.key] = append(byKey[w.key], w.number)
		if m.rows.Marks[w.number] != w.mark {
			m.t.Fatalf("row %d has the mark %d, want %d", w.number, m.rows.Marks[w.number], w.mark)
		}
	}
	total := 0
	for g := range m.keys.Len() {
		list := m.rows.AppendGroup(int32(g), nil)
		total += len(list)
		if len(list) != m.rows.Count(int32(g)) {
			m.t.Fatalf("group %d has %d rows and counts %d", g, len(list), m.rows.Count(int32(g)))
		}
		if len(list) == 0 {
			continue
		}
		if i := slices.IndexFunc(m.want, func(w modelRow) bool { return w.number == list[0] }); i < 0 || !slices.Equal(byKey[m.want[i].key], list) {
			m.t.Fatalf("group %d has the rows %v", g, list)
		}
	}
	if total != len(m.want) {
		m.t.Fatalf("%d rows in groups, want %d", total, len(m.want))
	}
	// Values: the row is the same as itself gathered, and found by it.
	if len(m.want) == 0 {
		return
	}
	p := column.Picks{}
	for _, w := range m.want {
		p.Rows = append(p.Rows, w.number)
	}
	p.Prepare()
	cols := make([]*column.Vector, len(m.spec.Types))
	for i, t := range m.spec.Types {
		cols[i] = column.NewVector(t, 0)
	}
	m.rows.Take(&p, cols)
	for i, w := range m.want {
		if !m.rows.Same(w.number, cols, i) {
			m.t.Fatalf("row %d is not the same as itself", w.number)
		}
		for j, v := range m.want[:i] {
			if eq := m.rows.Same(w.number, cols, j) && Same(cols[1], i, cols[1], j); eq != (w.key == v.key && w.rest == v.rest) {
				m.t.Fatalf("rows %d and %d: same %v", w.number, v.number, eq)
			}
		}
	}
}

// TestRowsModel holds a table of rows against a list, under removal, expiry, compaction and restoring.
func TestRowsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &rowsModel{t: t, spec: RowsSpec{Keys: []int{1}, Identity: []int{0, 1, 2}, Marks: true, Timed: true}}
		for range 3 {
			m.spec.Types = append(m.spec.Types, rapid.SampledFrom(keyTypes).Draw(t, "type"))
		}
		m.open()
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			m.now += rapid.Int64Range(0, 2).Draw(t, "later")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				m.expire()
			case 1:
				m.compact()
			case 2:
				m.restore()
			case 3, 4, 5:
				m.remove()
			default:
				m.add()
			}
			m.check()
		}
	})
}

// TestRowsPairs: rows of one position are never parted, positions without a group have none.
func TestRowsPairs(t *testing.T) {
	keys := NewGroups([]column.Type{column.Of(column.Int)})
	rows := NewRows(keys, RowsSpec{Types: []column.Type{column.Of(column.Int)}, Keys: []int{0}})
	v := column.NewVector(column.Of(column.Int), 0)
	for _, x := range []int32{1, 2, 1, 1, 3} {
		column.Append(v, x)
	}
	groups := make([]int32, 5)
	keys.Lookup([]*column.Vector{v}, nil, 5, groups)
	first := rows.Append([]*column.Vector{v}, nil, 5, 0)
	for i, g := range groups {
		rows.Link(first+int32(i), g)
	}
	rows.Remove(2)
	var got []string
	for from := 0; from < 4; {
		var l, r []int32
		from, l, r = rows.Pairs([]int32{2, None, 0, 1}, from, 2, nil, nil)
		got = append(got, fmt.Sprint(l, r))
	}
	if s := strings.Join(got, " "); s != "[0 2 2] [4 0 3] [3] [1]" {
		t.Error(s)
	}
}

// TestFind: a key is found where Lookup found it, and a new one nowhere.
func TestFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := drawTypes(t)
		g := NewGroups(types)
		keys, text := drawKeys(t, types, rapid.IntRange(0, 20).Draw(t, "rows"))
		out := make([]int32, len(text))
		g.Lookup(keys, nil, len(text), out)
		known := map[string]int32{}
		for i, s := range text {
			known[s] = out[i]
		}
		keys, text = drawKeys(t, types, rapid.IntRange(0, 40).Draw(t, "rows"))
		out = make([]int32, len(text))
		g.Find(keys, nil, len(text), out)
		for i, s := range text {
			want, ok := known[s]
			if !ok {
				want = None
			}
			if out[i] != want {
				t.Fatalf("key %s: group %d, want %d", s, out[i], want)
			}
		}
	})
}
