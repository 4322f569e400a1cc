package expr

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// blendStep is CASE with branches that cost less than choosing the rows to compute them for: all are computed for all rows, and a row's value
// is picked by the bits of the conditions.
type blendStep struct {
	when, then []int // registers
	other      int
	out        int
	constant   []bool   // by arm, and behind them of other: the register has one row
	bits       []uint64 // of a condition that is TRUE
}

// blends reports whether a CASE is computed so.
func blends(e *Case) bool {
	if l := e.T.Layout(); l < column.LayoutInt8 || l > column.LayoutView {
		return false
	}
	for i, w := range e.When {
		if i > 0 && costly(w) || costly(e.Then[i]) {
			return false
		}
	}
	return !costly(e.Else)
}

func (c *compiler) blend(e *Case, s *scope, b *block) (int, error) {
	st := &blendStep{}
	for i, w := range e.When {
		when, err := c.vector(w, s, b)
		if err != nil {
			return 0, err
		}
		then, constant, err := c.value(e.Then[i], s, b)
		if err != nil {
			return 0, err
		}
		st.when, st.then, st.constant = append(st.when, when), append(st.then, then), append(st.constant, constant)
	}
	other, constant, err := c.value(e.Else, s, b)
	if err != nil {
		return 0, err
	}
	st.other, st.constant = other, append(st.constant, constant)
	st.out = c.m.register(e.T)
	b.steps = append(b.steps, st)
	return st.out, nil
}

func (s *blendStep) run(m *machine, _ []int32) error {
	out := m.result(s.out)
	out.Resize(m.n)
	s.validity(m, out)
	s.put(m, out, s.other, s.constant[len(s.then)], nil)
	for i := len(s.when) - 1; i >= 0; i-- { // the first condition that is TRUE counts, so it is put last
		s.put(m, out, s.then[i], s.constant[i], s.truth(m.plain(s.when[i]), m.n))
	}
	return nil
}

// put writes the values of a register where set has a bit, everywhere if it is nil.
func (s *blendStep) put(m *machine, out *column.Vector, reg int, constant bool, set []uint64) {
	v := m.plain(reg)
	switch out.Type.Layout() {
	case column.LayoutInt8:
		pickValues(column.Values[uint8](out)[:m.n], column.Values[uint8](v), constant, set)
	case column.LayoutInt16:
		pickValues(column.Values[uint16](out)[:m.n], column.Values[uint16](v), constant, set)
	case column.LayoutInt32, column.LayoutFloat:
		pickValues(column.Values[uint32](out)[:m.n], column.Values[uint32](v), constant, set)
	case column.LayoutInt64, column.LayoutDouble:
		pickValues(column.Values[uint64](out)[:m.n], column.Values[uint64](v), constant, set)
	case column.LayoutInt128:
		pickWide(column.Values[column.Int128](out)[:m.n], column.Values[column.Int128](v), constant, set)
	default:
		pickViews(out, v, constant, set, m.n)
	}
}

// truth returns the bits of the rows for which a condition is TRUE.
func (s *blendStep) truth(cond *column.Vector, n int) []uint64 {
	words := (n + 63) >> 6
	if cond.Valid == nil {
		return cond.Bits()[:words]
	}
	if cap(s.bits) < words {
		s.bits = make([]uint64, words)
	}
	s.bits = s.bits[:words]
	for w := range s.bits {
		s.bits[w] = cond.Bits()[w] & cond.Valid[w]
	}
	return s.bits
}

// validity picks the rows that are not null.
func (s *blendStep) validity(m *machine, out *column.Vector) {
	out.Valid = nil
	some := m.plain(s.other).Valid != nil
	for _, r := range s.then {
		some = some || m.plain(r).Valid != nil
	}
	if !some {
		return
	}
	valid := out.Validity()
	words := (m.n + 63) >> 6
	word := func(v *column.Vector, constant bool, w int) uint64 {
		switch {
		case v.Valid == nil, constant && v.Valid.Get(0):
			return ^uint64(0)
		case constant:
			return 0
		}
		return v.Valid[w]
	}
	other := m.plain(s.other)
	for w := range words {
		valid[w] = word(other, s.constant[len(s.then)], w)
	}
	for i := len(s.when) - 1; i >= 0; i-- {
		set, v := s.truth(m.plain(s.when[i]), m.n), m.plain(s.then[i])
		for w := range words {
			valid[w] = valid[w]&^set[w] | word(v, s.constant[i], w)&set[w]
		}
	}
}

// pickValues writes values where set has a bit, everywhere if it is nil.
func pickValues[T uint8 | uint16 | uint32 | uint64](out, in []T, constant bool, set []uint64) {
	switch {
	case set == nil && constant:
		for i := range out {
			out[i] = in[0]
		}
		return
	case set == nil:
		copy(out, in)
		return
	}
	for w, b := range set {
		from := w << 6
		rows := out[from:min(from+64, len(out))]
		if b == 0 {
			continue
		}
		if constant {
			c := in[0]
			for k, x := range rows {
				rows[k] = x ^ (x^c)&-T(b&1)
				b >>= 1
			}
			continue
		}
		src := in[from:][:len(rows)]
		for k, x := range rows {
			rows[k] = x ^ (x^src[k])&-T(b&1)
			b >>= 1
		}
	}
}

func pickWide(out, in []column.Int128, constant bool, set []uint64) {
	at := func(i int) int {
		if constant {
			return 0
		}
		return i
	}
	if set == nil {
		for i := range out {
			out[i] = in[at(i)]
		}
		return
	}
	eachBit(set, len(out), func(i int) { out[i] = in[at(i)] })
}

// pickViews is pickValues for texts, whose buffers out takes over.
func pickViews(out, v *column.Vector, constant bool, set []uint64, n int) {
	base := uint64(len(out.Buffers))
	out.Buffers = append(out.Buffers, v.Buffers...)
	from, to := column.Values[column.View](v), column.Values[column.View](out)
	put := func(i int) {
		k := i
		if constant {
			k = 0
		}
		w := from[k]
		if !w.Inline() {
			w.Hi += base
		}
		to[i] = w
	}
	if set == nil {
		for i := range n {
			put(i)
		}
		return
	}
	eachBit(set, n, put)
}

// eachBit calls f for the bits of set below n.
func eachBit(set []uint64, n int, f func(i int)) {
	for w, b := range set {
		for ; b != 0; b &= b - 1 {
			i := w<<6 + bits.TrailingZeros64(b)
			if i >= n {
				return
			}
			f(i)
		}
	}
}
