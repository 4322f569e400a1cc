package operator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// testMulti is a join of several inputs with its model.
type testMulti struct {
	graph.MultiJoin
	in     [][]column.Field
	schema []column.Field
	less   []int // by input, the one before it whose column b must not be greater; -1: any may
}

// drawMulti draws a join of two to four inputs of a key, a BIGINT and something else.
func drawMulti(t *rapid.T) *testMulti {
	key := rapid.SampledFrom([]column.Type{column.Of(column.BigInt), column.Str(), column.DecimalOf(20, 2)}).Draw(t, "key")
	m := &testMulti{}
	keys := []int{0}
	if rapid.IntRange(0, 3).Draw(t, "keys") == 0 {
		keys = []int{1, 0}
	}
	for i := range rapid.IntRange(2, 4).Draw(t, "inputs") {
		rest := rapid.SampledFrom([]column.Type{column.ArrayOf(column.Of(column.Int)), column.Of(column.Boolean), column.Str()}).Draw(t, "rest")
		in := fields(key, column.Of(column.BigInt), rest)
		m.in, m.Keys, m.Sides, m.less = append(m.in, in), append(m.Keys, keys), append(m.Sides, drawSide(t, keys)), append(m.less, -1)
		for _, f := range in {
			f.Type = f.Type.Optional()
			m.schema = append(m.schema, f)
		}
		if i == 0 {
			continue
		}
		s := graph.MultiStep{Type: rapid.SampledFrom([]graph.JoinKind{graph.InnerJoin, graph.LeftJoin}).Draw(t, "kind")}
		for j := 1; j < i; j++ {
			if rapid.IntRange(0, 2).Draw(t, "present") == 0 {
				s.Present = append(s.Present, j)
			}
		}
		if rapid.IntRange(0, 2).Draw(t, "condition") > 0 {
			m.less[i] = rapid.IntRange(0, i-1).Draw(t, "less")
			s.Cond = call(t, "<=", ref(3*m.less[i]+1, m.in[m.less[i]][1]), ref(3*i+1, in[1]))
		}
		m.Joins = append(m.Joins, s)
	}
	return m
}

// join is the model of the result for lists of rows: loops in loops.
func (m *testMulti) join(rows [][]testRow) []string {
	var out []string
	var nest func(level int, tuple []*testRow)
	nest = func(level int, tuple []*testRow) {
		if level == len(m.in) {
			var parts []string
			for i, r := range tuple {
				if r == nil {
					parts = append(parts, nulls(len(m.in[i])))
				} else {
					parts = append(parts, r.line())
				}
			}
			out = append(out, strings.Join(parts, " "))
			return
		}
		found := false
		for i := range rows[level] {
			if r := &rows[level][i]; level == 0 || m.matches(level, tuple, r) {
				found = true
				nest(level+1, append(tuple[:level:level], r))
			}
		}
		if !found && level > 0 && m.Joins[level-1].Type == graph.LeftJoin {
			nest(level+1, append(tuple[:level:level], nil))
		}
	}
	nest(0, nil)
	return out
}

func (m *testMulti) matches(level int, tuple []*testRow, r *testRow) bool {
	for k, c := range m.Keys[level] {
		if l := m.Keys[0][k]; r.null[c] || tuple[0].null[l] || tuple[0].text[l] != r.text[c] {
			return false
		}
	}
	for _, input := range m.Joins[level-1].Present {
		if tuple[input] == nil {
			return false
		}
	}
	if m.less[level] < 0 {
		return true
	}
	l := tuple[m.less[level]]
	return l != nil && !l.null[1] && !r.null[1] && l.b <= r.b
}

// TestMultiJoinModel joins changelogs: what is left after all changes is the join of what is left of the inputs, and no change takes back what is not
// there.
func TestMultiJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMulti(t)
		batches, left := make([][]*column.Batch, len(m.in)), make([][]testRow, len(m.in))
		for i, in := range m.in {
			var log *column.Batch
			log, left[i] = drawLog(t, in, m.Sides[i], rapid.IntRange(0, 15).Draw(t, "rows"))
			batches[i] = cutRows(t, in, log)
		}
		steps := mixSteps(t, batches, true)
		c := runSteps(t, &graph.Node{Op: &m.MultiJoin, Schema: m.schema}, m.in, m.Keys, steps)
		compareAny(t, result(t, c.out.rows), m.join(left))
	})
}

