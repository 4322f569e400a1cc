package operator

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

var allKinds = []graph.JoinKind{graph.InnerJoin, graph.LeftJoin, graph.RightJoin, graph.FullJoin, graph.SemiJoin, graph.AntiJoin}

// TestHashJoinModel joins bounded inputs and compares with two loops.
func TestHashJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMatch(t, allKinds...)
		op := &graph.Join{Match: m.Match, BuildLeft: rapid.Bool().Draw(t, "build left")}
		var batches [2][]*column.Batch
		var rows [2][]testRow
		for side, in := range m.in {
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{})
			rows[side] = testRows(all)
			batches[side] = cutRows(t, in, all)
		}
		steps := mixSteps(t, batches[:], len(m.LeftKeys) > 0)
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		var want []string
		for _, s := range m.join(rows[0], rows[1]) {
			want = append(want, "+I "+s)
		}
		compareAny(t, c.out.rows, want)
	})
}

// TestHashJoinOrder: rows of the side that is looked up come in their order, those that came before the other side had ended included.
func TestHashJoinOrder(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	make := func(keys ...int64) *column.Batch {
		b := column.NewBatch(in, 0)
		for i, k := range keys {
			column.Append(b.Cols[0], k)
			column.Append(b.Cols[1], int64(i))
		}
		b.Len = len(keys)
		return b
	}
	op := &graph.Join{Match: graph.Match{Type: graph.LeftJoin, LeftKeys: []int{0}, RightKeys: []int{0}}}
	steps := []step{
		{input: 0, batch: make(3, 1)}, {input: 1, batch: make(1, 2)}, {input: 0, batch: make(2)}, {input: 1, batch: make(1)},
		{input: 1, end: true}, {input: 0, batch: make(5, 1)}, {input: 0, end: true},
	}
	c := runSteps(t, &graph.Node{Op: op, Schema: append(in, in...)}, [][]column.Field{in, in}, [][]int{{0}, {0}}, steps)
	compareRows(t, c.out.rows, []string{
		"+I 3 0 NULL NULL", "+I 1 1 1 0", "+I 1 1 1 0", "+I 2 0 2 1", "+I 5 0 NULL NULL", "+I 1 1 1 0", "+I 1 1 1 0",
	})
}

// drawLog draws the changelog of an input with few rows that come and go, and the rows that are left. Of an upsert stream rows that go hold their unique
// columns only.
func drawLog(t *rapid.T, in []column.Field, side graph.Side, n int) (*column.Batch, []testRow) {
	pool := drawRows(t, in, n, drawOptions{})
	rows := testRows(pool)
	log := column.NewBatch(in, 0)
	var live []int
	emit := func(r int, kind column.RowKind, keyOnly bool) {
		log.AppendRows(pool, []int32{int32(r)})
		log.AddKinds(log.Len)[log.Len-1] = kind
		for i, c := range log.Cols {
			if keyOnly && !slices.Contains(side.Unique, i) {
				c.SetNull(log.Len - 1)
			}
		}
	}
	sameKey := func(r int) int {
		return slices.IndexFunc(live, func(l int) bool {
			return side.Unique != nil && !slices.ContainsFunc(side.Unique, func(c int) bool { return rows[l].text[c] != rows[r].text[c] })
		})
	}
	upsert := side.Changes == graph.Upsert
	for r := range n {
		if side.Changes != graph.InsertOnly && len(live) > 0 && rapid.IntRange(0, 2).Draw(t, "goes") == 0 {
			i := rapid.IntRange(0, len(live)-1).Draw(t, "gone")
			kind := column.Delete
			if !upsert && rapid.Bool().Draw(t, "update") {
				kind = column.UpdateBefore
			}
			emit(live[i], kind, upsert)
			live = slices.Delete(live, i, i+1)
		}
		kind := column.Insert
		if side.Changes != graph.InsertOnly && rapid.Bool().Draw(t, "update") {
			kind = column.UpdateAfter
		}
		if i := sameKey(r); i >= 0 {
			if !upsert {
				emit(live[i], column.UpdateBefore, false)
			}
			kind = column.UpdateAfter
			live = slices.Delete(live, i, i+1)
		}
		emit(r, kind, false)
		live = append(live, r)
	}
	var left []testRow
	for _, r := range live {
		left = append(left, rows[r])
	}
	return log, left
}

