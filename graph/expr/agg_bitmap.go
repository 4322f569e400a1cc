package expr

import (
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/millstream/millstream/column"
)

func init() {
	add := func(set *roaring.Bitmap, v *column.Vector, r int) error {
		if v.Dict != nil {
			v, r = v.Dict, int(column.Values[int32](v)[r])
		}
		set.Add(uint32(column.Values[int32](v)[r]))
		return nil
	}
	// fold makes a step of a function of two sets. The first value is taken as it is.
	fold := func(combine func(a, b *roaring.Bitmap)) func(set *roaring.Bitmap, v *column.Vector, r int) error {
		other := roaring.New()
		return func(set *roaring.Bitmap, v *column.Vector, r int) error {
			err := column.ReadBitset(other, v.BytesAt(r))
			combine(set, other)
			return err
		}
	}
	for _, f := range []struct {
		name, doc, of string
		build         bool
		step          func() func(set *roaring.Bitmap, v *column.Vector, r int) error
		and           bool
		example       [2]string
	}{
		{name: "BITMAP_BUILD", doc: "The BITMAP of the INT values that are not NULL", build: true,
			step:    func() func(*roaring.Bitmap, *column.Vector, int) error { return add },
			example: [2]string{"BITMAP_BUILD_AGG(x) => {1,2,3}", "BITMAP_BUILD_CARDINALITY_AGG(x) => 3"}},
		{name: "BITMAP_AND", doc: "What is in all BITMAPs that are not NULL", and: true,
			step:    func() func(*roaring.Bitmap, *column.Vector, int) error { return fold((*roaring.Bitmap).And) },
			example: [2]string{"BITMAP_AND_AGG(BITMAP_BUILD(ARRAY[x, 7])) => {7}", "BITMAP_AND_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[x, 7])) => 1"}},
		{name: "BITMAP_OR", doc: "What is in any BITMAP that is not NULL",
			step:    func() func(*roaring.Bitmap, *column.Vector, int) error { return fold((*roaring.Bitmap).Or) },
			example: [2]string{"BITMAP_OR_AGG(BITMAP_BUILD(ARRAY[x, 7])) => {1,2,3,7}", "BITMAP_OR_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[x, 7])) => 4"}},
		{name: "BITMAP_XOR", doc: "What is in an odd number of BITMAPs that are not NULL",
			step:    func() func(*roaring.Bitmap, *column.Vector, int) error { return fold((*roaring.Bitmap).Xor) },
			example: [2]string{"BITMAP_XOR_AGG(BITMAP_BUILD(ARRAY[x])) => {1,2,3}", "BITMAP_XOR_CARDINALITY_AGG(BITMAP_BUILD(ARRAY[x])) => 3"}},
	} {
		for i, suffix := range []string{"_AGG", "_CARDINALITY_AGG"} {
			name, count := f.name+suffix, i == 1
			doc, t := f.doc+"; NULL if there are none.", column.Of(column.Bitset)
			if count {
				doc, t = "The number of members of "+f.name+"_AGG.", column.Of(column.BigInt)
			}
			registerAggregate(&AggregateFunction{Name: name, Doc: doc, Example: f.example[i],
				Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
					kind := column.Bitset
					if f.build {
						kind = column.Int
					}
					if len(args) != 1 || args[0].Kind != kind && args[0].Kind != column.Null {
						return nil, column.Type{}, fmt.Errorf("%s takes a value of type %s", name, column.Of(kind))
					}
					return []column.Type{column.Of(kind)}, t, nil
				},
				New: func([]column.Type, column.Type) Accumulator {
					return &bitsets{count: count, and: f.and, step: f.step(), merge: mergeOf(f.name)}
				}})
		}
	}
}

// mergeOf is what puts the sets of two parts of the input together.
func mergeOf(name string) func(a, b *roaring.Bitmap) {
	switch name {
	case "BITMAP_AND":
		return (*roaring.Bitmap).And
	case "BITMAP_XOR":
		return (*roaring.Bitmap).Xor
	}
	return (*roaring.Bitmap).Or
}

// bitsets is the accumulator of the aggregates of bitmaps. A group without values is nil.
type bitsets struct {
	groups []*roaring.Bitmap
	errs   []error // of groups with bytes that are no bitmap; nil: none
	count  bool    // the result is the number of members
	and    bool    // the first value is not met with the empty set
	step   func(set *roaring.Bitmap, v *column.Vector, r int) error
	merge  func(a, b *roaring.Bitmap)
	part   *roaring.Bitmap
}

func (a *bitsets) Grow(n int)      { a.groups = grow(a.groups, n) }
func (a *bitsets) Clear(group int) { a.groups[group] = nil }

func (a *bitsets) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := args[0]
	for i, g := range groups {
		r := rowAt(rows, i)
		if v.IsNull(r) {
			continue
		}
		var err error
		switch set := a.groups[g]; {
		case set == nil && a.and:
			a.groups[g] = roaring.New()
			err = column.ReadBitset(a.groups[g], v.BytesAt(r))
		case set == nil:
			a.groups[g] = roaring.New()
			err = a.step(a.groups[g], v, r)
		default:
			err = a.step(set, v, r)
		}
		if err != nil {
			a.errs = append(a.errs, err)
		}
	}
}

func (a *bitsets) StateTypes() []column.Type { return []column.Type{column.Of(column.Bitset)} }

func (a *bitsets) AppendState(from, to int, out []*column.Vector) {
	for _, set := range a.groups[from:to] {
		if set == nil {
			out[0].AppendNull()
		} else {
			out[0].AppendBytes(column.BitsetBytes(set))
		}
	}
}

func (a *bitsets) Merge(groups []int32, state []*column.Vector, rows []int32) {
	for i, g := range groups {
		r := rowAt(rows, i)
		if state[0].IsNull(r) {
			continue
		}
		if a.part == nil {
			a.part = roaring.New()
		}
		if err := column.ReadBitset(a.part, state[0].BytesAt(r)); err != nil {
			a.errs = append(a.errs, err)
			continue
		}
		if a.groups[g] == nil {
			a.groups[g], a.part = a.part, nil
		} else {
			a.merge(a.groups[g], a.part)
		}
	}
}

func (a *bitsets) AppendResult(from, to int, out *column.Vector) error {
	if len(a.errs) > 0 {
		return a.errs[0]
	}
	for _, set := range a.groups[from:to] {
		switch {
		case set == nil:
			out.AppendNull()
		case a.count:
			column.Append(out, int64(set.GetCardinality()))
		default:
			out.AppendBytes(column.BitsetBytes(set))
		}
	}
	return nil
}

func (a *bitsets) SizeBytes() int {
	n := cap(a.groups) * 8
	for _, set := range a.groups {
		if set != nil {
			n += int(set.GetSizeInBytes())
		}
	}
	return n
}