// TestMultiJoinUpdates: without LEFT a row's kind passes all joins; with it, what was there without a match goes first, and comes back last.
func TestMultiJoinUpdates(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	row := func(kind column.RowKind, k, v int64) *column.Batch { return pair(in, kind, k, v) }
	side := graph.Side{Changes: graph.Retract}
	op := &graph.MultiJoin{
		Keys: [][]int{{0}, {0}, {0}}, Sides: []graph.Side{side, side, side},
		Joins: []graph.MultiStep{{Type: graph.InnerJoin}, {Type: graph.InnerJoin}},
	}
	node := &graph.Node{Op: op, Schema: append(append(append([]column.Field{}, in...), in...), in...)}
	inputs := [][]column.Field{in, in, in}
	steps := func() []step {
		return []step{
			{input: 2, batch: row(column.Insert, 1, 30)}, {input: 0, batch: row(column.Insert, 1, 10)}, {input: 0, batch: row(column.Insert, 2, 11)},
			{input: 1, batch: row(column.Insert, 1, 20)}, {input: 1, batch: row(column.UpdateBefore, 1, 20)}, {input: 1, batch: row(column.UpdateAfter, 1, 21)},
			{input: 2, batch: row(column.Delete, 1, 30)},
		}
	}
	c := runSteps(t, node, inputs, op.Keys, steps())
	compareRows(t, c.out.rows, []string{"+I 1 10 1 20 1 30", "-U 1 10 1 20 1 30", "+U 1 10 1 21 1 30", "-D 1 10 1 21 1 30"})
	op.Joins[0].Type, op.Joins[1].Type = graph.LeftJoin, graph.LeftJoin
	c = runSteps(t, node, inputs, op.Keys, steps())
	none := "NULL NULL"
	compareRows(t, c.out.rows, []string{
		"+I 1 10 " + none + " 1 30", "+I 2 11 " + none + " " + none,
		"-D 1 10 " + none + " 1 30", "+I 1 10 1 20 1 30",
		"-D 1 10 1 20 1 30", "+I 1 10 " + none + " 1 30",
		"-D 1 10 " + none + " 1 30", "+I 1 10 1 21 1 30",
		"-D 1 10 1 21 1 30", "+I 1 10 1 21 " + none,
	})
}

// pair is a batch of one row.
func pair(in []column.Field, kind column.RowKind, k, v int64) *column.Batch {
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], k)
	column.Append(b.Cols[1], v)
	b.Len = 1
	b.AddKinds(1)[0] = kind
	return b
}

// TestMultiJoinTTL: each input forgets its rows by its own time to live, with and without rows that come.
func TestMultiJoinTTL(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	row := func(v int64) *column.Batch { return pair(in, column.Insert, 1, v) }
	op := &graph.MultiJoin{Keys: [][]int{{0}, {0}, {0}}, Joins: []graph.MultiStep{{Type: graph.InnerJoin}, {Type: graph.InnerJoin}}}
	for _, ms := range []int64{10, 20, 30} {
		op.Sides = append(op.Sides, graph.Side{Keep: graph.Keep{TTL: time.Duration(ms) * time.Millisecond}})
	}
	steps := []step{
		{clock: true, time: 100}, {input: 0, batch: row(1)}, {input: 1, batch: row(2)}, {input: 2, batch: row(3)},
		{clock: true, time: 105}, {input: 0, batch: row(4)},
		{restart: 3},
		{clock: true, time: 112}, {input: 1, batch: row(5)}, // 1 is gone
		{clock: true, time: 117}, {input: 0, batch: row(6)}, // 4 is gone
		{clock: true, time: 122}, {input: 2, batch: row(7)}, // 2 is gone
		{clock: true, time: 127}, {input: 0, batch: row(8)}, // 6 is gone
	}
	c := runSteps(t, &graph.Node{Op: op, Schema: append(append(append([]column.Field{}, in...), in...), in...)}, [][]column.Field{in, in, in}, op.Keys, steps)
	compareRows(t, c.out.rows, []string{
		"+I 1 1 1 2 1 3", "+I 1 4 1 2 1 3", "+I 1 4 1 5 1 3", "+I 1 6 1 2 1 3", "+I 1 6 1 5 1 3", "+I 1 6 1 5 1 7", "+I 1 8 1 5 1 3", "+I 1 8 1 5 1 7",
	})
	c.now = 1000
	c.ring()
	for _, o := range c.tasks {
		j := o.(*multiJoin)
		n := j.groups.Live()
		for i := range j.sides {
			n += j.sides[i].rows.Live()
		}
		if n != 0 {
			t.Errorf("%d rows and keys left", n)
		}
	}
}

