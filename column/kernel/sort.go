package kernel

import (
	"cmp"
	"math"

	"github.com/millstream/millstream/column"
)

// SortKey is one column of an order. Text and binary sort by bytes; FALSE before TRUE; -0.0 before 0.0, and NaN behind all
// other numbers. Lists, structs and VARIANT have no order.
type SortKey struct {
	Column     int
	Desc       bool
	NullsFirst bool
}

// Compare returns a negative number, zero or a positive one as row i of a stands before, beside or behind row j of b, vectors
// of one type, in the order of the key.
func (k SortKey) Compare(a *column.Vector, i int, b *column.Vector, j int) int {
	an, bn := a.IsNull(i), b.IsNull(j)
	if an || bn {
		switch {
		case an && bn:
			return 0
		case an == k.NullsFirst:
			return -1
		}
		return 1
	}
	c := compareRows(a, i, b, j)
	if k.Desc {
		return -c
	}
	return c
}

// compareRows compares two values that are not null.
func compareRows(a *column.Vector, i int, b *column.Vector, j int) int {
	if a.Dict != nil {
		return compareRows(a.Dict, int(column.Values[int32](a)[i]), b, j)
	}
	if b.Dict != nil {
		return compareRows(a, i, b.Dict, int(column.Values[int32](b)[j]))
	}
	switch a.Type.Layout() {
	case column.LayoutInt128:
		return column.Values[column.Int128](a)[i].Cmp(column.Values[column.Int128](b)[j])
	case column.LayoutView:
		return CompareView(&column.Values[column.View](a)[i], &column.Values[column.View](b)[j], a.Buffers, b.Buffers)
	}
	return cmp.Compare(order(a, i), order(b, j))
}

// order maps a value of at most 64 bits to a word whose unsigned order is the value's.
func order(v *column.Vector, i int) uint64 {
	switch v.Type.Layout() {
	case column.LayoutBits:
		return bit(v.Bits().Get(i))
	case column.LayoutInt8:
		return integerOrder(column.Values[int8](v)[i])
	case column.LayoutInt16:
		return integerOrder(column.Values[int16](v)[i])
	case column.LayoutInt32:
		return integerOrder(column.Values[int32](v)[i])
	case column.LayoutInt64:
		return integerOrder(column.Values[int64](v)[i])
	case column.LayoutFloat:
		return floatOrder(float64(column.Values[float32](v)[i]))
	case column.LayoutDouble:
		return floatOrder(column.Values[float64](v)[i])
	}
	return 0
}

func integerOrder[T Integer](x T) uint64 { return uint64(int64(x)) ^ 1<<63 }

func floatOrder(x float64) uint64 {
	if x != x {
		return math.MaxUint64
	}
	b := math.Float64bits(x)
	return b ^ (uint64(int64(b)>>63) | 1<<63) // negative numbers are inverted
}

// Sorter sorts row indexes. It holds memory and belongs to one task; the zero value is ready.
type Sorter struct {
	pairs, spare []pair
	nulls        []int32
	cols         []*column.Vector
	keys         []SortKey
}

// pair is a row with the word to sort it by.
type pair struct {
	word uint64
	row  int32
}

// Sort orders rows, indexes into the columns, by the keys; rows that are alike keep their order. It is a radix sort on words
// of eight bytes, of which long texts take several in turn.
func (s *Sorter) Sort(rows []int32, cols []*column.Vector, keys []SortKey) {
	s.cols, s.keys = cols, keys
	s.sort(rows, 0)
	s.cols, s.keys = nil, nil
}

// sort orders rows by the keys from k on.
func (s *Sorter) sort(rows []int32, k int) {
	if len(rows) < 2 || k == len(s.keys) {
		return
	}
	key := s.keys[k]
	v := s.cols[key.Column]
	if v.HasNulls() {
		var nulls []int32
		if rows, nulls = s.split(rows, v, key.NullsFirst); len(nulls) > 0 {
			s.sort(nulls, k+1)
		}
	}
	s.level(rows, k, 0)
}

// split parts rows into those that are valid and null ones, and returns them.
func (s *Sorter) split(rows []int32, v *column.Vector, nullsFirst bool) (valid, nulls []int32) {
	s.nulls = s.nulls[:0]
	n := 0
	for _, r := range rows {
		if v.IsNull(int(r)) {
			s.nulls = append(s.nulls, r)
		} else {
			rows[n] = r
			n++
		}
	}
	if nullsFirst {
		copy(rows[len(s.nulls):], rows[:n])
		copy(rows, s.nulls)
		return rows[len(s.nulls):], rows[:len(s.nulls)]
	}
	copy(rows[n:], s.nulls)
	return rows[:n], rows[n:]
}

// level orders rows by word number depth of key k, then each run of equal words by what comes behind it.
func (s *Sorter) level(rows []int32, k, depth int) {
	if len(rows) < 2 {
		return
	}
	key := s.keys[k]
	v := s.cols[key.Column]
	pairs := s.words(rows, v, depth)
	if key.Desc {
		for i := range pairs {
			pairs[i].word = ^pairs[i].word
		}
	}
	pairs = s.order(pairs)
	for i, p := range pairs {
		rows[i] = p.row
	}
	last := k == len(s.keys)-1
	l := v.Type.Layout()
	if last && l != column.LayoutInt128 && l != column.LayoutView {
		return
	}
	// Runs are found before anything else uses the pairs' memory.
	var runs []int32
	for i := 0; i < len(pairs); {
		j := i + 1
		for j < len(pairs) && pairs[j].word == pairs[i].word {
			j++
		}
		if j-i > 1 {
			word := pairs[i].word
			if key.Desc {
				word = ^word
			}
			more := int32(0)
			if l == column.LayoutInt128 && depth == 0 || l == column.LayoutView && (depth&1 == 0 || word > 8) {
				more = 1
			}
			if more == 1 || !last {
				runs = append(runs, int32(i), int32(j), more)
			}
		}
		i = j
	}
	for ; len(runs) > 0; runs = runs[3:] {
		if part := rows[runs[0]:runs[1]]; runs[2] == 1 {
			s.level(part, k, depth+1)
		} else {
			s.sort(part, k+1)
		}
	}
}

