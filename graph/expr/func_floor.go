package expr

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	register(
		&Function{Name: "TIMESTAMPDIFF", Doc: "How many whole units, named by the first argument, lie from the second argument to the third.",
			Example: "TIMESTAMPDIFF(DAY, DATE '2024-02-28', DATE '2024-03-01') => 2", strict: true, spread: 1, Resolve: resolveTimestampDiff, compile: compileTimestampDiff},
		&Function{Name: "TIMESTAMPADD", Doc: "The third argument and as many units, named by the first, as the second says.",
			Example: "TIMESTAMPADD(DAY, 1, DATE '2024-02-28') => 2024-02-29", Resolve: resolveTimestampAdd, expand: expandTimestampAdd},
	)
}

// resolveFloorTime types FLOOR and CEIL of a time to a unit.
func resolveFloorTime(name string, args []Expr) ([]Expr, column.Type, error) {
	unit, err := unitOf(args[1])
	if err != nil {
		return nil, column.Type{}, err
	}
	t := args[0].Type()
	switch unit {
	case "DOW", "DOY", "ISODOW", "ISOYEAR", "EPOCH":
		return nil, t, fmt.Errorf("%s takes no unit %s", name, unit)
	}
	if !isTime(t) {
		return nil, t, fmt.Errorf("%s to a unit takes a date, time or timestamp, not %s", name, t.Optional())
	}
	return args, nullable(t, args), nil
}

// compileFloorTime rounds to a unit. As in Flink, weeks begin on Sunday, and months and years before 1970 are taken of the day that
// divisions rounding towards 1970 give.
func compileFloorTime(c *Call, up bool, env *environment) (Kernel, error) {
	unit, err := unitOf(c.Args[1])
	if err != nil {
		return nil, err
	}
	t := c.Args[0].Type()
	read := readInteger(t)
	size := t.TimeUnit()
	whole := clockMillis[unit] * size / 1000
	if whole > 0 && (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ && (env.zone == nil || env.zone == time.UTC)) {
		return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
			out.Resize(n)
			kernel.And(out, args[0].Valid, nil, n)
			roundLoop(column.Values[int64](args[0])[:n], column.Values[int64](out)[:n], whole, up)
			return nil
		}, nil
	}
	step := func(x int64) int64 {
		switch t.Kind {
		case column.Date:
			return roundDay(unit, x, up)
		case column.Time:
			return roundClock(unit, x, up)
		case column.TimestampLTZ:
			local := x + size*column.OffsetAt(floorDiv(x, size), env.zone)
			local = roundTimestamp(unit, local, size, up)
			return local - size*column.OffsetOfLocal(floorDiv(local, size), env.zone)
		}
		return roundTimestamp(unit, x, size, up)
	}
	a := newRowArgs(&Call{Args: c.Args[:1]})
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		write := writeInteger(out)
		return a.each(args[:1], n, sel, out, false, func(r int) error {
			write(r, step(read(args[0], a.at(0))))
			return nil
		})
	}, nil
}

// roundLoop rounds to multiples of step. The usual steps are constants in loops of their own.
func roundLoop(x, o []int64, step int64, up bool) {
	switch step {
	case dayMillis:
		for i, t := range x {
			o[i] = roundDown(t, dayMillis)
		}
	case 3_600_000:
		for i, t := range x {
			o[i] = roundDown(t, 3_600_000)
		}
	case 60_000:
		for i, t := range x {
			o[i] = roundDown(t, 60_000)
		}
	case 1000:
		for i, t := range x {
			o[i] = roundDown(t, 1000)
		}
	default:
		for i, t := range x {
			o[i] = roundDown(t, step)
		}
	}
	if up {
		for i, t := range x {
			if o[i] != t {
				o[i] += step
			}
		}
	}
}

func roundDown(t, step int64) int64 {
	rest := t % step
	if rest < 0 {
		rest += step
	}
	return t - rest
}