// TestMultiJoinBatches: many rows of few keys come out in batches of no more than the usual size, and state is measured.
func TestMultiJoinBatches(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	op := &graph.MultiJoin{
		Keys: [][]int{{0}, {0}, {0}}, Sides: make([]graph.Side, 3),
		Joins: []graph.MultiStep{{Type: graph.LeftJoin}, {Type: graph.LeftJoin, Present: []int{1}}},
	}
	schema := append(append(append([]column.Field{}, in...), in...), in...)
	o, err := New(&graph.Node{Op: op, Schema: schema}, [][]column.Field{in, in, in})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Open(testContext()); err != nil {
		t.Fatal(err)
	}
	out := &sizes{}
	empty := o.(Sizer).SizeBytes()
	for input, n := range []int{100, 200, 300} {
		b := column.NewBatch(in, n)
		for i := range n {
			column.Append(b.Cols[0], int64(i%2))
			column.Append(b.Cols[1], int64(i))
		}
		b.Len = n
		if err := o.Process(input, b, out); err != nil {
			t.Fatal(err)
		}
	}
	// 100 rows alone; each is taken back with its first match of 200 and then is in 50·100 pairs of its key; these go with their first match of 300.
	if want := 100 + 100 + 2*50*100 + 2*50*100 + 2*50*100*150; out.rows != want || out.most > ChunkRows {
		t.Errorf("%d rows in batches of up to %d, want %d rows", out.rows, out.most, want)
	}
	if held := o.(Sizer).SizeBytes() - empty; held < 600*16 {
		t.Errorf("600 rows are said to take %d bytes", held)
	}
}

// sizes counts what is emitted.
type sizes struct{ rows, most int }

func (s *sizes) Emit(p Payload) error {
	s.rows, s.most = s.rows+p.Rows(), max(s.most, p.Rows())
	return nil
}

// TestMultiJoinChecks: what makes no sense is an error.
func TestMultiJoinChecks(t *testing.T) {
	in, text := fields(column.Of(column.BigInt), column.Of(column.BigInt)), fields(column.Str(), column.Str())
	schema := append(append([]column.Field{}, in...), in...)
	join := func(kind graph.JoinKind) []graph.MultiStep { return []graph.MultiStep{{Type: kind}} }
	sides := make([]graph.Side, 2)
	for i, c := range []struct {
		op     *graph.MultiJoin
		right  []column.Field
		schema []column.Field
		want   string
	}{
		{&graph.MultiJoin{Keys: [][]int{{0}, {0}}, Joins: join(graph.FullJoin), Sides: sides}, in, schema, "of kind Full"},
		{&graph.MultiJoin{Keys: [][]int{{0}, {0}}, Joins: join(graph.LeftJoin), Sides: sides}, text, schema, "of type STRING"},
		{&graph.MultiJoin{Keys: [][]int{{0}, {0}}, Joins: join(graph.LeftJoin), Sides: sides}, in, in, "has 2 columns, want 4"},
		{&graph.MultiJoin{Keys: [][]int{{0}, {}}, Joins: join(graph.LeftJoin), Sides: sides}, in, schema, "0 keys of input 1"},
		{&graph.MultiJoin{Keys: [][]int{{0}}, Joins: join(graph.LeftJoin), Sides: sides}, in, schema, "1 keys"},
	} {
		_, err := New(&graph.Node{Op: c.op, Schema: c.schema}, [][]column.Field{in, c.right})
		if err == nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%d: %v, want %q", i, err, c.want)
		}
	}
}