// words pairs rows with word number depth of their values. Text has two words for each eight bytes: the bytes, the first one
// highest and padded with zeros, and how many there are, up to 9, which stands for more.
func (s *Sorter) words(rows []int32, v *column.Vector, depth int) []pair {
	if cap(s.pairs) < len(rows) {
		s.pairs, s.spare = make([]pair, len(rows)), make([]pair, len(rows))
	}
	p := s.pairs[:len(rows)]
	if v.Dict != nil {
		codes := column.Values[int32](v)
		for i, r := range rows {
			p[i] = pair{wordAt(v.Dict, int(codes[r]), depth), r}
		}
		return p
	}
	switch v.Type.Layout() {
	case column.LayoutInt32:
		x := column.Values[int32](v)
		for i, r := range rows {
			p[i] = pair{integerOrder(x[r]), r}
		}
	case column.LayoutInt64:
		x := column.Values[int64](v)
		for i, r := range rows {
			p[i] = pair{integerOrder(x[r]), r}
		}
	case column.LayoutDouble:
		x := column.Values[float64](v)
		for i, r := range rows {
			p[i] = pair{floatOrder(x[r]), r}
		}
	default:
		for i, r := range rows {
			p[i] = pair{wordAt(v, int(r), depth), r}
		}
	}
	return p
}

func wordAt(v *column.Vector, i, depth int) uint64 {
	if v.Dict != nil {
		return wordAt(v.Dict, int(column.Values[int32](v)[i]), depth)
	}
	switch v.Type.Layout() {
	case column.LayoutInt128:
		d := column.Values[column.Int128](v)[i]
		if depth == 0 {
			return integerOrder(d.Hi)
		}
		return d.Lo
	case column.LayoutView:
		b := v.BytesAt(i)
		b = b[min(len(b), depth/2*8):]
		if depth&1 == 1 {
			return uint64(min(len(b), 9))
		}
		var w uint64
		for _, c := range b[:min(len(b), 8)] {
			w = w<<8 | uint64(c)
		}
		return w << (8 * (8 - min(len(b), 8)))
	}
	return order(v, i)
}

// order sorts pairs by word, stably, and returns them; the result lies in one of the two memories.
func (s *Sorter) order(p []pair) []pair {
	if len(p) <= 48 {
		for i := 1; i < len(p); i++ {
			x := p[i]
			j := i
			for ; j > 0 && p[j-1].word > x.word; j-- {
				p[j] = p[j-1]
			}
			p[j] = x
		}
		return p
	}
	var differ uint64 // bits in which words differ
	first := p[0].word
	sorted, prev := true, first
	for _, x := range p {
		differ |= x.word ^ first
		sorted = sorted && x.word >= prev
		prev = x.word
	}
	if sorted {
		return p
	}
	q := s.spare[:len(p)]
	for shift := 0; shift < 64; shift += 8 {
		if differ>>shift&0xff == 0 {
			continue
		}
		var at [256]int32
		for _, x := range p {
			at[uint8(x.word>>shift)]++
		}
		sum := int32(0)
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		for _, x := range p {
			d := uint8(x.word >> shift)
			q[at[d]] = x
			at[d]++
		}
		p, q = q, p
	}
	return p
}

// Top returns the first n of the rows in the order of the keys, sorted, in the memory of rows; of rows that are alike, those
// that stand first.
func (s *Sorter) Top(rows []int32, cols []*column.Vector, keys []SortKey, n int) []int32 {
	if n >= len(rows)/4 || len(keys) == 0 {
		s.Sort(rows, cols, keys)
		return rows[:min(n, len(rows))]
	}
	if n == 0 {
		return rows[:0]
	}
	// A heap of the n best so far has the worst of them on top. Positions in rows break ties.
	heap := make([]int32, 0, n)
	worse := func(a, b int32) bool { // position a stands behind position b
		for _, k := range keys {
			v := cols[k.Column]
			if c := k.Compare(v, int(rows[a]), v, int(rows[b])); c != 0 {
				return c > 0
			}
		}
		return a > b
	}
	down := func(i int) {
		for {
			c := 2*i + 1
			if c >= len(heap) {
				return
			}
			if c+1 < len(heap) && worse(heap[c+1], heap[c]) {
				c++
			}
			if !worse(heap[c], heap[i]) {
				return
			}
			heap[i], heap[c] = heap[c], heap[i]
			i = c
		}
	}
	for i := range rows {
		p := int32(i)
		switch {
		case len(heap) < n:
			heap = append(heap, p)
			for c := len(heap) - 1; c > 0; {
				up := (c - 1) / 2
				if !worse(heap[c], heap[up]) {
					break
				}
				heap[c], heap[up] = heap[up], heap[c]
				c = up
			}
		case worse(heap[0], p):
			heap[0] = p
			down(0)
		}
	}
	// The heap's rows in their old order, then sorted, keep ties in order.
	best := make([]bool, len(rows))
	for _, p := range heap {
		best[p] = true
	}
	k := 0
	for i, r := range rows {
		if best[i] {
			rows[k] = r
			k++
		}
	}
	s.Sort(rows[:k], cols, keys)
	return rows[:k]
}
