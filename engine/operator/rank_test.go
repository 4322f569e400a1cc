package operator

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
)

// Columns of the tests of ranks: partition, two columns to order by, a text, the number of rows.
var rankInput = []column.Field{
	{Name: "k", Type: column.Of(column.Int)}, {Name: "x", Type: column.Of(column.BigInt)}, {Name: "y", Type: column.Str()},
	{Name: "z", Type: column.Of(column.Boolean)}, {Name: "n", Type: column.Of(column.SmallInt)},
}

func drawRank(t *rapid.T) *graph.Rank {
	op := &graph.Rank{From: int64(rapid.IntRange(1, 2).Draw(t, "from")), ToColumn: -1, WindowEnd: -1, Number: rapid.Bool().Draw(t, "number"), Updates: true}
	op.To = op.From + int64(rapid.IntRange(0, 3).Draw(t, "count"))
	op.UpdateBefore = rapid.IntRange(0, 3).Draw(t, "before") > 0
	if rapid.Bool().Draw(t, "partitioned") {
		op.Partition = []int{0}
	}
	for _, c := range rapid.SampledFrom([][]int{{}, {1}, {1, 2}, {0, 1}, {2}}).Draw(t, "order") {
		op.Order = append(op.Order, graph.SortKey{Column: c, Descending: rapid.Bool().Draw(t, "desc"), NullsLast: rapid.Bool().Draw(t, "last")})
	}
	return op
}

func rankOutput(op *graph.Rank, in []column.Field) []column.Field {
	out := slices.Clone(in)
	if op.Number {
		out = append(out, column.Field{Name: "rn", Type: column.Of(column.BigInt).Required()})
	}
	return out
}

// rankModel is the naive ranking of one partition: rows by number, in order.
type rankModel struct {
	op    *graph.Rank
	b     *column.Batch
	lists map[string][]int
	want  []string
	to    int
	pairs bool
}

func (m *rankModel) compare(a, b int) int {
	for _, k := range m.op.Order {
		key := kernel.SortKey{Desc: k.Descending, NullsFirst: !k.NullsLast}
		if c := key.Compare(m.b.Cols[k.Column], a, m.b.Cols[k.Column], b); c != 0 {
			return c
		}
	}
	return 0
}

func (m *rankModel) insert(list []int, r int) []int {
	at := 0
	for at < len(list) && (m.compare(list[at], r) < 0 || m.compare(list[at], r) == 0 && !m.op.Latest) {
		at++
	}
	return slices.Insert(slices.Clone(list), at, r)
}

func (m *rankModel) emit(kind column.RowKind, r, place int) {
	if kind == column.UpdateBefore && !m.op.UpdateBefore {
		return
	}
	s := kind.String() + rowText(m.b, r)[2:]
	if m.op.Number {
		s += fmt.Sprint(" ", place)
	}
	m.want = append(m.want, s)
}

// change shows how the first places of a list differ.
func (m *rankModel) change(key string, after []int, replaces, by int) {
	before := m.lists[key]
	m.lists[key] = after
	before, after = before[:min(len(before), m.to)], after[:min(len(after), m.to)]
	if m.op.Number || m.op.From > 1 {
		for p := int(m.op.From) - 1; p < m.to; p++ {
			switch {
			case p >= len(before) && p >= len(after):
			case p >= len(before):
				m.emit(column.Insert, after[p], p+1)
			case p >= len(after):
				m.emit(column.Delete, before[p], p+1)
			case before[p] == replaces && after[p] == by && rowText(m.b, before[p])[2:] == rowText(m.b, by)[2:]:
			case before[p] != after[p]:
				m.emit(column.UpdateBefore, before[p], p+1)
				m.emit(column.UpdateAfter, after[p], p+1)
			}
		}
		return
	}
	leaves, enters := -1, -1
	for _, r := range before {
		if !slices.Contains(after, r) {
			leaves = r
		}
	}
	for _, r := range after {
		if !slices.Contains(before, r) {
			enters = r
		}
	}
	pair := leaves >= 0 && enters >= 0 && (m.pairs || leaves == replaces && enters == by)
	if leaves >= 0 {
		kind := column.Delete
		if pair {
			kind = column.UpdateBefore
		}
		m.emit(kind, leaves, 0)
	}
	if enters >= 0 {
		kind := column.Insert
		if pair {
			kind = column.UpdateAfter
		}
		m.emit(kind, enters, 0)
	}
}

func TestRankModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := drawRank(t)
		mode := rapid.SampledFrom([]string{"append", "retract", "upsert"}).Draw(t, "mode")
		var opts drawOptions
		switch mode {
		case "retract":
			op.Side.Changes, opts.kinds = graph.Retract, anyKind
		case "upsert":
			op.Side.Changes = graph.Upsert
			op.Side.Unique = append(slices.Clone(op.Partition), 2)
			opts.kinds = func(t *rapid.T, _ int) column.RowKind {
				return rapid.SampledFrom([]column.RowKind{column.Insert, column.UpdateAfter, column.Delete}).Draw(t, "kind")
			}
		}
		in := &timedInput{rows: drawRows(t, rankInput, rapid.IntRange(0, 40).Draw(t, "rows"), opts)}
		m := &rankModel{op: op, b: in.rows, lists: map[string][]int{}, to: int(op.To)}
		m.pairs = op.From == 1 && op.To == 1 && mode != "retract"
		for r := range in.rows.Len {
			key := keyText(m.b, op.Partition, r)
			list := m.lists[key]
			adds := m.b.Kind(r).Adds()
			old := -1
			for _, o := range list {
				same := rowText(m.b, o)[2:] == rowText(m.b, r)[2:]
				if mode == "upsert" {
					same = keyText(m.b, op.Side.Unique, o) == keyText(m.b, op.Side.Unique, r)
				}
				if same && old < 0 {
					old = o
				}
			}
			switch {
			case mode == "upsert" && adds && old >= 0:
				at := slices.Index(list, old)
				after := slices.Clone(list)
				if m.compare(old, r) == 0 {
					after[at] = r
				} else {
					after = m.insert(slices.Delete(after, at, at+1), r)
				}
				m.change(key, after, old, r)
			case adds:
				m.change(key, m.insert(list, r), -1, -1)
			case old >= 0:
				at := slices.Index(list, old)
				m.change(key, slices.Delete(slices.Clone(list), at, at+1), -1, -1)
			}
		}
		checkTimed(t, &graph.Node{Op: op, Schema: rankOutput(op, rankInput)}, rankInput, in, op.Partition, m.want, 0)
	})
}

// TestRankBatchModel ranks a bounded input by all numberings.
func TestRankBatchModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := drawRank(t)
		op.Updates, op.UpdateBefore = false, false
		op.Numbering = rapid.SampledFrom([]graph.RankKind{graph.RowNumber, graph.RankRank, graph.DenseRank}).Draw(t, "numbering")
		in := &timedInput{rows: drawRows(t, rankInput, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})}
		m := &rankModel{op: op, b: in.rows, lists: map[string][]int{}}
		var keys []string
		for r := range in.rows.Len {
			key := keyText(m.b, op.Partition, r)
			if m.lists[key] == nil {
				keys = append(keys, key)
			}
			m.lists[key] = m.insert(m.lists[key], r)
		}
		for _, key := range keys {
			number := 0
			for i, r := range m.lists[key] {
				tie := i > 0 && m.compare(m.lists[key][i-1], r) == 0
				switch {
				case op.Numbering == graph.RowNumber || op.Numbering == graph.RankRank && !tie:
					number = i + 1
				case op.Numbering == graph.DenseRank && !tie:
					number++
				}
				if int64(number) >= op.From && int64(number) <= op.To {
					m.emit(column.Insert, r, number)
				}
			}
		}
		checkRows(t, &graph.Node{Op: op, Schema: rankOutput(op, rankInput)}, rankInput, in, op.Partition, m.want, 0, false)
	})
}

