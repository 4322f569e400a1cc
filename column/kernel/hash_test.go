package kernel_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/column/kernel"
)

// Hashes decide which key group a row belongs to, in checkpoints that outlive this version: these must never change.
func TestHashGolden(t *testing.T) {
	texts := column.NewVector(column.Str(), 0)
	for _, s := range []string{"", "a", "twelve bytes", "thirteen byte", "a text of exactly thirty-two byt", "a text of more than thirty-two bytes"} {
		texts.AppendString(s)
	}
	texts.AppendNull()
	ints := column.NewVector(column.Of(column.Int), 0)
	for _, x := range []int32{0, 1, -1, 42, math.MaxInt32, math.MinInt32, 7} {
		column.Append(ints, x)
	}
	for name, c := range map[string]struct {
		keys []*column.Vector
		want []uint64
	}{
		"text": {[]*column.Vector{texts}, []uint64{
			0xabebb05d041f2284, 0x2b789a0f4f3bb2c5, 0x4d544f7fffda0df5, 0x469accc46c417849,
			0x9a06fee6a703d137, 0xe870cb6ec5bc9ebc, 0x937ba8fdebd0f866,
		}},
		"int": {[]*column.Vector{ints}, []uint64{
			0x2b35d6d0be045b39, 0xd0fe0ad75fed4754, 0xb8add8dc70736507, 0xc6e790a57f3aa3e4,
			0x1c25bebef2504c0f, 0x73c44f4d83984448, 0xb2e1f32d01fbbf3c,
		}},
		"both": {[]*column.Vector{ints, texts}, []uint64{
			0x9fef9a916a618eee, 0xce1a59a342fed2ca, 0xe74fe0f3e60cae03, 0xe6dd1efddac0157a,
			0x3456c57fda1c0902, 0x67232245a1a99fed, 0xfdf5df9c53e9fd3b,
		}},
	} {
		got := make([]uint64, len(c.want))
		var h kernel.Hasher
		h.Hash(got, c.keys, nil)
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s, row %d: %#x, want %#x", name, i, got[i], c.want[i])
			}
		}
	}
}

// foldBig is the specification's fold, by other means.
func foldBig(x, y uint64) uint64 {
	p := new(big.Int).Mul(new(big.Int).SetUint64(x), new(big.Int).SetUint64(y))
	hi := new(big.Int).Rsh(p, 64)
	return hi.Uint64() ^ new(big.Int).And(p, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
}

func TestHashSpecification(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Int64().Draw(t, "x")
		v := column.NewVector(column.Of(column.BigInt), 0)
		column.Append(v, x)
		want := foldBig(foldBig(0x9e3779b97f4a7c15^uint64(x), 0xd6e8feb86659fd93)^0x8ebc6af09c88c6e3, 0x589965cc75374cc3)
		got := make([]uint64, 1)
		var h kernel.Hasher
		if h.Hash(got, []*column.Vector{v}, nil); got[0] != want {
			t.Fatalf("hash of %d is %#x, by the specification %#x", x, got[0], want)
		}
	})
}

// Equal rows have equal hashes however they are laid out, and unequal rows hardly ever do.
func TestHashAndEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := columntest.RandomType(t, 2)
		a := columntest.RandomVector(t, typ, rapid.IntRange(0, 20).Draw(t, "n"))
		b := columntest.WithDictionary(t, a, rapid.IntRange(0, 20).Draw(t, "m"))
		if rapid.Bool().Draw(t, "plain") {
			plain := column.NewVector(typ, 0)
			plain.AppendRows(b, nil)
			b = plain
		}
		var h kernel.Hasher
		x, y := make([]uint64, a.Len), make([]uint64, b.Len)
		h.Hash(x, []*column.Vector{a, a}, nil)
		h.Hash(y, []*column.Vector{b, b}, nil)
		for i := range a.Len {
			for j := range b.Len {
				p, q := columntest.Key(a, i), columntest.Key(b, j)
				same := p == q
				if got := kernel.EqualRows(a, i, b, j); got != same {
					t.Fatalf("%s: %s = %s is %t", typ, p, q, got)
				}
				if got := x[i] == y[j]; got != same {
					t.Fatalf("%s: hashes of %s and %s are equal: %t", typ, p, q, got)
				}
				pair := kernel.SelectEqual(a, b, []int32{int32(i)}, []int32{int32(j)}, 1, nil, make([]int32, 1))
				if (len(pair) == 1) != same {
					t.Fatalf("%s: pair of %s and %s is selected: %v", typ, p, q, pair)
				}
			}
		}
		rows := columntest.RandomRows(t, a.Len)
		if rows != nil {
			z := make([]uint64, len(rows))
			h.Hash(z, []*column.Vector{a, a}, rows)
			for i, r := range rows {
				if z[i] != x[r] {
					t.Fatalf("row %d has another hash through a list of rows", r)
				}
			}
		}
	})
}

// Any bits of the hash spread evenly, low and high, for keys in sequence.
func TestHashSpreads(t *testing.T) {
	const n, buckets = 1 << 16, 1 << 7
	v := column.NewVector(column.Of(column.BigInt), n)
	for _, step := range []int64{1, 128, 1 << 20, 1 << 40} {
		v.Reset()
		for i := range int64(n) {
			column.Append(v, i*step)
		}
		hash := make([]uint64, n)
		var h kernel.Hasher
		h.Hash(hash, []*column.Vector{v}, nil)
		var low, high [buckets]int
		for _, x := range hash {
			low[x%buckets]++
			high[x>>57]++
		}
		for i := range buckets {
			// 512 are expected, with a standard deviation of 22.5.
			if low[i] < 380 || low[i] > 650 || high[i] < 380 || high[i] > 650 {
				t.Fatalf("step %d, bucket %d: %d by low bits, %d by high bits", step, i, low[i], high[i])
			}
		}
	}
}

// One key hashes alike in its own loop and in the one for any vectors, which dictionaries and validity lead to.
func TestHashOfOneKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := columntest.RandomVector(t, columntest.RandomType(t, 1), rapid.IntRange(0, 20).Draw(t, "n"))
		rows := columntest.RandomRows(t, a.Len)
		n := len(rows)
		if rows == nil {
			n = a.Len
		}
		plain, valid := column.NewVector(a.Type, 0), column.NewVector(a.Type, 0)
		plain.AppendRows(a, nil)
		valid.AppendRows(a, nil)
		valid.Validity()
		x, y := make([]uint64, n), make([]uint64, n)
		var h kernel.Hasher
		h.Hash(x, []*column.Vector{plain}, rows)
		h.Hash(y, []*column.Vector{valid}, rows)
		for i := range x {
			if x[i] != y[i] {
				t.Fatalf("%s: row %d hashes to %#x and %#x", a.Type, i, x[i], y[i])
			}
		}
	})
}
