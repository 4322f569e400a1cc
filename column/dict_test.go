package column

import "testing"

// TestBorrowAfterHold reuses a vector that held long values of its own for values borrowed from another.
func TestBorrowAfterHold(t *testing.T) {
	const long = "a value longer than a view"
	own, other := NewVector(Str(), 0), NewVector(Str(), 0)
	own.AppendString("something else of some length")
	other.AppendString(long)
	v := NewVector(Str(), 0)
	for _, borrow := range []func(){
		func() { v.Borrow(other) },
		func() { v.Take(other, []int32{0}) },
		func() {
			codes := &Vector{Type: Str(), Len: 1, Data: []uint64{0}, Dict: other}
			codes.Decode(v)
		},
	} {
		v.Reset()
		v.AppendRows(own, nil)
		v.Reset()
		borrow()
		if got := string(v.BytesAt(0)); got != long {
			t.Errorf("%q", got)
		}
	}
}