// TestRankToColumn takes the number of rows from a column.
func TestRankToColumn(t *testing.T) {
	in := rankInput
	op := &graph.Rank{From: 1, To: math.MaxInt64, ToColumn: 4, WindowEnd: -1, Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, Updates: true, UpdateBefore: true}
	b := column.NewBatch(in, 0)
	for _, row := range [][3]int64{{1, 5, 2}, {2, 9, 1}, {1, 7, 2}, {2, 8, 1}, {1, 6, 2}} {
		column.Append(b.Cols[0], int32(row[0]))
		column.Append(b.Cols[1], row[1])
		b.Cols[2].AppendNull()
		b.Cols[3].AppendNull()
		column.Append(b.Cols[4], int16(row[2]))
		b.Len++
	}
	got := run(t, &graph.Node{Op: op, Schema: in}, in, []*column.Batch{b}, -1)
	compareRows(t, got, []string{
		"+I 1 5 NULL NULL 2", "+I 2 9 NULL NULL 1", "+I 1 7 NULL NULL 2",
		"-D 2 9 NULL NULL 1", "+I 2 8 NULL NULL 1", "-D 1 7 NULL NULL 2", "+I 1 6 NULL NULL 2",
	})
}

func TestWindowRankModel(t *testing.T) {
	fields := []column.Field{{Name: "k", Type: column.Of(column.Int)}, {Name: "end", Type: stamp}, {Name: "n", Type: column.Of(column.BigInt)}, {Name: "s", Type: column.Str()}}
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Rank{From: 1, To: int64(rapid.IntRange(1, 3).Draw(t, "to")), ToColumn: -1, WindowEnd: 1, Partition: []int{0, 1}, Updates: true, Number: rapid.Bool().Draw(t, "number")}
		op.Order, op.Latest = []graph.SortKey{{Column: 2, Descending: rapid.Bool().Draw(t, "desc")}}, rapid.Bool().Draw(t, "latest")
		in := drawTimed(t, fields, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		m := &rankModel{op: op, b: in.rows, lists: map[string][]int{}}
		var keys []string
		late := int64(0)
		for r := range in.rows.Len {
			if longAt(m.b.Cols[1], r)-1 <= in.before(r) {
				late++
				continue
			}
			key := keyText(m.b, op.Partition, r)
			if m.lists[key] == nil {
				keys = append(keys, key)
			}
			m.lists[key] = m.insert(m.lists[key], r)
		}
		slices.SortStableFunc(keys, func(a, b string) int {
			return int(longAt(m.b.Cols[1], m.lists[a][0]) - longAt(m.b.Cols[1], m.lists[b][0]))
		})
		for _, key := range keys {
			for i, r := range m.lists[key][:min(len(m.lists[key]), int(op.To))] {
				m.emit(column.Insert, r, i+1)
			}
		}
		checkRows(t, &graph.Node{Op: op, Schema: rankOutput(op, fields)}, fields, in, op.Partition, m.want, late, false)
	})
}

// TestRankTTL: rows that came some time ago are forgotten without a word.
func TestRankTTL(t *testing.T) {
	op := &graph.Rank{From: 1, To: 2, ToColumn: -1, WindowEnd: -1, Order: []graph.SortKey{{Column: 0}}, Updates: true, UpdateBefore: true, Side: graph.Side{Keep: graph.Keep{TTL: 10 * time.Millisecond}}}
	in := rankInput[:1]
	c, timers := watermarkContext(t, "0 ms")
	now := int64(0)
	c.Now = func() time.Time { return time.UnixMilli(now) }
	o := open(t, &graph.Node{Op: op, Schema: in}, in, c)
	var got capture
	for i, x := range []int32{1, 2, 3, 0} {
		now = int64(i) * 6
		b := column.NewBatch(in, 0)
		column.Append(b.Cols[0], x)
		b.Len = 1
		if err := o.Process(0, b, &got); err != nil {
			t.Fatal(err)
		}
	}
	// When 3 comes 1 is gone, when 0 comes 2 is.
	compareRows(t, got.rows, []string{"+I 1", "+I 2", "+I 3", "+I 0"})
	if len(*timers) == 0 {
		t.Fatal("no timer lets memory go")
	}
}
