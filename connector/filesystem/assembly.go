package filesystem

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
)

// assembly makes the batches of a split out of what a format decoded and the columns that are the same for the whole file.
type assembly struct {
	layout    *layout
	decoded   []column.Field   // the columns that the format decodes
	constants []*column.Vector // by output position, one row each; nil: decoded
	out       *column.Batch
	repeated  []*column.Vector // by output position: a constant as a dictionary of one value
	zeros     []uint64         // its indexes
	keep      bool
}

func newAssembly(s *source, f found, store objstore.Store) (*assembly, error) {
	a := &assembly{layout: s.layout, keep: s.req.Keep}
	for _, p := range s.layout.project {
		a.decoded = append(a.decoded, s.config.columns[p])
	}
	var err error
	a.constants, err = s.layout.constants(f, store)
	return a, err
}

// batch returns an empty batch for the format to fill.
func (a *assembly) batch(rows int) *column.Batch { return column.NewBatch(a.decoded, rows) }

// assemble returns the rows of b with all columns. It is valid as long as b is, or for ever if buffers are kept.
func (a *assembly) assemble(b *column.Batch) *column.Batch {
	if a.out == nil || a.keep {
		a.out = &column.Batch{Cols: make([]*column.Vector, len(a.constants))}
		a.repeated = make([]*column.Vector, len(a.constants))
	}
	out := a.out
	out.Len, out.Sel, out.Kinds, out.Times = b.Len, b.Sel, b.Kinds, b.Times
	if words := b.Len/2 + 1; len(a.zeros) < words {
		a.zeros = make([]uint64, 2*words)
	}
	for i, c := range a.constants {
		if c == nil {
			out.Cols[i] = b.Cols[a.layout.file[i]]
			continue
		}
		if a.repeated[i] == nil {
			a.repeated[i] = &column.Vector{Type: c.Type, Dict: c}
		}
		v := a.repeated[i]
		v.LendData(a.zeros, nil, b.Len)
		out.Cols[i] = v
	}
	return out
}
