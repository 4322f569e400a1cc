package rules

import (
	"math"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

func made(t *testing.T, name string, args ...expr.Expr) expr.Expr {
	t.Helper()
	e, err := expr.NewCall(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestApart reads how far the times of two rows are apart from conditions. The left input has columns 0 and 1, the right one 2 and 3.
func TestApart(t *testing.T) {
	stamp := column.Sized(column.Timestamp, 3)
	col := func(i int) expr.Expr { return &expr.Column{Index: i, T: stamp} }
	l, r := col(1), col(2)
	millis := func(n int64) expr.Expr {
		return &expr.Literal{Value: n, T: column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Precision: 2, Scale: 3}}
	}
	plus := func(e expr.Expr, n int64) expr.Expr { return made(t, "+", e, millis(n)) }
	minus := func(e expr.Expr, n int64) expr.Expr { return made(t, "-", e, millis(n)) }
	const none, all = math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		op           string
		x, y         expr.Expr
		lower, upper int64
		ok           bool
	}{
		{"=", l, r, 0, 0, true},
		{"=", r, plus(l, 5), -5, -5, true},
		{"<", l, r, none, -1, true},
		{"<=", l, plus(r, 5), none, 5, true},
		{">", l, minus(r, 5), -4, all, true},
		{">=", minus(l, 5), r, 5, all, true},
		{"<", r, l, 1, all, true},
		{"<=", plus(r, 5), l, 5, all, true},
		{">", r, plus(l, 5), none, -6, true},
		{">=", r, minus(minus(l, 5), 6), none, 11, true},
		{"<=", made(t, "+", millis(5), l), r, none, -5, true},
		{"<=", &expr.Cast{Arg: l, T: column.Sized(column.Timestamp, 6)}, r, none, 0, true},
		{"<=", &expr.Cast{Arg: l, T: column.Sized(column.Timestamp, 0)}, r, 0, 0, false}, // cuts the seconds' fractions off
		{"<>", l, r, 0, 0, false},
		{"<=", col(0), l, 0, 0, false}, // of one input
		{"<=", l, &expr.Literal{Value: int64(0), T: stamp}, 0, 0, false},
	} {
		cond := made(t, c.op, c.x, c.y)
		lower, upper, left, right, ok := apart(cond, 2)
		if ok != c.ok {
			t.Errorf("%s: %v, want %v", cond, ok, c.ok)
			continue
		}
		if ok && (lower != c.lower || upper != c.upper || left != 1 || right != 0) {
			t.Errorf("%s: columns %d and %d are in [%d, %d] apart, want columns 1 and 0 in [%d, %d]", cond, left, right, lower, upper, c.lower, c.upper)
		}
	}
}

// TestBounds reads from conditions which rows of a partition are wanted; column 2 has their number.
func TestBounds(t *testing.T) {
	number, other := &expr.Column{Index: 2, T: column.Of(column.BigInt)}, &expr.Column{Index: 1, T: column.Of(column.Int)}
	lit := func(v int64) expr.Expr { return &expr.Literal{Value: v, T: column.Of(column.BigInt).Required()} }
	const all = math.MaxInt64
	for _, c := range []struct {
		conds    []expr.Expr
		from, to int64
		toColumn int
		rest     int // conditions that say something else
	}{
		{[]expr.Expr{made(t, "<=", number, lit(3))}, 1, 3, -1, 0},
		{[]expr.Expr{made(t, "<", number, lit(3))}, 1, 2, -1, 0},
		{[]expr.Expr{made(t, ">", lit(3), number)}, 1, 2, -1, 0},
		{[]expr.Expr{made(t, "=", lit(3), number)}, 3, 3, -1, 0},
		{[]expr.Expr{made(t, ">", number, lit(1)), made(t, "<=", number, lit(3))}, 2, 3, -1, 0},
		{[]expr.Expr{made(t, ">=", number, lit(2)), made(t, ">=", number, lit(-4))}, 2, all, -1, 0},
		{[]expr.Expr{made(t, "<=", number, lit(5)), made(t, "<=", number, lit(3))}, 1, 3, -1, 0},
		{[]expr.Expr{made(t, "<=", &expr.Cast{Arg: number, T: column.Of(column.Int)}, lit(3))}, 1, 3, -1, 0},
		{[]expr.Expr{made(t, "<=", number, other)}, 1, all, 1, 0},
		{[]expr.Expr{made(t, ">=", other, number)}, 1, all, 1, 0},
		{[]expr.Expr{made(t, "<", number, other)}, 1, all, -1, 1},
		{[]expr.Expr{made(t, "<>", number, lit(3))}, 1, all, -1, 1},
		{[]expr.Expr{made(t, "<=", other, lit(3)), made(t, "<=", number, lit(2))}, 1, 2, -1, 1},
		{[]expr.Expr{made(t, "<=", made(t, "+", number, lit(1)), lit(3))}, 1, all, -1, 1},
		{[]expr.Expr{made(t, "<=", number, &expr.Literal{T: column.Of(column.BigInt)})}, 1, all, -1, 1},
	} {
		b, rest := bounds{from: 1, to: all, toColumn: -1}, 0
		for _, cond := range c.conds {
			if !b.take(cond, 2) {
				rest++
			}
		}
		if b.from != c.from || b.to != c.to || b.toColumn != c.toColumn || rest != c.rest {
			t.Errorf("%v: %+v and %d more conditions, want %+v and %d", c.conds, b, rest, bounds{c.from, c.to, c.toColumn}, c.rest)
		}
	}
}
