package state

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// latestModel holds a table with the key in column 1 beside a map, and the rows that its checkpoints hold beside what it held when they began.
type latestModel struct {
	t      *rapid.T
	types  []column.Type
	timed  bool
	keys   *Groups
	rows   *Latest
	want   map[string]string // by key: the other columns and the time
	since  map[string]int64
	now    int64
	id     int64
	writer *Writer
	frozen map[string]string
	stored map[int64]string // by id: rows of all checkpoints so far
}

func (m *latestModel) open() {
	m.keys = NewGroups(m.types[1:2])
	m.rows = NewLatest(m.keys, m.types, []int{1}, m.timed)
}

// shown is row r of v as text that tells [] and [""] apart.
func shown(v *column.Vector, r int) string {
	if v.Type.Kind != column.Array || v.Dict != nil || v.IsNull(r) {
		return string(column.AppendText(nil, v, r, nil)) + ";"
	}
	s := "["
	for e := v.Offsets()[r]; e < v.Offsets()[r+1]; e++ {
		s += shown(v.Children[0], int(e))
	}
	return s + "]"
}

// put puts rows in of which the last one of a key counts.
func (m *latestModel) put() {
	n := rapid.IntRange(1, 12).Draw(m.t, "rows")
	var cols []*column.Vector
	for _, typ := range m.types {
		v, _ := drawKeys(m.t, []column.Type{typ}, n)
		cols = append(cols, v...)
	}
	if m.types[0].Layout() == column.LayoutView && cols[0].Dict == nil { // of every size
		cols[0] = column.NewVector(m.types[0], n)
		for range n {
			cols[0].AppendString(strings.Repeat("x", rapid.IntRange(0, 700).Draw(m.t, "length")))
		}
	}
	ids := make([]int32, n)
	m.keys.Lookup(cols[1:2], nil, n, ids)
	last := map[int32]int32{}
	for i, g := range ids {
		last[g] = int32(i)
	}
	var groups, rows []int32
	for g := range int32(m.keys.Len()) {
		if r, ok := last[g]; ok {
			groups, rows = append(groups, g), append(rows, r)
		}
	}
	m.rows.Put(groups, cols, rows, m.now)
	for i, r := range rows {
		if !m.rows.Same(groups[i], cols, int(r)) {
			m.t.Fatalf("row %d is not what was put in", r)
		}
		key := shown(m.keys.Keys()[0], int(groups[i]))
		m.want[key], m.since[key] = m.resolved(cols[0], r)+m.resolved(cols[2], r), m.now
	}
}

// resolved is shown without a dictionary.
func (m *latestModel) resolved(v *column.Vector, r int32) string {
	flat := column.NewVector(v.Type, 1)
	flat.AppendRows(v, []int32{r})
	return shown(flat, 0)
}

// held is what the table holds.
func (m *latestModel) held() map[string]string {
	var groups []int32
	for g := range int32(m.rows.Len()) {
		if m.rows.Alive(g) {
			groups = append(groups, g)
		}
	}
	to := make([]*column.Vector, len(m.types))
	for i, typ := range m.types {
		to[i] = column.NewVector(typ, 0)
	}
	m.rows.Take(groups, to)
	got := map[string]string{}
	for i := range groups {
		got[shown(to[1], i)] = shown(to[0], i) + shown(to[2], i)
	}
	return got
}

func (m *latestModel) compare(what string, got, want map[string]string) {
	if !maps.Equal(got, want) {
		m.t.Fatalf("%s\n%v\nwant\n%v", what, got, want)
	}
}

func (m *latestModel) drop(key string) { delete(m.want, key); delete(m.since, key) }

// end takes in what a checkpoint has written, all of which was stored.
func (m *latestModel) end() {
	for !m.writer.Copy(2) {
	}
	l := m.writer.Tables[0].Layers
	for id := range m.stored {
		for _, s := range l.Base {
			if s.New && s.From <= id && id < s.To {
				delete(m.stored, id)
			}
		}
	}
	for _, c := range l.Chunks {
		for i, id := range c.IDList() {
			b := c.Rows
			m.stored[id] = shown(b.Cols[1], i) + "\n" + shown(b.Cols[0], i) + shown(b.Cols[2], i)
			if m.timed {
				m.stored[id] += fmt.Sprint(column.Values[int64](b.Cols[3])[i])
			}
		}
	}
	for _, id := range l.Gone {
		delete(m.stored, id)
	}
	got := map[string]string{}
	for _, row := range m.stored {
		key, rest, _ := strings.Cut(row, "\n")
		got[key] = rest
	}
	m.compare("the checkpoint holds", got, m.frozen)
	m.writer = nil
}

