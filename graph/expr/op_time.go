package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

const dayMillis = 24 * 60 * 60 * 1000

// resolveTimeArith types + and - of times and intervals, and an interval times an integer; ok is false for other operands.
// The operands are put in the order time, interval.
func resolveTimeArith(op arithOp, args []Expr) (typed []Expr, t column.Type, ok bool) {
	a, b := args[0].Type(), args[1].Type()
	if op == opAdd && isInterval(a) && isTime(b) || op == opMul && a.IsInteger() && isInterval(b) {
		args, a, b = []Expr{args[1], args[0]}, b, a
	}
	switch {
	case op > opSub && !(op == opMul && isInterval(a) && b.IsInteger()):
		return nil, t, false
	case op == opMul:
		return []Expr{args[0], CastTo(args[1], column.Of(column.BigInt))}, nullable(a, args), true
	case isTime(a) && isInterval(b):
		if a.Kind == column.Time && b.Kind == column.IntervalYearMonth {
			return nil, t, false
		}
		return args, nullable(a, args), true
	case isInterval(a) && a.Kind == b.Kind:
		return args, nullable(commonInterval(a, b), args), true
	}
	return nil, t, false
}

func compileTimeArith(op arithOp, c *Call) (Kernel, error) {
	a, b := c.Args[0].Type(), c.Args[1].Type()
	consts := constness(c)
	step := timeStep(op, a, b)
	if step == nil {
		return nil, fmt.Errorf("no %s of %s and %s", arithSigns[op], a, b)
	}
	if a.Layout() == column.LayoutInt64 && b.Kind == column.IntervalDayTime && !isTimeOfDay(a) && op <= opSub {
		return shiftTimes(op, a, consts), nil
	}
	left, right := readInteger(a), readInteger(b)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		if !binaryValid(args, n, consts, out) {
			return nil
		}
		store := writeInteger(out)
		rows(n, sel, func(r int) {
			i, j := r, r
			switch consts {
			case leftConstant:
				i = 0
			case rightConstant:
				j = 0
			}
			store(r, step(left(args[0], i), right(args[1], j)))
		})
		return nil
	}, nil
}

func isTimeOfDay(t column.Type) bool { return t.Kind == column.Time }

// shiftTimes adds intervals of milliseconds to timestamps, or to other intervals, or subtracts them.
func shiftTimes(op arithOp, a column.Type, consts operands) Kernel {
	unit := int64(1)
	if isTime(a) {
		unit = a.TimeUnit() / 1000
	}
	if op == opSub {
		unit = -unit
	}
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		if !binaryValid(args, n, consts, out) {
			return nil
		}
		x, y, o := column.Values[int64](args[0]), column.Values[int64](args[1]), column.Values[int64](out)[:n]
		switch consts {
		case rightConstant:
			kernel.AddC(x[:n], y[0]*unit, o)
		case leftConstant:
			for i, d := range y[:n] {
				o[i] = x[0] + d*unit
			}
		default:
			y = y[:n]
			for i, t := range x[:n] {
				o[i] = t + y[i]*unit
			}
		}
		return nil
	}
}

// timeStep returns the operation on stored values; nil if there is none.
func timeStep(op arithOp, a, b column.Type) func(x, y int64) int64 {
	sign := int64(1)
	if op == opSub {
		sign = -1
	}
	switch {
	case op == opMul:
		return func(x, y int64) int64 { return x * y }
	case isInterval(a) && isInterval(b):
		return func(x, y int64) int64 { return x + sign*y }
	case b.Kind == column.IntervalYearMonth && a.Kind == column.Date:
		return func(x, y int64) int64 { return int64(addMonths(int(x), int(sign*y))) }
	case b.Kind == column.IntervalYearMonth:
		unit := a.TimeUnit() * 86400
		return func(x, y int64) int64 {
			day := floorDiv(x, unit)
			return int64(addMonths(int(day), int(sign*y)))*unit + x - day*unit
		}
	case a.Kind == column.Date:
		return func(x, y int64) int64 { return x + sign*y/dayMillis }
	case a.Kind == column.Time:
		return func(x, y int64) int64 { return floorMod(x+sign*y, dayMillis) }
	case b.Kind == column.IntervalDayTime:
		milli := a.TimeUnit() / 1000
		return func(x, y int64) int64 { return x + sign*y*milli }
	}
	return nil
}

// addMonths moves a day by whole months; a day that the month does not have becomes its last.
func addMonths(days, months int) int {
	y, m, d := column.CivilOf(days)
	first := column.DaysOf(y, m+months, 1)
	ny, nm, _ := column.CivilOf(first)
	return first + min(d, column.DaysIn(ny, nm)) - 1
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

// readInteger reads values of 32 or 64 bits, as times and intervals have.
func readInteger(t column.Type) func(v *column.Vector, i int) int64 {
	switch t.Layout() {
	case column.LayoutInt32:
		return func(v *column.Vector, i int) int64 { return int64(column.Values[int32](v)[i]) }
	default:
		return func(v *column.Vector, i int) int64 { return column.Values[int64](v)[i] }
	}
}

// writeInteger writes values of 32 or 64 bits to out, which is resized.
func writeInteger(out *column.Vector) func(i int, x int64) {
	if out.Type.Layout() == column.LayoutInt32 {
		o := column.Values[int32](out)
		return func(i int, x int64) { o[i] = int32(x) }
	}
	o := column.Values[int64](out)
	return func(i int, x int64) { o[i] = x }
}
