package state

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// listsModel holds lists of rows beside what they should be.
type listsModel struct {
	t      *rapid.T
	l      rowLists
	dead   column.Bitmap
	owner  []int32   // by row
	rows   [][]int32 // by group, those that live
	groups int32     // that there are, of other tables too
}

// run links rows that come in the order of new groups, but for some; between them are groups of another table.
func (m *listsModel) run() {
	apart := int32(rapid.SampledFrom([]int{1, 1, 2, 7, 900}).Draw(m.t, "apart"))
	n := rapid.IntRange(1, min(3000, 20000/int(apart))).Draw(m.t, "rows")
	stray := rapid.SampledFrom([]int{0, 0, 1, 30}).Draw(m.t, "percent of strays")
	for i := range n {
		g := m.groups
		switch {
		case m.groups > 0 && i*7919%100 < stray:
			g = int32(i*104729) % m.groups
		case i%100 == 99:
			m.groups += apart * 20
			fallthrough
		default:
			m.groups += apart
		}
		m.link(g)
	}
}

func (m *listsModel) link(g int32) {
	r := int32(len(m.owner))
	m.owner = append(m.owner, g)
	for len(m.rows) <= int(g) {
		m.rows = append(m.rows, nil)
	}
	m.rows[g] = append(m.rows[g], r)
	m.dead = m.dead.Grow(len(m.owner))
	m.l.appended(1)
	m.l.add(r, g, len(m.owner), m.dead)
}

// remove removes every so many-th row.
func (m *listsModel) remove() {
	each := rapid.IntRange(1, 500).Draw(m.t, "each")
	for r := rapid.IntRange(0, each).Draw(m.t, "first"); r < len(m.owner); r += each {
		if !m.dead.Get(r) {
			g := m.owner[r]
			m.dead.Set(r)
			m.l.drop(g, m.dead)
			i := slices.Index(m.rows[g], int32(r))
			m.rows[g] = slices.Delete(slices.Clone(m.rows[g]), i, i+1)
		}
	}
}

// compact links those that live anew.
func (m *listsModel) compact() {
	var kept []int32
	for r := range int32(len(m.owner)) {
		if !m.dead.Get(int(r)) {
			kept = append(kept, r)
		}
	}
	groups := m.l.groups(kept)
	m.l.reset(groups)
	m.owner, m.rows, m.dead = slices.Clone(groups), make([][]int32, m.groups), column.MakeBitmap(len(kept))
	for r, g := range groups {
		m.l.add(int32(r), g, len(groups), m.dead)
		m.rows[g] = append(m.rows[g], int32(r))
	}
}

func (m *listsModel) check() {
	for r, g := range m.owner {
		if got := m.l.owner(int32(r)); got != g {
			m.t.Fatalf("row %d of %d is of group %d, want %d", r, len(m.owner), got, g)
		}
	}
	for g := range m.groups {
		var want []int32
		if int(g) < len(m.rows) {
			want = m.rows[g]
		}
		if got := m.l.rows(g, m.dead, nil); !slices.Equal(got, want) || m.l.count(g, m.dead) != len(want) {
			m.t.Fatalf("group %d of %d has the rows %v and counts %d, want %v", g, m.groups, got, m.l.count(g, m.dead), want)
		}
		if first := m.l.first(g, m.dead); len(want) == 0 && first != None || len(want) > 0 && first != want[0] {
			m.t.Fatalf("group %d begins with row %d, want the first of %v", g, first, want)
		}
	}
}

// TestRowLists holds lists of rows against plain ones: rows in the order of their groups, groups that have none, strays, and rows that go.
func TestRowLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &listsModel{t: t}
		m.l.init(false)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				m.remove()
			case 1:
				m.compact()
			default:
				m.run()
			}
			m.check()
		}
	})
}

// TestRowListsBytes: rows of keys that come once have next to no lists, also beside those of another table and with some keys that come again.
func TestRowListsBytes(t *testing.T) {
	for _, c := range []struct {
		name  string
		group func(r int32) int32
		most  float64 // bytes a row
	}{
		{"one table", func(r int32) int32 { return r }, 0.6},
		{"two tables", func(r int32) int32 { return r + r/4096*4096 }, 1.2},
		{"some again", func(r int32) int32 {
			if r%50 == 49 {
				return r / 2
			}
			return r
		}, 7.9},
	} {
		var l rowLists
		l.init(false)
		const n = 1 << 20
		dead := column.MakeBitmap(n)
		for r := range int32(n) {
			l.appended(1)
			l.add(r, c.group(r), int(r)+1, dead)
		}
		if got := float64(l.sizeBytes()) / n; l.plain || got > c.most {
			t.Errorf("%s: %.2f bytes a row, want %.2f at the most", c.name, got, c.most)
		}
	}
}