func (m *latestModel) begin() {
	m.frozen = maps.Clone(m.want)
	if m.timed {
		for key := range m.frozen {
			m.frozen[key] += fmt.Sprint(m.since[key])
		}
	}
	m.id++
	w := Freeze(Frozen{Checkpoint: m.id, Stored: m.id - 1, Full: rapid.IntRange(0, 9).Draw(m.t, "full") == 0})
	m.rows.Snapshot(&w, "rows", 8)
	m.writer = &w
}

// restore goes on from a snapshot.
func (m *latestModel) restore() {
	var w Writer
	m.rows.Snapshot(&w, "rows", 8)
	m.open()
	if err := m.rows.Restore(&Reader{Tables: w.Tables}, "rows"); err != nil {
		m.t.Fatal(err)
	}
	m.id, m.stored, m.writer = 0, map[int64]string{}, nil
}

func TestLatestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &latestModel{t: t, want: map[string]string{}, since: map[string]int64{}, stored: map[int64]string{}, timed: rapid.Bool().Draw(t, "timed")}
		for range 3 {
			m.types = append(m.types, rapid.SampledFrom(keyTypes).Draw(t, "type"))
		}
		m.open()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			m.now += rapid.Int64Range(0, 3).Draw(t, "pause")
			switch op := rapid.IntRange(0, 19).Draw(t, "op"); {
			case op < 8:
				m.put()
			case op < 10 && m.keys.Len() > 0:
				if g := rapid.IntRange(0, m.keys.Len()-1).Draw(t, "group"); m.keys.Alive(g) {
					m.drop(shown(m.keys.Keys()[0], g))
					m.rows.Drop(int32(g))
				}
			case op < 12 && m.timed:
				before, seen := m.now-rapid.Int64Range(0, 6).Draw(t, "age"), 0
				for seen < m.rows.Len() { // the first step may end at the last group
					n := m.rows.Expire(before, rapid.IntRange(1, 9).Draw(t, "limit"))
					if n == 0 {
						t.Fatalf("no group was looked at of %d", m.rows.Len())
					}
					seen += n
				}
				for key, since := range m.since {
					if g := m.group(key); since < before && g >= 0 && !m.rows.Over(g, before) {
						t.Fatalf("the row of %s is of %d and counts at %d", key, since, before)
					}
				}
				m.rows.cursor = 0
				m.rows.Expire(before, m.rows.Len()+1)
				for key, since := range maps.Clone(m.since) {
					if since < before {
						m.drop(key)
					}
				}
			case op < 14 && !m.rows.Busy():
				m.rows.Compact()
			case op < 15:
				m.restore()
			case op < 18 && m.writer == nil:
				m.begin()
			case op < 19 && m.writer != nil:
				m.writer.Copy(1)
			case m.writer != nil:
				m.end()
			}
			m.compare("the table holds", m.held(), m.want)
		}
	})
}

// group finds the living group of a key by its text, -1 if there is none.
func (m *latestModel) group(key string) int32 {
	for g := range int32(m.rows.Len()) {
		if m.rows.Alive(g) && shown(m.keys.Keys()[0], int(g)) == key {
			return g
		}
	}
	return -1
}

// TestTextsMove: memory that texts of one size have left is not lost to those of another.
func TestTextsMove(t *testing.T) {
	v := column.NewVector(column.Str(), 0)
	const n = 2000
	v.Resize(n)
	clear(v.Views())
	long, rows := newTexts(v), firstRows(nil, n)
	for size := 20; size < 2000; size += 20 {
		src := column.NewVector(column.Str(), 0)
		for i := range n {
			src.AppendString(fmt.Sprintf("%0*d", size, i))
		}
		long.write(src, rows, rows)
		for i := range n {
			if got := string(v.BytesAt(i)); got != fmt.Sprintf("%0*d", size, i) {
				t.Fatalf("row %d of size %d is %s", i, size, got)
			}
		}
		if held, most := v.SizeBytes(), n*(16+size)*9/4+4<<20; held > most {
			t.Fatalf("%d bytes are held for texts of %d, want at most %d", held, size, most)
		}
	}
}
