package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// A compiled expression is a list of steps over registers. A register holds a vector: an input column, a constant of one
// row, or the result of a step, which has a row for each physical row of the batch. What stands in a branch is a block of
// its own, run with the selection of the rows that reach it.

// machine holds the registers of a program.
type machine struct {
	in        *column.Batch
	documents *documents       // that its kernels read
	n         int              // physical rows
	regs      []*column.Vector // current vector of each register
	own       []*column.Vector // memory of each register's result
	flat      []*column.Vector // memory of registers whose dictionary was resolved
	rep       []*column.Vector // memory of constants repeated
	zero      []uint64         // dictionary indexes of constants repeated
}

type step interface {
	// run computes the register of the step for the rows of sel (nil: all).
	run(m *machine, sel []int32) error
}

// block is a straight list of steps with a result.
type block struct {
	steps    []step
	result   int
	constant bool // the result is a vector of one row
}

func (m *machine) load(b *column.Batch) {
	m.in, m.n = b, b.Len
	m.documents.batch++
}

func (m *machine) run(b *block, sel []int32) error {
	for _, s := range b.steps {
		if err := s.run(m, sel); err != nil {
			return err
		}
	}
	return nil
}

// register adds a register for values of type t.
func (m *machine) register(t column.Type) int {
	m.regs = append(m.regs, nil)
	m.own = append(m.own, column.NewVector(t, 0))
	m.flat = append(m.flat, nil)
	m.rep = append(m.rep, nil)
	return len(m.regs) - 1
}

// result returns the empty vector for register r's next result and makes it current.
func (m *machine) result(r int) *column.Vector {
	v := m.own[r]
	v.Reset()
	m.regs[r] = v
	return v
}

// plain returns register r's vector without a dictionary.
func (m *machine) plain(r int) *column.Vector {
	v := m.regs[r]
	if v.Dict == nil {
		return v
	}
	if m.flat[r] == nil {
		m.flat[r] = column.NewVector(v.Type, 0)
	}
	f := m.flat[r]
	f.Reset()
	v.Decode(f)
	m.regs[r] = f
	return f
}

// repeat returns constant register r as a vector of n rows.
func (m *machine) repeat(r, n int) *column.Vector {
	if m.rep[r] == nil {
		m.rep[r] = &column.Vector{Type: m.regs[r].Type}
	}
	if w := n/2 + 1; len(m.zero) < w {
		m.zero = make([]uint64, w)
	}
	v := m.rep[r]
	v.Reset()
	v.LendData(m.zero, nil, n)
	v.Dict = m.regs[r]
	return v
}

// loadStep makes an input column current.
type loadStep struct{ col, out int }

func (s *loadStep) run(m *machine, _ []int32) error {
	m.regs[s.out] = m.in.Cols[s.col]
	return nil
}

// retypeStep gives values another type of the same layout.
type retypeStep struct{ arg, out int }

func (s *retypeStep) run(m *machine, _ []int32) error {
	t, v := m.own[s.out].Type, m.regs[s.arg]
	out := m.result(s.out)
	out.Borrow(v)
	out.Type = t
	return nil
}

// repeatStep makes a constant a vector of all rows, for kernels that have no constant operand.
type repeatStep struct{ constant, out int }

func (s *repeatStep) run(m *machine, _ []int32) error {
	m.regs[s.out] = m.repeat(s.constant, m.n)
	return nil
}

// callStep runs a kernel.
type callStep struct {
	what   Expr // for errors
	kernel Kernel
	args   []int
	vecs   []*column.Vector
	out    int
	// dict is the argument that may be computed on its dictionary's values instead of its rows; -1: none. It is
	// the only one that is no constant, and the function is strict and not volatile.
	dict   int
	memory remembered
	values *column.Vector // results for the dictionary's values
}

// remembered says whether something was computed for all values of a dictionary. That pays when as many rows have come as it has values.
type remembered struct {
	of     *column.Vector
	known  bool
	failed bool
	rows   int // that came without it being known
}

// due reports whether it is to be computed for the dictionary of a batch of so many rows, if that is not known.
func (r *remembered) due(dict *column.Vector, rows int) bool {
	if r.of != dict || !dict.Stable {
		*r = remembered{of: dict}
	}
	r.rows += rows
	return !r.known && !r.failed && dict.Len <= r.rows
}

// set says how computing it ended.
func (r *remembered) set(err error) { r.known, r.failed = err == nil, err != nil }

func (s *callStep) run(m *machine, sel []int32) error {
	if s.dict >= 0 && m.regs[s.args[s.dict]].Dict != nil && s.overDictionary(m, sel) {
		return nil
	}
	for i, r := range s.args {
		s.vecs[i] = m.plain(r)
	}
	if err := s.kernel(s.vecs, m.n, sel, m.result(s.out)); err != nil {
		return fmt.Errorf("%s: %w", s.what, err)
	}
	return nil
}

// overDictionary computes the function once for each value of a dictionary. Where that is not worth while or fails (an
// unused value may be one the function does not like), it reports false and the rows are computed instead.
func (s *callStep) overDictionary(m *machine, sel []int32) bool {
	v := m.regs[s.args[s.dict]]
	if v.Dict.Dict != nil {
		return false
	}
	rows := m.n
	if sel != nil {
		rows = len(sel)
	}
	if s.memory.due(v.Dict, rows) {
		for i, r := range s.args {
			s.vecs[i] = m.regs[r]
		}
		s.vecs[s.dict] = v.Dict
		if s.values == nil || v.Dict.Stable || s.values.Stable { // what is stable is never written again
			s.values = column.NewVector(m.own[s.out].Type, 0)
		}
		s.values.Reset()
		s.memory.set(s.kernel(s.vecs, v.Dict.Len, nil, s.values))
		s.values.Stable = v.Dict.Stable
	}
	if !s.memory.known {
		return false
	}
	out := m.result(s.out)
	out.LendData(v.Data, v.Valid, m.n)
	out.Dict = s.values
	return true
}

