package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// match finds the pairs of rows that a [graph.Match] asks for and gathers them late: until a pair is emitted, or its condition is to be
// evaluated, it is two row numbers.
type match struct {
	spec *graph.Match
	in   [2][]column.Field
	keys [2][]int
	cond *expr.Filter // nil: all pairs of equal keys

	vectors []*column.Vector    // keys of the current batch
	read    [2][]*column.Vector // columns that the condition reads; nil for others
	picks   [2]column.Picks
	pairs   column.Batch
	kept    []int32
	own     []int32
}

// rowSource is where the rows of a side stand: a batch, or a table of rows.
type rowSource interface {
	// Take gathers rows into empty vectors, one for each column, nil where it is not needed.
	Take(rows *column.Picks, to []*column.Vector)
}

var _ rowSource = (*state.Rows)(nil)

// columns is a rowSource of plain columns.
type columns []*column.Vector

func (c columns) Take(rows *column.Picks, to []*column.Vector) {
	for i, v := range to {
		if v != nil {
			rows.Take(v, c[i])
		}
	}
}

// newMatch checks what is asked for against the inputs and the output.
func newMatch(spec *graph.Match, in [][]column.Field, schema []column.Field) (*match, error) {
	if len(in) != 2 {
		return nil, fmt.Errorf("a join has %d inputs, want 2", len(in))
	}
	if len(spec.LeftKeys) != len(spec.RightKeys) || spec.NullSafe != nil && len(spec.NullSafe) != len(spec.LeftKeys) {
		return nil, fmt.Errorf("a join has %d keys on the left, %d on the right and %d that may be NULL", len(spec.LeftKeys), len(spec.RightKeys), len(spec.NullSafe))
	}
	m := &match{spec: spec, in: [2][]column.Field{in[0], in[1]}, keys: [2][]int{spec.LeftKeys, spec.RightKeys}}
	for i, l := range spec.LeftKeys {
		if a, b := in[0][l], in[1][spec.RightKeys[i]]; !sameKeys(a.Type, b.Type) {
			return nil, fmt.Errorf("a join compares %s of type %s with %s of type %s", a.Name, a.Type, b.Name, b.Type)
		}
	}
	width := len(in[0])
	if !spec.Type.LeftOnly() {
		width += len(in[1])
	}
	if len(schema) != width {
		return nil, fmt.Errorf("the output of a join has %d columns, want %d", len(schema), width)
	}
	m.vectors = make([]*column.Vector, len(spec.LeftKeys))
	return m, nil
}

// sameKeys reports whether values of two types are equal exactly if they are stored alike.
func sameKeys(a, b column.Type) bool {
	switch a.Kind {
	case column.Decimal:
		return b.Kind == a.Kind && a.Scale == b.Scale && a.Layout() == b.Layout()
	case column.Timestamp, column.TimestampLTZ:
		return a.TimeUnit() == b.TimeUnit() && a.Layout() == b.Layout()
	}
	return a.Layout() == b.Layout()
}

// open compiles the condition.
func (m *match) open(c *Context) error {
	if m.spec.Cond == nil {
		return nil
	}
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	if m.cond, err = expr.CompileFilter(m.spec.Cond, opts...); err != nil {
		return fmt.Errorf("condition %s: %w", m.spec.Cond, err)
	}
	m.read = [2][]*column.Vector{make([]*column.Vector, len(m.in[0])), make([]*column.Vector, len(m.in[1]))}
	expr.Walk(m.spec.Cond, func(e expr.Expr) bool {
		if col, ok := e.(*expr.Column); ok {
			side, i := 0, col.Index
			if i >= len(m.in[0]) {
				side, i = 1, i-len(m.in[0])
			}
			m.read[side][i] = column.NewVector(m.in[side][i].Type, 0)
		}
		return true
	})
	return nil
}

// keyTypes are the types of a side's keys.
func (m *match) keyTypes() []column.Type {
	var types []column.Type
	for _, k := range m.keys[0] {
		types = append(types, m.in[0][k].Type)
	}
	return types
}

// keysOf returns the key columns of a batch.
func (m *match) keysOf(side int, cols []*column.Vector) []*column.Vector {
	for i, k := range m.keys[side] {
		m.vectors[i] = cols[k]
	}
	return m.vectors
}

// noKey calls found with the position of each live row of b that has a NULL where that equals nothing.
func (m *match) noKey(side int, b *column.Batch, found func(i int)) {
	for k, c := range m.keys[side] {
		v := b.Cols[c]
		if m.spec.NullSafe != nil && m.spec.NullSafe[k] || !v.HasNulls() {
			continue
		}
		for i := range b.Rows() {
			if v.IsNull(b.Row(i)) {
				found(i)
			}
		}
	}
}

// types are the types of a side's columns.
func types(fields []column.Field) []column.Type {
	list := make([]column.Type, len(fields))
	for i, f := range fields {
		list[i] = f.Type
	}
	return list
}