// clockMillis are the units that are a fixed number of milliseconds.
var clockMillis = map[string]int64{"DAY": dayMillis, "HOUR": 3600000, "MINUTE": 60000, "SECOND": 1000, "MILLISECOND": 1}

func roundClock(unit string, x int64, up bool) int64 {
	step := clockMillis[unit]
	if step == 0 {
		return x
	}
	down := floorDiv(x, step) * step
	if up && down != x {
		down += step
	}
	return down
}

func roundTimestamp(unit string, x, size int64, up bool) int64 {
	milli := size / 1000
	if step := clockMillis[unit] * milli; step > 0 {
		down := floorDiv(x, step) * step
		if up && down != x {
			down += step
		}
		return down
	}
	if unit == "MICROSECOND" || unit == "NANOSECOND" {
		return x
	}
	perDay := dayMillis * milli
	if unit == "WEEK" && up { // the time of day does not count
		return roundDay(unit, x/perDay, up) * perDay
	}
	return roundDay(unit, x/perDay, up) * perDay
}

// roundDay rounds a number of days to the first day of a unit.
func roundDay(unit string, days int64, up bool) int64 {
	y, m, d := column.CivilOf(int(days))
	year, month := y, 1
	switch unit {
	case "WEEK":
		down := days - floorMod(days+4, 7)
		if up && down != days {
			down += 7
		}
		return down
	case "MONTH":
		month = m
	case "QUARTER":
		month = (m-1)/3*3 + 1
	case "YEAR":
	case "DECADE":
		year = y / 10 * 10
	case "CENTURY":
		year = (y+99)/100*100 - 99
	case "MILLENNIUM":
		year = (y+999)/1000*1000 - 999
	default:
		return days
	}
	first := int64(column.DaysOf(year, month, 1))
	if !up || first == days && d == 1 {
		return first
	}
	months := map[string]int{"MONTH": 1, "QUARTER": 3, "YEAR": 12, "DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12000}[unit]
	return int64(column.DaysOf(year, month+months, 1))
}

func resolveTimestampDiff(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 3 {
		return nil, column.Type{}, fmt.Errorf("TIMESTAMPDIFF takes a unit and two times, not %s", count(len(args)))
	}
	unit, err := unitOf(args[0])
	if err != nil {
		return nil, column.Type{}, err
	}
	if clockMillis[unit] == 0 && diffMonths[unit] == 0 && unit != "WEEK" && fineUnits[unit] == 0 {
		return nil, column.Type{}, fmt.Errorf("TIMESTAMPDIFF takes no unit %s", unit)
	}
	typed := []Expr{args[0]}
	clocks := args[1].Type().Kind == column.Time && args[2].Type().Kind == column.Time
	for _, a := range args[1:] {
		t := a.Type()
		switch {
		case t.Kind == column.Null:
			a = NullOf(column.Sized(column.Timestamp, 3))
		case clocks:
			a = CastTo(a, column.Sized(column.Timestamp, 3))
		case t.Kind == column.Date:
			a = CastTo(a, column.Sized(column.Timestamp, 3))
		case t.Kind != column.Timestamp && t.Kind != column.TimestampLTZ:
			return nil, column.Type{}, fmt.Errorf("TIMESTAMPDIFF takes dates and timestamps, not (%s)", argTypes(args[1:]))
		}
		typed = append(typed, a)
	}
	if a, b := typed[1].Type(), typed[2].Type(); a.Kind != b.Kind {
		ltz := column.Sized(column.TimestampLTZ, 3)
		typed[1], typed[2] = CastTo(typed[1], ltz), CastTo(typed[2], ltz)
	}
	if unit == "NANOSECOND" {
		return typed, nullable(column.Of(column.BigInt), typed[1:]), nil
	}
	return typed, nullable(column.Of(column.Int), typed[1:]), nil
}

// fineUnits are the units below a millisecond, with how many make one.
var fineUnits = map[string]int64{"MICROSECOND": 1000, "NANOSECOND": 1000000}

var diffMonths = map[string]int64{"MONTH": 1, "QUARTER": 3, "YEAR": 12, "DECADE": 120, "CENTURY": 1200, "MILLENNIUM": 12000}

func compileTimestampDiff(c *Call, env *environment) (Kernel, error) {
	unit, err := unitOf(c.Args[0])
	if err != nil {
		return nil, err
	}
	step := clockMillis[unit]
	if unit == "WEEK" {
		step = 7 * dayMillis
	}
	fine := fineUnits[unit]
	scale := [2]int64{c.Args[1].Type().TimeUnit() / 1000, c.Args[2].Type().TimeUnit() / 1000}
	local := c.Args[1].Type().Kind == column.TimestampLTZ && step == 0 && fine == 0
	a := newRowArgs(&Call{Args: c.Args[1:]})
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		write := writeInteger(out)
		return a.each(args[1:], n, sel, out, false, func(r int) error {
			if fine > 0 {
				write(r, (a.long(1)*fine/scale[1])-(a.long(0)*fine/scale[0]))
				return nil
			}
			from, to := floorDiv(a.long(0), scale[0]), floorDiv(a.long(1), scale[1])
			if local {
				from += 1000 * column.OffsetAt(floorDiv(from, 1000), env.zone)
				to += 1000 * column.OffsetAt(floorDiv(to, 1000), env.zone)
			}
			if step > 0 {
				write(r, (to-from)/step)
			} else {
				write(r, monthsBetween(from, to)/diffMonths[unit])
			}
			return nil
		})
	}, nil
}

