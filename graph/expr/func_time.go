package expr

import (
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// timeUnits maps the units of EXTRACT, FLOOR, TIMESTAMPADD and TIMESTAMPDIFF, and their older names, to one spelling.
var timeUnits = map[string]string{
	"MILLENNIUM": "MILLENNIUM", "CENTURY": "CENTURY", "DECADE": "DECADE", "YEAR": "YEAR", "SQL_TSI_YEAR": "YEAR", "QUARTER": "QUARTER",
	"SQL_TSI_QUARTER": "QUARTER", "MONTH": "MONTH", "SQL_TSI_MONTH": "MONTH", "WEEK": "WEEK", "SQL_TSI_WEEK": "WEEK", "DAY": "DAY",
	"SQL_TSI_DAY": "DAY", "HOUR": "HOUR", "SQL_TSI_HOUR": "HOUR", "MINUTE": "MINUTE", "SQL_TSI_MINUTE": "MINUTE", "SECOND": "SECOND",
	"SQL_TSI_SECOND": "SECOND", "MILLISECOND": "MILLISECOND", "MICROSECOND": "MICROSECOND", "NANOSECOND": "NANOSECOND", "EPOCH": "EPOCH",
	"DOW": "DOW", "DOY": "DOY", "ISODOW": "ISODOW", "ISOYEAR": "ISOYEAR",
}

func unitOf(e Expr) (string, error) {
	s, ok := constText(e)
	if u := timeUnits[strings.ToUpper(s)]; ok && u != "" {
		return u, nil
	}
	return "", fmt.Errorf("%s is no unit of time: use YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE or SECOND", e)
}

func init() {
	register(&Function{Name: "EXTRACT", Doc: "A field of a date, time, timestamp or interval, named by the first argument.", Example: "EXTRACT(YEAR FROM DATE '2024-05-01') => 2024",
		strict: true, spread: 1, Resolve: resolveExtract, compile: compileExtract,
		print: func(c *Call) string {
			unit, _ := constText(c.Args[0])
			return "EXTRACT(" + unit + " FROM " + c.Args[1].String() + ")"
		}})
	for name, unit := range map[string]string{"YEAR": "YEAR", "QUARTER": "QUARTER", "MONTH": "MONTH", "WEEK": "WEEK", "DAYOFYEAR": "DOY",
		"DAYOFMONTH": "DAY", "DAYOFWEEK": "DOW", "HOUR": "HOUR", "MINUTE": "MINUTE", "SECOND": "SECOND"} {
		register(&Function{Name: name, Doc: "EXTRACT(" + unit + " FROM the argument).", strict: true,
			Example: name + "(TIMESTAMP '2024-05-01 00:00:00') => " + map[string]string{"YEAR": "2024", "QUARTER": "2", "MONTH": "5", "WEEK": "18",
				"DOY": "122", "DAY": "1", "DOW": "4", "HOUR": "0", "MINUTE": "0", "SECOND": "0"}[unit],
			Resolve: func(args []Expr) ([]Expr, column.Type, error) {
				if len(args) != 1 {
					return nil, column.Type{}, fmt.Errorf("%s takes one date, time or timestamp, not %s", name, count(len(args)))
				}
				typed, t, err := resolveExtract([]Expr{Text(unit), args[0]})
				if err != nil {
					return nil, t, fmt.Errorf("%s takes a date, time or timestamp that has it, not %s", name, args[0].Type().Optional())
				}
				return typed[1:], t, nil
			},
			compile: func(c *Call, env *environment) (Kernel, error) {
				k, err := compileExtract(&Call{c.Func, []Expr{Text(unit), c.Args[0]}, c.T}, env)
				return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
					return k([]*column.Vector{nil, args[0]}, n, sel, out)
				}, err
			}})
	}
	register(
		instant("CURRENT_TIMESTAMP", "The time at which the row's batch is computed.", column.Sized(column.TimestampLTZ, 3), "NOW", "CURRENT_ROW_TIMESTAMP"),
		instant("PROCTIME", "The time at which the row's batch is computed, as an attribute of time: windows and joins can go by it.", column.Sized(column.TimestampLTZ, 3)),
		instant("LOCALTIMESTAMP", "The time at which the row's batch is computed, as local time.", column.Sized(column.Timestamp, 3)),
		instant("CURRENT_DATE", "The local date at which the row's batch is computed.", column.Of(column.Date)),
		instant("LOCALTIME", "The local time of day at which the row's batch is computed.", column.Sized(column.Time, 0), "CURRENT_TIME"),
		&Function{Name: "CURRENT_WATERMARK", Volatile: true,
			Doc:     "The watermark that has arrived where the row is, NULL if there is none yet. The argument is an event time of the input; a row whose time is not later than it is late.",
			Example: "CURRENT_WATERMARK(ts) IS NULL => TRUE",
			Resolve: takes(currentWatermark, isStamp).resolve("CURRENT_WATERMARK"),
			compile: compileWatermark,
		},
	)
}