// filter keeps the pairs of rows for which the condition is true. Pair k is row rows[0][k] of from[0] and rows[1][k] of from[1]; it returns those k,
// or nil for all pairs. The result is valid until the next call.
func (m *match) filter(from [2]rowSource, rows [2][]int32) ([]int32, error) {
	if m.cond == nil {
		return nil, nil
	}
	m.kept = append(m.kept[:0], rows[0]...) // room for all
	kept := m.kept[:0]
	for at := 0; at < len(rows[0]); at += ChunkRows {
		n := min(ChunkRows, len(rows[0])-at)
		m.pairs.Len, m.pairs.Cols = n, m.pairs.Cols[:0]
		for side, cols := range m.read {
			for _, v := range cols {
				if v != nil {
					v.Reset()
				}
			}
			p := &m.picks[side]
			p.Rows = append(p.Rows[:0], rows[side][at:at+n]...)
			p.Prepare()
			from[side].Take(p, cols)
			m.pairs.Cols = append(m.pairs.Cols, cols...)
		}
		sel, err := m.cond.Select(&m.pairs, m.pairs.Sel)
		if err != nil {
			return nil, fmt.Errorf("condition %s: %w", m.spec.Cond, err)
		}
		for _, k := range sel {
			kept = append(kept, int32(at)+k)
		}
	}
	return kept, nil
}

// test leaves those pairs for which the condition is true. Of a pair, pairs[0] has the position in rows of its row of a side (the row itself where
// rows is nil), and pairs[1] the row of the other side.
func (m *match) test(side int, from [2]rowSource, pairs *[2][]int32, rows []int32) error {
	if m.cond == nil || len(pairs[0]) == 0 {
		return nil
	}
	own := pairs[0]
	if rows != nil {
		own = m.own[:0]
		for _, i := range pairs[0] {
			own = append(own, rows[i])
		}
		m.own = own
	}
	kept, err := m.filter(from, bySide(side, own, pairs[1]))
	for i, k := range kept {
		pairs[0][i], pairs[1][i] = pairs[0][k], pairs[1][k]
	}
	pairs[0], pairs[1] = pairs[0][:len(kept)], pairs[1][:len(kept)]
	return err
}

// bySide orders what belongs to a side and to the other one.
func bySide[T any](side int, own, other T) [2]T {
	if side == 1 {
		return [2]T{other, own}
	}
	return [2]T{own, other}
}

// joined gathers the rows that a join emits.
type joined struct {
	from  [2]rowSource
	rows  [2][]int32       // by output row and side; column.Missing: NULLs
	kinds []column.RowKind // nil: all inserts

	picks [2]column.Picks
	cols  [2][]*column.Vector // the output's
	out   column.Batch
}

func newJoined(m *match, schema []column.Field) *joined {
	j := &joined{}
	b := column.NewBatch(schema, 0)
	j.cols[0] = b.Cols[:len(m.in[0])]
	j.cols[1] = b.Cols[len(m.in[0]):]
	return j
}

// add adds a row of a changelog.
func (j *joined) add(left, right int32, kind column.RowKind) {
	j.rows[0], j.rows[1], j.kinds = append(j.rows[0], left), append(j.rows[1], right), append(j.kinds, kind)
}

// put is add for a row of one side and one of the other.
func (j *joined) put(side int, own, other int32, kind column.RowKind) {
	j.rows[side], j.rows[1-side], j.kinds = append(j.rows[side], own), append(j.rows[1-side], other), append(j.kinds, kind)
}

// flush emits what was added, in batches, and forgets it.
func (j *joined) flush(out Output) error {
	for at := 0; at < len(j.rows[0]); at += ChunkRows {
		n := min(ChunkRows, len(j.rows[0])-at)
		j.out = column.Batch{Len: n, Cols: j.out.Cols[:0]}
		if len(j.kinds) > 0 {
			j.out.Kinds = j.kinds[at : at+n]
		}
		for side, cols := range j.cols {
			if len(cols) == 0 {
				continue
			}
			for _, v := range cols {
				v.Reset()
			}
			p := &j.picks[side]
			p.Rows = append(p.Rows[:0], j.rows[side][at:at+n]...)
			p.Prepare()
			j.from[side].Take(p, cols)
			j.out.Cols = append(j.out.Cols, cols...)
		}
		if err := out.Emit(&j.out); err != nil {
			return err
		}
	}
	j.rows[0], j.rows[1], j.kinds = j.rows[0][:0], j.rows[1][:0], j.kinds[:0]
	return nil
}

// full reports whether there is enough to emit.
func (j *joined) full() bool { return len(j.rows[0]) >= ChunkRows }

func (j *joined) sizeBytes() int {
	n := cap(j.kinds)
	for side := range j.rows {
		n += cap(j.rows[side]) * 4
		for _, v := range j.cols[side] {
			n += v.SizeBytes()
		}
	}
	return n
}
