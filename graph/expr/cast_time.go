package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// castTime converts between DATE, TIME, TIMESTAMP and TIMESTAMP_LTZ; nil if values stay the same. Fraction digits that the
// target does not have are cut off. As in Flink, the DATE of a timestamp before 1970 that is not midnight is the day after, and
// fraction digits of its TIME are cut off towards 1970.
func castTime(from, to column.Type, env *environment) Kernel {
	if from.Kind == to.Kind && from.Precision <= to.Precision && (from.Kind == column.Time || from.TimeUnit() == to.TimeUnit()) {
		return nil
	}
	step := timeConversion(from, to, env)
	read := readInteger(from)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		in := args[0]
		out.Resize(n)
		kernel.And(out, in.Valid, nil, n)
		write := writeInteger(out)
		rows(n, sel, func(r int) {
			if in.Valid == nil || in.Valid.Get(r) {
				write(r, step(read(in, r)))
			}
		})
		return nil
	}
}

func timeConversion(from, to column.Type, env *environment) func(x int64) int64 {
	zone := env.zone
	a, b := from.TimeUnit(), to.TimeUnit()
	toUTC := func(x, unit int64) int64 { return x - unit*column.OffsetOfLocal(floorDiv(x, unit), zone) }
	toLocal := func(x, unit int64) int64 { return x + unit*column.OffsetAt(floorDiv(x, unit), zone) }
	cut := fractionUnit(to)
	switch {
	case from.Kind == column.Time && to.Kind == column.Time:
		return func(x int64) int64 { return x - x%cut }
	case from.Kind == column.Date || from.Kind == column.Time:
		// First as a local timestamp, then as an instant where that is wanted.
		scale := b * 86400
		if from.Kind == column.Time {
			scale = b / 1000
		}
		if to.Kind == column.TimestampLTZ {
			return func(x int64) int64 { return toUTC(x*scale, b) }
		}
		return func(x int64) int64 { return x * scale }
	case to.Kind == column.Date:
		if from.Kind == column.TimestampLTZ {
			return func(x int64) int64 { return floorDiv(toLocal(x, a), a*86400) }
		}
		return func(x int64) int64 { return x / (a * 86400) }
	case to.Kind == column.Time:
		return func(x int64) int64 {
			if from.Kind == column.TimestampLTZ {
				x = toLocal(x, a)
			}
			ms := x / (a / 1000) % dayMillis
			if ms -= ms % cut; ms < 0 {
				ms += dayMillis
			}
			return ms
		}
	}
	return func(x int64) int64 {
		if from.Kind == column.TimestampLTZ && to.Kind == column.Timestamp {
			x = toLocal(x, a)
		}
		if b >= a {
			x *= b / a
		} else {
			x = floorDiv(x, a/b)
		}
		if to.Precision < 3 { // digits of milliseconds are cut off towards 1970, as in Flink
			x -= x % cut
		} else {
			x -= floorMod(x, cut)
		}
		if from.Kind == column.Timestamp && to.Kind == column.TimestampLTZ {
			x = toUTC(x, b)
		}
		return x
	}
}

// fractionUnit is the least step between values of a type with fraction digits, in its stored unit.
func fractionUnit(t column.Type) int64 {
	unit := t.TimeUnit()
	if t.Kind == column.Time {
		unit = 1000
	}
	for p := int32(0); p < t.Precision && unit > 1; p++ {
		unit /= 10
	}
	return max(1, unit)
}