func resolveExtract(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("EXTRACT takes a unit and a time, not %s", count(len(args)))
	}
	unit, err := unitOf(args[0])
	if err != nil {
		return nil, column.Type{}, err
	}
	t := args[1].Type()
	if t.Kind == column.Null {
		args = []Expr{args[0], NullOf(column.Sized(column.Timestamp, 3))}
		t = args[1].Type()
	}
	clock := unit == "HOUR" || unit == "MINUTE" || unit == "SECOND" || strings.HasSuffix(unit, "OND")
	ok := isTime(t) && (t.Kind != column.Time || clock || unit == "EPOCH") ||
		t.Kind == column.IntervalDayTime && (clock || unit == "DAY" || unit == "EPOCH") ||
		t.Kind == column.IntervalYearMonth && (unit == "YEAR" || unit == "MONTH" || unit == "QUARTER" || unit == "DECADE" || unit == "CENTURY" || unit == "MILLENNIUM")
	if !ok {
		return nil, column.Type{}, fmt.Errorf("%s has no %s", t.Optional(), unit)
	}
	return args, nullable(column.Of(column.BigInt), args), nil
}

// compileExtract reads fields as Flink does: the time of day before 1970 counts backwards from midnight, and the date is then
// the day after, because divisions round towards 1970.
func compileExtract(c *Call, env *environment) (Kernel, error) {
	unit, err := unitOf(c.Args[0])
	if err != nil {
		return nil, err
	}
	t := c.Args[1].Type()
	if t.Kind == column.IntervalYearMonth {
		read, field := readInteger(t), monthField(unit)
		return eachTime(func(v *column.Vector, o []int64) {
			for i := range o {
				o[i] = field(read(v, i))
			}
		}), nil
	}
	if t.Kind == column.IntervalDayTime && unit == "DAY" {
		return eachTime(func(v *column.Vector, o []int64) {
			for i, x := range column.Values[int64](v)[:len(o)] {
				o[i] = x / dayMillis
			}
		}), nil
	}
	load, fields := millisLoader(t, env.zone), fieldLoop(unit)
	if unit == "MICROSECOND" || unit == "NANOSECOND" {
		size := t.TimeUnit()
		if t.Kind != column.Timestamp && t.Kind != column.TimestampLTZ {
			size = 1000
		}
		read := readInteger(t)
		return eachTime(func(v *column.Vector, o []int64) {
			load(v, o)
			for i, ms := range o {
				nanos := floorMod(read(v, i), size/1000) * (1e9 / size)
				o[i] = timeField(unit, ms, nanos)
			}
		}), nil
	}
	return eachTime(func(v *column.Vector, o []int64) {
		load(v, o)
		fields(o)
	}), nil
}

// eachTime makes a kernel of a loop over a call's second argument, whose null rows may be computed too.
func eachTime(loop func(v *column.Vector, o []int64)) Kernel {
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		v := args[1]
		out.Resize(n)
		kernel.And(out, v.Valid, nil, n)
		loop(v, column.Values[int64](out)[:n])
		return nil
	}
}

// millisLoader writes points in time, intervals too, as local milliseconds.
func millisLoader(t column.Type, zone *time.Location) func(v *column.Vector, o []int64) {
	switch {
	case t.Kind == column.Date:
		return func(v *column.Vector, o []int64) {
			for i, d := range column.Values[int32](v)[:len(o)] {
				o[i] = int64(d) * dayMillis
			}
		}
	case t.Kind == column.Time:
		return func(v *column.Vector, o []int64) {
			for i, ms := range column.Values[int32](v)[:len(o)] {
				o[i] = int64(ms)
			}
		}
	case t.Kind == column.IntervalDayTime:
		return func(v *column.Vector, o []int64) { copy(o, column.Values[int64](v)) }
	}
	scale := t.TimeUnit() / 1000
	local := t.Kind == column.TimestampLTZ && zone != nil && zone != time.UTC
	return func(v *column.Vector, o []int64) {
		x := column.Values[int64](v)[:len(o)]
		if scale == 1 {
			copy(o, x)
		} else {
			for i, t := range x {
				o[i] = floorDiv(t, scale)
			}
		}
		if local {
			for i, ms := range o {
				o[i] = ms + 1000*column.OffsetAt(floorDiv(ms, 1000), zone)
			}
		}
	}
}

// fieldLoop replaces milliseconds by a field of theirs. The loops have constant divisors, which are many times faster than others.
func fieldLoop(unit string) func(o []int64) {
	switch unit {
	case "HOUR":
		return func(o []int64) {
			for i, ms := range o {
				o[i] = ms % dayMillis / 3600000
			}
		}
	case "MINUTE":
		return func(o []int64) {
			for i, ms := range o {
				o[i] = ms % 3600000 / 60000
			}
		}
	case "SECOND":
		return func(o []int64) {
			for i, ms := range o {
				o[i] = ms % 60000 / 1000
			}
		}
	case "EPOCH":
		return func(o []int64) {
			for i, ms := range o {
				o[i] = ms / 1000
			}
		}
	case "YEAR", "MONTH", "DAY":
		return func(o []int64) {
			for i, ms := range o {
				y, m, d := column.CivilOf(int(ms / dayMillis))
				switch unit {
				case "YEAR":
					o[i] = int64(y)
				case "MONTH":
					o[i] = int64(m)
				default:
					o[i] = int64(d)
				}
			}
		}
	}
	return func(o []int64) {
		for i, ms := range o {
			o[i] = timeField(unit, ms, 0)
		}
	}
}

