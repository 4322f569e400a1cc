package expr

import (
	"errors"
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
)

// Functions on two points in time.

func init() {
	register(
		&Function{Name: "OVERLAPS", Doc: "Whether two periods of time meet, each given by its two ends, or by one and an interval.",
			Example: "(DATE '2024-01-01', DATE '2024-01-02') OVERLAPS (DATE '2024-01-02', DATE '2024-01-05') => TRUE",
			Resolve: resolveOverlaps, expand: expandOverlaps, print: func(c *Call) string {
				return fmt.Sprintf("((%s, %s) OVERLAPS (%s, %s))", c.Args[0], c.Args[1], c.Args[2], c.Args[3])
			}},
		&Function{Name: "TIME DIFFERENCE", Doc: "The interval from the third argument to the second, in the units that the first one begins with: months, or days and what is below.",
			Example: "(DATE '2024-03-01' - DATE '2024-02-01') DAY => +29 00:00:00.000", Resolve: resolveTimeDifference, compile: compileTimeDifference, spread: 1, strict: true,
			print: func(c *Call) string {
				unit, _ := constText(c.Args[0])
				return fmt.Sprintf("((%s - %s) %s)", c.Args[1], c.Args[2], unit)
			}},
	)
}

var errOverlaps = errors.New("OVERLAPS takes two pairs, each of two dates, times or timestamps of one type, or of one and an interval")

// resolveOverlaps takes begin, end, begin, end.
func resolveOverlaps(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 4 {
		return nil, column.Type{}, fmt.Errorf("%w, not %s", errOverlaps, count(len(args)))
	}
	typed := append([]Expr(nil), args...)
	for _, i := range []int{1, 3} {
		if isInterval(args[i].Type()) {
			end, err := NewCall("+", args[i-1], args[i])
			if err != nil {
				return nil, column.Type{}, fmt.Errorf("%w: %w", errOverlaps, err)
			}
			typed[i] = end
		}
	}
	for _, a := range typed {
		if !isTime(a.Type()) && a.Type().Kind != column.Null {
			return nil, column.Type{}, fmt.Errorf("%w, not (%s)", errOverlaps, argTypes(args))
		}
	}
	for _, a := range typed[1:] {
		if _, err := NewCall("<=", typed[0], a); err != nil {
			return nil, column.Type{}, fmt.Errorf("%w, not (%s)", errOverlaps, argTypes(args))
		}
	}
	return typed, nullable(boolean, typed), nil
}

// expandOverlaps puts the ends of each period in order: the one must not begin after the other ends.
func expandOverlaps(c *Call) Expr {
	first := func(a, b Expr) Expr { return must("LEAST", a, b) }
	last := func(a, b Expr) Expr { return must("GREATEST", a, b) }
	a, b, x, y := c.Args[0], c.Args[1], c.Args[2], c.Args[3]
	return And([]Expr{must(">=", last(a, b), first(x, y)), must(">=", last(x, y), first(a, b))})
}

func resolveTimeDifference(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 3 {
		return nil, column.Type{}, fmt.Errorf("the difference of two points in time takes a unit and two of them, not %s", count(len(args)))
	}
	unit, err := unitOf(args[0])
	if err != nil {
		return nil, column.Type{}, err
	}
	months := diffMonths[unit] > 0
	if !months && clockMillis[unit] == 0 && unit != "WEEK" {
		return nil, column.Type{}, fmt.Errorf("a difference cannot be an interval of %s: use YEAR, MONTH, DAY, HOUR, MINUTE or SECOND", unit)
	}
	a, b := args[1], args[2]
	switch x, y := a.Type(), b.Type(); {
	case x.Kind == column.Null:
		a = NullOf(y)
	case y.Kind == column.Null:
		b = NullOf(x)
	}
	if x, y := a.Type(), b.Type(); !isTime(x) || x.Kind != y.Kind || months && x.Kind == column.Time {
		return nil, column.Type{}, fmt.Errorf("the difference in %s takes two dates, times or timestamps of the same type, not (%s)", unit, argTypes(args[1:]))
	}
	t := column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3}
	if months {
		t = column.Type{Kind: column.IntervalYearMonth, Unit: column.Month}
	}
	typed := []Expr{args[0], a, b}
	return typed, nullable(t, typed[1:]), nil
}

func compileTimeDifference(c *Call, env *environment) (Kernel, error) {
	a := newRowArgs(&Call{Args: c.Args[1:]})
	months := c.T.Kind == column.IntervalYearMonth
	zone := time.UTC
	if months { // which are those of the local calendar
		zone = env.zone
	}
	left, right := millisOf(c.Args[1].Type(), zone), millisOf(c.Args[2].Type(), zone)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		write := writeInteger(out)
		return a.each(args[1:], n, sel, out, false, func(r int) error {
			x, y := left(args[1], a.at(0)), right(args[2], a.at(1))
			if months {
				write(r, monthsBetween(y, x))
			} else {
				write(r, x-y)
			}
			return nil
		})
	}, nil
}

// millisOf reads points in time as milliseconds, instants as local ones of a zone.
func millisOf(t column.Type, zone *time.Location) func(v *column.Vector, i int) int64 {
	read := readInteger(t)
	switch t.Kind {
	case column.Date:
		return func(v *column.Vector, i int) int64 { return read(v, i) * dayMillis }
	case column.Time:
		return read
	}
	scale := t.TimeUnit() / 1000
	if t.Kind == column.TimestampLTZ {
		return func(v *column.Vector, i int) int64 {
			ms := floorDiv(read(v, i), scale)
			return ms + 1000*column.OffsetAt(floorDiv(ms, 1000), zone)
		}
	}
	return func(v *column.Vector, i int) int64 { return floorDiv(read(v, i), scale) }
}
