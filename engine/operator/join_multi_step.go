package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// multiStep is one input of a [multiJoin]: which of its rows belong to a tuple of those before it, and room for the work there.
type multiStep struct {
	outer   bool  // a tuple without a match stays
	present []int // inputs of which a tuple must have a row to match anything
	text    expr.Expr
	cond    *expr.Filter // nil: all rows of the key match

	read  [][]*column.Vector // by input, the columns that the condition reads; nil for others
	picks []column.Picks
	batch column.Batch
	kept  []int32

	ids   []int32    // by tuple, the group of its change
	pairs [2][]int32 // tuple, row of the input
	next  tuples
}

// open compiles the condition over the columns of the inputs up to the step's own.
func (s *multiStep) open(c *Context, cond expr.Expr, in [][]column.Field) error {
	if cond == nil {
		return nil
	}
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	if s.cond, err = expr.CompileFilter(cond, opts...); err != nil {
		return fmt.Errorf("condition %s: %w", cond, err)
	}
	s.text, s.picks, s.read = cond, make([]column.Picks, len(in)), make([][]*column.Vector, len(in))
	for i, fields := range in {
		s.read[i] = make([]*column.Vector, len(fields))
	}
	expr.Walk(cond, func(e expr.Expr) bool {
		if col, ok := e.(*expr.Column); ok {
			input, c := 0, col.Index
			for ; c >= len(in[input]); input++ {
				c -= len(in[input])
			}
			s.read[input][c] = column.NewVector(in[input][c].Type.Optional(), 0)
		}
		return true
	})
	return nil
}

// test leaves those pairs for which the condition is true.
func (s *multiStep) test(from []rowSource, t *tuples) error {
	if s.cond == nil {
		return nil
	}
	kept, err := s.filter(from, t, s.pairs)
	for i, p := range kept {
		s.pairs[0][i], s.pairs[1][i] = s.pairs[0][p], s.pairs[1][p]
	}
	s.pairs[0], s.pairs[1] = s.pairs[0][:len(kept)], s.pairs[1][:len(kept)]
	return err
}

// filter returns those pairs of a tuple and a row of the step's input for which the condition is true, valid until the next call.
func (s *multiStep) filter(from []rowSource, t *tuples, pairs [2][]int32) ([]int32, error) {
	s.kept = append(s.kept[:0], pairs[0]...) // room for all
	kept := s.kept[:0]
	for at := 0; at < len(pairs[0]); at += ChunkRows {
		tuple, own := pairs[0][at:], pairs[1][at:]
		n := min(ChunkRows, len(tuple))
		s.batch.Len, s.batch.Cols = n, s.batch.Cols[:0]
		for i, cols := range s.read {
			any := false
			for _, v := range cols {
				if v != nil {
					v.Reset()
					any = true
				}
			}
			s.batch.Cols = append(s.batch.Cols, cols...)
			if !any {
				continue
			}
			p := &s.picks[i]
			p.Rows = p.Rows[:0]
			if i == len(s.read)-1 {
				p.Rows = append(p.Rows, own[:n]...)
			} else {
				for _, k := range tuple[:n] {
					p.Rows = append(p.Rows, t.rows[i][k])
				}
			}
			p.Prepare()
			from[i].Take(p, cols)
		}
		sel, err := s.cond.Select(&s.batch, s.batch.Sel)
		if err != nil {
			return nil, fmt.Errorf("condition %s: %w", s.text, err)
		}
		for _, k := range sel {
			kept = append(kept, int32(at)+k)
		}
	}
	return kept, nil
}

func (s *multiStep) sizeBytes() int {
	n := (cap(s.ids)+cap(s.pairs[0])+cap(s.pairs[1])+cap(s.kept))*4 + s.next.sizeBytes()
	for _, cols := range s.read {
		for _, v := range cols {
			if v != nil {
				n += v.SizeBytes()
			}
		}
	}
	return n
}

// multiOutput gathers the rows that a [multiJoin] emits.
type multiOutput struct {
	kinded bool // rows have kinds
	kinds  []column.RowKind
	rows   [][]int32
	cols   [][]*column.Vector // by input
	picks  []column.Picks
	out    column.Batch
}

func (j *multiOutput) init(in [][]column.Field, schema []column.Field) {
	all := column.NewBatch(schema, 0).Cols
	j.rows, j.picks = make([][]int32, len(in)), make([]column.Picks, len(in))
	for _, fields := range in {
		j.cols, all = append(j.cols, all[:len(fields)]), all[len(fields):]
	}
}

// add adds tuples of all inputs and emits what is enough.
func (j *multiOutput) add(t *tuples, from []rowSource, out Output) error {
	if j.kinded {
		j.kinds = append(j.kinds, t.kinds...)
	}
	for i, list := range t.rows {
		j.rows[i] = append(j.rows[i], list...)
	}
	if len(j.rows[0]) < ChunkRows {
		return nil
	}
	return j.flush(from, out)
}

// flush emits what was added, in batches, and forgets it.
func (j *multiOutput) flush(from []rowSource, out Output) error {
	for at := 0; at < len(j.rows[0]); at += ChunkRows {
		n := min(ChunkRows, len(j.rows[0])-at)
		j.out = column.Batch{Len: n, Cols: j.out.Cols[:0]}
		if j.kinded {
			j.out.Kinds = j.kinds[at : at+n]
		}
		for i, cols := range j.cols {
			for _, v := range cols {
				v.Reset()
			}
			j.out.Cols = append(j.out.Cols, cols...)
			if len(cols) == 0 {
				continue
			}
			p := &j.picks[i]
			p.Rows = append(p.Rows[:0], j.rows[i][at:at+n]...)
			p.Prepare()
			from[i].Take(p, cols)
		}
		if err := out.Emit(&j.out); err != nil {
			return err
		}
	}
	j.kinds = j.kinds[:0]
	for i := range j.rows {
		j.rows[i] = j.rows[i][:0]
	}
	return nil
}

func (j *multiOutput) sizeBytes() int {
	n := cap(j.kinds)
	for i := range j.rows {
		n += cap(j.rows[i]) * 4
		for _, v := range j.cols[i] {
			n += v.SizeBytes()
		}
	}
	return n
}