// logicStep is AND or OR: the second operand is computed only for rows that the first does not decide.
type logicStep struct {
	or    bool
	left  int
	right *block
	out   int
	rows  []int32 // memory of the rows that left decides, and of those that it does not
	rest  []int32
}

func (s *logicStep) run(m *machine, sel []int32) error {
	a := m.plain(s.left)
	if cap(s.rows) < m.n {
		s.rows, s.rest = make([]int32, m.n), make([]int32, m.n)
	}
	// Rows that the left operand decides: false for AND, true for OR.
	var decided []int32
	if s.or {
		decided = kernel.SelectTrue(a.Bits(), a.Valid, m.n, sel, s.rows[:m.n])
	} else {
		decided = kernel.SelectFalse(a.Bits(), a.Valid, m.n, sel, s.rows[:m.n])
	}
	rest := sel
	if len(decided) > 0 {
		rest = kernel.Difference(sel, decided, m.n, s.rest[:m.n])
		if len(rest) == 0 {
			m.regs[s.out] = a
			return nil
		}
	}
	if err := m.run(s.right, rest); err != nil {
		return err
	}
	b := m.plain(s.right.result)
	out := m.result(s.out)
	out.Resize(m.n)
	x, y := kernel.Bool{Bits: a.Bits(), Valid: a.Valid}, kernel.Bool{Bits: b.Bits(), Valid: b.Valid}
	if s.or {
		kernel.OrBool(out, x, y, m.n)
	} else {
		kernel.AndBool(out, x, y, m.n)
	}
	return nil
}

// caseStep is CASE: each arm's condition is computed for the rows that no arm before it took.
type caseStep struct {
	arms  []arm
	other *block
	out   int
	took  [][]int32 // memory of each arm's rows
	rest  []int32
	sets  [][]int32
	pick  []uint16 // for lists and structs: which arm a row's value comes from, one more
	rows  []int32
}

type arm struct {
	when *block
	then *block
}

func (s *caseStep) run(m *machine, sel []int32) error {
	for len(s.took) < len(s.arms) {
		s.took = append(s.took, nil)
	}
	if cap(s.rest) < m.n {
		s.rest = make([]int32, m.n)
		for i := range s.took {
			s.took[i] = make([]int32, m.n)
		}
	}
	rest, left := sel, m.n
	if sel != nil {
		left = len(sel)
	}
	sets := s.sets[:0]
	for i, a := range s.arms {
		if left == 0 {
			break
		}
		if err := m.run(a.when, rest); err != nil {
			return err
		}
		cond := m.plain(a.when.result)
		hit := kernel.SelectTrue(cond.Bits(), cond.Valid, m.n, rest, s.took[i][:m.n])
		s.took[i] = hit
		sets = append(sets, hit)
		if len(hit) == 0 {
			continue
		}
		if len(hit) == left && rest == nil {
			hit = nil
		}
		if err := m.run(a.then, hit); err != nil {
			return err
		}
		if rest = kernel.Difference(rest, s.took[i], m.n, s.rest[:m.n]); rest == nil {
			rest = s.rest[:0]
		}
		left = len(rest)
	}
	if left > 0 {
		if err := m.run(s.other, rest); err != nil {
			return err
		}
		if rest == nil {
			rest = kernel.SelectAll(m.n, s.rest[:m.n])
		}
	}
	s.sets = sets
	s.merge(m, sets, rest, left)
	return nil
}

func (s *caseStep) branch(m *machine, i int) (*column.Vector, bool) {
	b := s.other
	if i < len(s.arms) {
		b = s.arms[i].then
	}
	return m.plain(b.result), b.constant
}

// merge puts the arms' values together.
func (s *caseStep) merge(m *machine, sets [][]int32, rest []int32, left int) {
	out := m.result(s.out)
	if l := out.Type.Layout(); l == column.LayoutList || l == column.LayoutStruct {
		s.append(m, out, sets, rest, left)
		return
	}
	out.Resize(m.n)
	if out.Type.Layout() == column.LayoutView {
		clear(column.Values[column.View](out)[:m.n]) // rows not reached must be readable
	}
	for i, rows := range sets {
		if len(rows) > 0 {
			v, constant := s.branch(m, i)
			out.Scatter(v, constant, rows)
		}
	}
	if left > 0 {
		v, constant := s.branch(m, len(s.arms))
		out.Scatter(v, constant, rest)
	}
}

// append writes lists and structs, row after row in runs that come from the same arm; rows not reached become null.
func (s *caseStep) append(m *machine, out *column.Vector, sets [][]int32, rest []int32, left int) {
	if cap(s.pick) < m.n {
		s.pick = make([]uint16, m.n)
	}
	pick := s.pick[:m.n]
	clear(pick)
	for i, rows := range sets {
		for _, r := range rows {
			pick[r] = uint16(i + 1)
		}
	}
	if left > 0 {
		for _, r := range rest {
			pick[r] = uint16(len(s.arms) + 1)
		}
	}
	for i := 0; i < m.n; {
		from := i
		for i < m.n && pick[i] == pick[from] {
			i++
		}
		if pick[from] == 0 {
			for range i - from {
				out.AppendNull()
			}
			continue
		}
		v, constant := s.branch(m, int(pick[from])-1)
		s.rows = s.rows[:0]
		for r := from; r < i; r++ {
			if constant {
				s.rows = append(s.rows, 0)
			} else {
				s.rows = append(s.rows, int32(r))
			}
		}
		out.AppendRows(v, s.rows)
	}
}