// drawSide draws what an input of a streaming join may bring.
func drawSide(t *rapid.T, keys []int) graph.Side {
	unique := append([]int{2}, keys...)
	switch rapid.IntRange(0, 3).Draw(t, "changes") {
	case 0:
		return graph.Side{Changes: graph.InsertOnly}
	case 1:
		return graph.Side{Changes: graph.Retract}
	case 2:
		return graph.Side{Changes: graph.Retract, Unique: unique}
	}
	return graph.Side{Changes: graph.Upsert, Unique: unique}
}

// TestChangeJoinModel joins changelogs: what is left after all changes is the join of what is left of the inputs, no change takes back what is not
// there, and the changes are those of the row by row model.
func TestChangeJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMatch(t, allKinds...)
		op := &graph.Join{Match: m.Match, Updates: true}
		var batches [2][]*column.Batch
		var left [2][]testRow
		for side, in := range m.in {
			op.Sides[side] = drawSide(t, m.keys()[side])
			var log *column.Batch
			log, left[side] = drawLog(t, in, op.Sides[side], rapid.IntRange(0, 25).Draw(t, "rows"))
			batches[side] = cutRows(t, in, log)
		}
		steps := mixSteps(t, batches[:], len(m.LeftKeys) > 0)
		model := changeModel{m: m, op: op}
		for _, s := range steps {
			if s.batch != nil {
				model.process(s.input, s.batch)
			}
		}
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		compareAny(t, result(t, c.out.rows), m.join(left[0], left[1]))
		if parallelOf(steps) {
			compareAny(t, c.out.rows, model.out)
		} else {
			compareRows(t, c.out.rows, model.out)
		}
	})
}

// changeModel does row by row what a streaming join does.
type changeModel struct {
	m    *testMatch
	op   *graph.Join
	rows [2][]modelled
	out  []string
}

// modelled is a row with the number of its matches.
type modelled struct {
	testRow
	matches int
}

func (c *changeModel) process(side int, b *column.Batch) {
	plain := column.NewBatch(c.m.in[side], 0)
	plain.AppendRows(b, nil)
	for _, r := range testRows(plain) {
		s := c.op.Sides[side]
		if s.Changes == graph.Upsert {
			i := slices.IndexFunc(c.rows[side], func(o modelled) bool {
				return !slices.ContainsFunc(s.Unique, func(k int) bool { return o.text[k] != r.text[k] })
			})
			if i >= 0 {
				old := c.rows[side][i].testRow
				c.rows[side] = slices.Delete(c.rows[side], i, i+1)
				old.kind = column.UpdateBefore
				if r.kind == column.Delete {
					old.kind = column.Delete
				} else {
					r.kind = column.UpdateAfter
				}
				c.change(side, old)
			}
			if r.kind != column.Delete {
				c.change(side, r)
			}
			continue
		}
		if !r.kind.Adds() {
			i := len(c.rows[side]) - 1
			for c.rows[side][i].line() != r.line() {
				i--
			}
			c.rows[side] = slices.Delete(c.rows[side], i, i+1)
		}
		c.change(side, r)
	}
}

func (c *changeModel) emit(side int, kind column.RowKind, own, other string) {
	if side == 1 {
		own, other = other, own
	}
	c.out = append(c.out, lineOf(kind, own, other))
}

