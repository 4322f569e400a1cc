package kernel_test

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func bigOf(d column.Int128) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(d.Hi), 64)
	return x.Add(x, new(big.Int).SetUint64(d.Lo))
}

func pow(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// rounded is num/den rounded half away from zero.
func rounded(num, den *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Abs(r).Lsh(r, 1).CmpAbs(den) >= 0 {
		q.Add(q, big.NewInt(int64(num.Sign()*den.Sign())))
	}
	return q
}

// drawDecimal draws a value of up to a drawn number of digits.
func drawDecimal(t *rapid.T, name string) (column.Int128, int) {
	digits := rapid.IntRange(1, 38).Draw(t, name+" digits")
	d := column.Int128{Lo: rapid.Uint64().Draw(t, name+" low"), Hi: rapid.Int64().Draw(t, name+" high")}
	for !d.Fits(digits) {
		d, _ = d.DivMod64(10)
	}
	return d, rapid.IntRange(0, 38).Draw(t, name+" scale")
}

func TestDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, as := drawDecimal(t, "a")
		b, bs := drawDecimal(t, "b")
		op := kernel.Decimal{A: as, B: bs, Precision: rapid.IntRange(1, 38).Draw(t, "precision"), Scale: rapid.IntRange(0, 38).Draw(t, "scale")}
		x, y := bigOf(a), bigOf(b)
		check := func(name string, f func(x, y column.Int128) (column.Int128, bool), num, den *big.Int) {
			got, ok := f(a, b)
			if den.Sign() == 0 {
				if ok {
					t.Fatalf("%s by zero is %s", name, bigOf(got))
				}
				return
			}
			want := rounded(new(big.Int).Mul(num, pow(op.Scale)), den)
			fits := want.CmpAbs(pow(op.Precision)) < 0
			if ok != fits || ok && bigOf(got).Cmp(want) != 0 {
				t.Fatalf("%s of %s·10^-%d and %s·10^-%d as DECIMAL(%d, %d): %s, %t; want %s, %t", name, x, as, y, bs, op.Precision, op.Scale, bigOf(got), ok, want, fits)
			}
		}
		// Both on one scale, as fractions.
		p, q := new(big.Int).Mul(x, pow(bs)), new(big.Int).Mul(y, pow(as))
		one := pow(as + bs)
		check("sum", op.Add, new(big.Int).Add(p, q), one)
		check("difference", op.Sub, new(big.Int).Sub(p, q), one)
		check("product", op.Mul, new(big.Int).Mul(x, y), one)
		check("quotient", op.Div, p, q)
		if y.Sign() != 0 {
			check("remainder", op.Mod, new(big.Int).Rem(p, q), one)
		} else if _, ok := op.Mod(a, b); ok {
			t.Fatal("the remainder by zero is a value")
		}
	})
}

func TestInt128(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, as := drawDecimal(t, "a")
		b, _ := drawDecimal(t, "b")
		x, y := bigOf(a), bigOf(b)
		equal := func(name string, got column.Int128, want *big.Int) {
			if bigOf(got).Cmp(want) != 0 {
				t.Fatalf("%s of %s and %s: %s, want %s", name, x, y, bigOf(got), want)
			}
		}
		equal("sum", a.Add(b), new(big.Int).Add(x, y))
		equal("difference", a.Sub(b), new(big.Int).Sub(x, y))
		equal("negation", a.Neg(), new(big.Int).Neg(x))
		if a.Cmp(b) != x.Cmp(y) || a.Less(b) != (x.Cmp(y) < 0) || a.Sign() != x.Sign() || a.IsInt64() != x.IsInt64() {
			t.Fatalf("%s and %s compare wrongly", x, y)
		}
		m := rapid.Uint64Min(1).Draw(t, "m")
		product := new(big.Int).Mul(x, new(big.Int).SetUint64(m))
		if got, ok := a.Mul64(m); ok != (product.BitLen() < 128) || ok && bigOf(got).Cmp(product) != 0 {
			t.Fatalf("%s × %d: %s, %t, want %s", x, m, bigOf(got), ok, product)
		}
		q, r := a.DivMod64(m)
		wantQ, wantR := new(big.Int).QuoRem(x, new(big.Int).SetUint64(m), new(big.Int))
		if equal("quotient", q, wantQ); new(big.Int).SetUint64(r).CmpAbs(wantR) != 0 {
			t.Fatalf("%s mod %d: %d, want %s", x, m, r, wantR)
		}
		to := rapid.IntRange(0, 38).Draw(t, "to")
		want := rounded(new(big.Int).Mul(x, pow(to)), pow(as))
		if got, ok := a.Rescale(as, to); ok != (want.BitLen() < 128) && want.CmpAbs(pow(38)) < 0 || ok && bigOf(got).Cmp(want) != 0 {
			t.Fatalf("%s from scale %d to %d: %s, %t, want %s", x, as, to, bigOf(got), ok, want)
		}
		f, _ := new(big.Rat).SetFrac(x, pow(as)).Float64()
		if got := a.Float(as); got != f {
			t.Fatalf("%s·10^-%d as a float: %v, want %v", x, as, got, f)
		}
	})
}
