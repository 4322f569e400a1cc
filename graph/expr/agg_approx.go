package expr

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	registerAggregate(&AggregateFunction{Name: "APPROX_COUNT_DISTINCT", Doc: "About how many different values there are that are not NULL, with an error of about 1 % beyond a thousand.",
		Example: "APPROX_COUNT_DISTINCT(x) => 3",
		Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
			if len(args) != 1 {
				return nil, column.Type{}, fmt.Errorf("APPROX_COUNT_DISTINCT takes one argument, not %d", len(args))
			}
			return nil, column.Of(column.BigInt).Required(), nil
		},
		New:            func([]column.Type, column.Type) Accumulator { return &sketches{} },
		NewRetractable: newCountHistory})
}

const (
	sketchBits = 14                // of the hash, which choose a register
	registers  = 1 << sketchBits   // of a sketch, a byte each
	fewHashes  = registers / 8 / 2 // up to which a group's hashes are kept as they are
)

// sketches is the accumulator of APPROX_COUNT_DISTINCT: by group the hashes of the values as long as they are few, then the registers of HyperLogLog.
type sketches struct {
	groups []sketch
	bytes  int
	hasher kernel.Hasher
	hashes []uint64
}

type sketch struct {
	few   []uint64 // sorted
	dense []uint8  // nil: few has all
}

// Grow implements [Accumulator].
func (a *sketches) Grow(n int) { a.groups = grow(a.groups, n) }

// Clear implements [Accumulator].
func (a *sketches) Clear(group int) {
	a.bytes -= a.groups[group].size()
	a.groups[group] = sketch{}
}

func (s *sketch) size() int { return 8*cap(s.few) + cap(s.dense) }

// Update implements [Accumulator].
func (a *sketches) Update(groups []int32, args []*column.Vector, rows []int32) {
	if cap(a.hashes) < len(groups) {
		a.hashes = make([]uint64, len(groups)+len(groups)/4)
	}
	a.hashes = a.hashes[:len(groups)]
	a.hasher.Hash(a.hashes, args[:1], rows)
	for i, g := range groups {
		if !args[0].IsNull(rowAt(rows, i)) {
			a.add(g, a.hashes[i])
		}
	}
}

func (a *sketches) add(g int32, hash uint64) {
	s := &a.groups[g]
	if s.dense != nil {
		s.set(hash)
		return
	}
	before := s.size()
	i, found := slices.BinarySearch(s.few, hash)
	switch {
	case found:
		return
	case len(s.few) < fewHashes:
		s.few = slices.Insert(s.few, i, hash)
	default:
		s.spread()
		s.set(hash)
	}
	a.bytes += s.size() - before
}

// spread makes registers of the hashes.
func (s *sketch) spread() {
	few := s.few
	s.few, s.dense = nil, make([]uint8, registers)
	for _, h := range few {
		s.set(h)
	}
}

// set raises a register to the place of the first one among the other bits of the hash.
func (s *sketch) set(hash uint64) {
	i := hash >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(hash<<sketchBits|1<<(sketchBits-1)) + 1)
	s.dense[i] = max(s.dense[i], rank)
}

// estimate is the number of values.
func (s *sketch) estimate() int64 {
	if s.dense == nil {
		return int64(len(s.few))
	}
	sum, zeros := 0.0, 0
	for _, r := range s.dense {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	const m = float64(registers)
	e := 0.7213 / (1 + 1.079/m) * m * m / sum
	if e <= 2.5*m && zeros > 0 { // linear counting is nearer
		e = m * math.Log(m/float64(zeros))
	}
	return int64(math.Round(e))
}

// StateTypes implements [Accumulator]: the registers, or the hashes, eight bytes each.
func (a *sketches) StateTypes() []column.Type { return []column.Type{column.Bytes().Required()} }

// AppendState implements [Accumulator].
func (a *sketches) AppendState(from, to int, out []*column.Vector) {
	var buf []byte
	for _, s := range a.groups[from:to] {
		if buf = buf[:0]; s.dense != nil {
			buf = append(buf, s.dense...)
		}
		for _, h := range s.few {
			buf = binary.LittleEndian.AppendUint64(buf, h)
		}
		out[0].AppendBytes(buf)
	}
}

// Merge implements [Accumulator].
func (a *sketches) Merge(groups []int32, state []*column.Vector, rows []int32) {
	for i, g := range groups {
		data := state[0].BytesAt(rowAt(rows, i))
		if len(data) < registers {
			for ; len(data) >= 8; data = data[8:] {
				a.add(g, binary.LittleEndian.Uint64(data))
			}
			continue
		}
		s := &a.groups[g]
		before := s.size()
		if s.dense == nil {
			s.spread()
		}
		for k, r := range data[:registers] {
			s.dense[k] = max(s.dense[k], r)
		}
		a.bytes += s.size() - before
	}
}

// AppendResult implements [Accumulator].
func (a *sketches) AppendResult(from, to int, out *column.Vector) error {
	for i := range a.groups[from:to] {
		column.Append(out, a.groups[from+i].estimate())
	}
	return nil
}

// SizeBytes implements [Accumulator].
func (a *sketches) SizeBytes() int { return 48*cap(a.groups) + a.bytes }