// monthsBetween counts whole months from one time to another, both in milliseconds.
func monthsBetween(from, to int64) int64 {
	if to < from {
		return -monthsBetween(to, from)
	}
	a, b := floorDiv(from, dayMillis), floorDiv(to, dayMillis)
	y1, m1, _ := column.CivilOf(int(a))
	y2, m2, _ := column.CivilOf(int(b))
	months := (y2-y1)*12 + m2 - m1
	for months > 0 && int64(addMonths(int(a), months))*dayMillis+(from-a*dayMillis) > to {
		months--
	}
	return int64(months)
}

func resolveTimestampAdd(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 3 {
		return nil, column.Type{}, fmt.Errorf("TIMESTAMPADD takes a unit, a number and a time, not %s", count(len(args)))
	}
	unit, err := unitOf(args[0])
	if err != nil {
		return nil, column.Type{}, err
	}
	typed, _, err := takes(likeFirst, isText, isLong, isAny).resolve("TIMESTAMPADD")(args)
	if err != nil {
		return nil, column.Type{}, err
	}
	if t := typed[2].Type(); t.Kind == column.Date && (unit == "HOUR" || unit == "MINUTE" || unit == "SECOND" || unit == "MILLISECOND") {
		typed[2] = CastTo(typed[2], column.Sized(column.Timestamp, 6))
	} else if t.Kind == column.Null {
		typed[2] = NullOf(column.Sized(column.Timestamp, 3))
	} else if unit == "MILLISECOND" && (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ) && t.Precision < 3 {
		typed[2] = CastTo(typed[2], column.Sized(t.Kind, 3))
	}
	if !isTime(typed[2].Type()) || clockMillis[unit] == 0 && diffMonths[unit] == 0 && unit != "WEEK" {
		return nil, column.Type{}, fmt.Errorf("TIMESTAMPADD cannot add %s to %s", unit, args[2].Type().Optional())
	}
	return typed, nullable(typed[2].Type(), typed[1:]), nil
}

func expandTimestampAdd(c *Call) Expr {
	unit, _ := unitOf(c.Args[0])
	interval := &Literal{clockMillis[unit], column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Precision: 2, Scale: 3, NotNull: true}}
	switch months := diffMonths[unit]; {
	case months > 0:
		interval = &Literal{months, column.Type{Kind: column.IntervalYearMonth, Unit: column.Month, Precision: 2, NotNull: true}}
	case unit == "WEEK":
		interval.Value = int64(7 * dayMillis)
	}
	return must("+", c.Args[2], must("*", interval, c.Args[1]))
}
