package kernel

import "github.com/millstream/millstream/column"

// Bool is a boolean operand: values and validity, which is nil if all rows are valid.
type Bool struct{ Bits, Valid column.Bitmap }

// split returns the words of rows that are true and of rows that are false.
func (b Bool) split(i int) (t, f uint64) {
	v := ^uint64(0)
	if b.Valid != nil {
		v = b.Valid[i]
	}
	return v & b.Bits[i], v &^ b.Bits[i]
}

// AndBool writes the three-valued a AND b of n rows to out.
func AndBool(out *column.Vector, a, b Bool, n int) {
	o := out.Bits()
	if a.Valid == nil && b.Valid == nil {
		for i := range words(n) {
			o[i] = a.Bits[i] & b.Bits[i]
		}
		return
	}
	valid := out.Validity()
	for i := range words(n) {
		at, af := a.split(i)
		bt, bf := b.split(i)
		o[i] = at & bt
		valid[i] = at&bt | af | bf
	}
}

// OrBool writes the three-valued a OR b of n rows to out.
func OrBool(out *column.Vector, a, b Bool, n int) {
	o := out.Bits()
	if a.Valid == nil && b.Valid == nil {
		for i := range words(n) {
			o[i] = a.Bits[i] | b.Bits[i]
		}
		return
	}
	valid := out.Validity()
	for i := range words(n) {
		at, af := a.split(i)
		bt, bf := b.split(i)
		o[i] = at | bt
		valid[i] = at | bt | af&bf
	}
}

// NotBool writes NOT a of n rows to out.
func NotBool(out *column.Vector, a Bool, n int) {
	o := out.Bits()
	for i := range words(n) {
		o[i] = ^a.Bits[i]
	}
	And(out, a.Valid, nil, n)
}

// IsBool writes for n rows whether a is want (a null is neither true nor false), or the opposite if not is set.
func IsBool(out *column.Vector, a Bool, want, not bool, n int) {
	o := out.Bits()
	flip := -bit(not)
	for i := range words(n) {
		t, f := a.split(i)
		if want {
			o[i] = t ^ flip
		} else {
			o[i] = f ^ flip
		}
	}
}

// IsNull writes for n rows whether they are null by valid, or not null if not is set.
func IsNull(out column.Bitmap, valid column.Bitmap, not bool, n int) {
	if valid == nil {
		out.Fill(n, not)
		return
	}
	flip := -bit(not)
	for i := range words(n) {
		out[i] = ^valid[i] ^ flip
	}
}

// NotDistinct turns the n bits of out, which say whether values are equal, into whether they are not distinct, given the
// validities of both sides: two nulls are not, a null and a value are. If constant is set, b has one row.
func NotDistinct(out, a, b column.Bitmap, constant bool, n int) {
	if a == nil && b == nil {
		return
	}
	for i := range words(n) {
		av, bv := ^uint64(0), ^uint64(0)
		if a != nil {
			av = a[i]
		}
		switch {
		case b != nil && constant:
			bv = -(b[0] & 1)
		case b != nil:
			bv = b[i]
		}
		out[i] = av&bv&out[i] | ^(av | bv)
	}
}