func (c *changeModel) change(side int, r testRow) {
	other := 1 - side
	var found []*modelled
	for i := range c.rows[other] {
		o := &c.rows[other][i]
		if side == 0 && c.m.matches(r, o.testRow) || side == 1 && c.m.matches(o.testRow, r) {
			found = append(found, o)
		}
	}
	keep := [2]bool{c.m.Type.KeepsLeft(), c.m.Type.KeepsRight()}
	kind, adds := r.kind, r.kind.Adds()
	none := [2]string{nulls(len(c.m.in[0])), nulls(len(c.m.in[1]))}
	switch {
	case c.m.Type.LeftOnly() && side == 0:
		if (len(found) > 0) == (c.m.Type == graph.SemiJoin) {
			c.out = append(c.out, lineOf(kind, r.line()))
		}
	case c.m.Type.LeftOnly():
		for _, o := range found {
			k := kind
			if c.m.Type == graph.AntiJoin && adds {
				k = column.Delete
			} else if c.m.Type == graph.AntiJoin {
				k = column.Insert
			}
			if adds && o.matches == 0 || !adds && o.matches == 1 {
				c.out = append(c.out, lineOf(k, o.line()))
			}
		}
	case adds:
		if keep[side] && len(found) == 0 {
			c.emit(side, column.Insert, r.line(), none[other])
		}
		for _, o := range found {
			if keep[other] && o.matches == 0 {
				c.emit(side, column.Delete, none[side], o.line())
			}
		}
		if keep[side] || keep[other] {
			kind = column.Insert
		}
		for _, o := range found {
			c.emit(side, kind, r.line(), o.line())
		}
	default:
		if keep[side] {
			kind = column.Delete
		}
		if keep[side] && len(found) == 0 {
			c.emit(side, column.Delete, r.line(), none[other])
		}
		for _, o := range found {
			c.emit(side, kind, r.line(), o.line())
		}
		for _, o := range found {
			if keep[other] && o.matches == 1 {
				c.emit(side, column.Insert, none[side], o.line())
			}
		}
	}
	for _, o := range found {
		if adds {
			o.matches++
		} else {
			o.matches--
		}
	}
	if adds {
		c.rows[side] = append(c.rows[side], modelled{r, len(found)})
	}
}

// TestChangeJoinTTL: a row is forgotten when its time is over, whether rows come or not, and one that goes after it was forgotten still takes back
// what was emitted for it.
func TestChangeJoinTTL(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	row := func(kind column.RowKind, k, v int64) *column.Batch {
		b := column.NewBatch(in, 1)
		column.Append(b.Cols[0], k)
		column.Append(b.Cols[1], v)
		b.Len = 1
		b.AddKinds(1)[0] = kind
		return b
	}
	side := graph.Side{Changes: graph.Retract, Keep: graph.Keep{TTL: 10 * time.Millisecond}}
	op := &graph.Join{Match: graph.Match{Type: graph.LeftJoin, LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true, Sides: [2]graph.Side{side, {Keep: graph.Keep{TTL: 30 * time.Millisecond}}}}
	steps := []step{
		{clock: true, time: 100}, {input: 0, batch: row(column.Insert, 1, 1)},
		{clock: true, time: 105}, {input: 1, batch: row(column.Insert, 1, 7)}, {input: 0, batch: row(column.Insert, 1, 2)},
		{clock: true, time: 110}, {input: 1, batch: row(column.Insert, 1, 8)}, // 1 1 is gone
		{restart: 2},
		{clock: true, time: 115}, {input: 1, batch: row(column.Insert, 1, 9)}, // 1 2 is gone
		{input: 0, batch: row(column.Delete, 1, 2)},
		{clock: true, time: 136}, {input: 0, batch: row(column.Insert, 1, 3)}, // 1 7 is gone
	}
	c := runSteps(t, &graph.Node{Op: op, Schema: append(in, in...)}, [][]column.Field{in, in}, [][]int{{0}, {0}}, steps)
	compareRows(t, c.out.rows, []string{
		"+I 1 1 NULL NULL", "-D 1 1 NULL NULL", "+I 1 1 1 7", "+I 1 2 1 7", "+I 1 2 1 8",
		"-D 1 2 1 7", "-D 1 2 1 8", "-D 1 2 1 9", "+I 1 3 1 8", "+I 1 3 1 9",
	})
	c.now = 1000
	c.ring()
	for _, o := range c.tasks {
		j := o.(*changeJoin)
		if n := j.sides[0].rows.Live() + j.sides[1].rows.Live() + j.groups.Live(); n != 0 {
			t.Errorf("%d rows and keys left", n)
		}
	}
}