func monthField(unit string) func(x int64) int64 {
	switch unit {
	case "MONTH":
		return func(x int64) int64 { return x % 12 }
	case "QUARTER":
		return func(x int64) int64 { return x%12/3 + 1 }
	}
	years := map[string]int64{"YEAR": 1, "DECADE": 10, "CENTURY": 100, "MILLENNIUM": 1000}[unit]
	return func(x int64) int64 { return x / 12 / years }
}

// timeField returns a field of a time in milliseconds since 1970-01-01, with the nanoseconds behind them.
func timeField(unit string, ms, nanos int64) int64 {
	switch unit {
	case "HOUR":
		return ms % dayMillis / 3600000
	case "MINUTE":
		return ms % 3600000 / 60000
	case "SECOND":
		return ms % 60000 / 1000
	case "MILLISECOND":
		return ms % 1000
	case "MICROSECOND":
		return ms%1000*1000 + nanos/1000
	case "NANOSECOND":
		return ms%1000*1000000 + nanos
	case "EPOCH":
		return ms / 1000
	}
	return dateField(unit, int(ms/dayMillis))
}

func dateField(unit string, days int) int64 {
	y, m, d := column.CivilOf(days)
	switch unit {
	case "YEAR":
		return int64(y)
	case "QUARTER":
		return int64((m-1)/3 + 1)
	case "MONTH":
		return int64(m)
	case "DAY":
		return int64(d)
	case "DOW": // Sunday is 1
		return floorMod(int64(days)+4, 7) + 1
	case "ISODOW": // Monday is 1
		return floorMod(int64(days)+3, 7) + 1
	case "DOY":
		return int64(days - column.DaysOf(y, 1, 1) + 1)
	case "DECADE":
		return int64(y / 10)
	case "CENTURY":
		return int64((y + 99) / 100)
	case "MILLENNIUM":
		return int64((y + 999) / 1000)
	}
	// The ISO week is that of the Thursday in it.
	thursday := days - int(floorMod(int64(days)+3, 7)) + 3
	year, _, _ := column.CivilOf(thursday)
	if unit == "ISOYEAR" {
		return int64(year)
	}
	return int64((thursday-column.DaysOf(year, 1, 1))/7 + 1)
}

// instant is a function that shows the clock; all rows of a batch see the same time.
func instant(name, doc string, t column.Type, aliases ...string) *Function {
	example := name
	if name == "PROCTIME" { // which is no reserved word
		example += "()"
	}
	f := &Function{Name: name, Aliases: aliases, Doc: doc, Example: example + " IS NULL => FALSE", Volatile: true,
		Resolve: func(args []Expr) ([]Expr, column.Type, error) {
			if len(args) > 0 {
				return nil, t, fmt.Errorf("%s takes no arguments", name)
			}
			return nil, t.Required(), nil
		},
		print: func(*Call) string { return name },
		compile: func(c *Call, env *environment) (Kernel, error) {
			return func(_ []*column.Vector, n int, _ []int32, out *column.Vector) error {
				x := clockValue(env.now(), c.T, env.zone)
				out.Resize(n)
				write := writeInteger(out)
				for r := range n {
					write(r, x)
				}
				return nil
			}, nil
		}}
	return f
}

// currentWatermark is the type of CURRENT_WATERMARK: that of the time, with milliseconds.
func currentWatermark(args []Expr) column.Type { return column.Sized(args[0].Type().Kind, 3) }

func compileWatermark(_ *Call, env *environment) (Kernel, error) {
	return func(_ []*column.Vector, n int, _ []int32, out *column.Vector) error {
		ms, ok := int64(0), false
		if env.watermark != nil {
			ms, ok = env.watermark()
		}
		if !ok {
			for range n {
				out.AppendNull()
			}
			return nil
		}
		for range n {
			column.Append(out, ms)
		}
		return nil
	}, nil
}

// clockValue is a moment as a value of type t.
func clockValue(now time.Time, t column.Type, zone *time.Location) int64 {
	ms := now.UnixMilli()
	if t.Kind == column.TimestampLTZ {
		return ms
	}
	ms += 1000 * column.OffsetAt(now.Unix(), zone)
	switch t.Kind {
	case column.Date:
		return floorDiv(ms, dayMillis)
	case column.Time:
		return floorMod(ms, dayMillis) / 1000 * 1000
	}
	return ms
}
