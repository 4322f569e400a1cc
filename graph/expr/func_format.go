package expr

import (
	"math"
	"time"

	"github.com/millstream/millstream/column"
)

func init() {
	text := column.Str()
	ts := column.Sized(column.Timestamp, 3)
	register(
		&Function{Name: "DATE_FORMAT", Doc: "A timestamp, or a text that is one, in the form of a pattern of Java's DateTimeFormatter; NULL for other text.",
			Example: "DATE_FORMAT(TIMESTAMP '2024-03-05 13:04:05', 'yyyy/MM') => 2024/03", strict: true, Resolve: resolveDateFormat, compile: compileDateFormat},
		&Function{Name: "TO_DATE", Doc: "The date that a text stands for, yyyy-MM-dd or in the form of a pattern; NULL for other text.",
			Example: "TO_DATE('05/03/2024', 'dd/MM/yyyy') => 2024-03-05", strict: true,
			Resolve: withPattern("TO_DATE", takes(maybeNull(column.Of(column.Date)), isText, isText).optional(1), legacy), Compile: compileToDate},
		&Function{Name: "TO_TIMESTAMP", Doc: "The timestamp that a text stands for, yyyy-MM-dd[ HH:mm:ss[.f]] or in the form of a pattern; NULL for other text.",
			Example: "TO_TIMESTAMP('2024-03-05 13:04:05') => 2024-03-05 13:04:05.000", strict: true,
			Resolve: takes(maybeNull(ts), isText, isText).optional(1).resolve("TO_TIMESTAMP"), Compile: compileToTimestamp},
		&Function{Name: "TO_TIMESTAMP_LTZ", Doc: "The instant of a number since 1970 of seconds (precision 0), milliseconds (3, the default) or what else the precision says, or of a text that is a time in UTC or in the zone named last, whatever the session's zone.",
			Example: "TO_TIMESTAMP_LTZ(0, 0) => 1970-01-01 00:00:00.000", strict: true, Resolve: resolveToLTZ, compile: compileToLTZ},
		&Function{Name: "FROM_UNIXTIME", Doc: "The local time of a number of seconds since 1970, as yyyy-MM-dd HH:mm:ss or in the form of a pattern.",
			Example: "FROM_UNIXTIME(44) => 1970-01-01 00:00:44", strict: true,
			Resolve: takes(maybeNull(text), isLong, isText).optional(1).resolve("FROM_UNIXTIME"), compile: compileFromUnix},
		&Function{Name: "UNIX_TIMESTAMP", Doc: "The seconds since 1970 of a local time, yyyy-MM-dd HH:mm:ss or in the form of a pattern of Java's SimpleDateFormat, whatever follows it; of now without arguments. Other text gives the least BIGINT, as in Flink.",
			Example: "UNIX_TIMESTAMP('1970-01-01 00:00:44') => 44", strict: true, Volatile: true,
			Resolve: withPattern("UNIX_TIMESTAMP", takes(always(column.Of(column.BigInt)), isText, isText).optional(2), legacy), compile: compileUnix},
	)
}

// datePatterns compiles the pattern of an argument: a constant one once, others when they change. Without the argument, it is
// the standard one.
type datePatterns struct {
	arg      int
	as       dialect
	constant bool
	text     string
	p        datePattern
	err      error
}

func newDatePatterns(c *Call, arg int, standard string, as dialect) *datePatterns {
	d := &datePatterns{arg: arg, as: as}
	if len(c.Args) <= arg {
		d.constant = true
		d.set(standard)
	} else if s, ok := constText(c.Args[arg]); ok {
		d.constant = true
		d.set(s)
	}
	return d
}

func (d *datePatterns) set(s string) {
	d.text = s
	d.p, d.err = newDatePattern(s, d.as)
}

func (d *datePatterns) of(a *rowArgs) (datePattern, error) {
	if !d.constant {
		if s := a.text(d.arg); d.p == nil || string(s) != d.text {
			d.set(string(s))
		}
	}
	return d.p, d.err
}

func resolveDateFormat(args []Expr) ([]Expr, column.Type, error) {
	stamp := param{"a timestamp, or a text that is one,", func(t column.Type) bool {
		return t.IsText() || t.Kind == column.Date || isStamp.accept(t)
	}, column.Type{}, column.Sized(column.Timestamp, 3)}
	typed, t, err := takes(maybeNull(column.Str()), stamp, isText).resolve("DATE_FORMAT")(args)
	if err != nil {
		return nil, t, err
	}
	as := legacy
	switch typed[0].Type().Kind {
	case column.Date:
		typed[0] = CastTo(typed[0], column.Sized(column.Timestamp, 3))
		as = zoneless
	case column.Timestamp:
		as = zoneless
	case column.TimestampLTZ:
		as = modern
	}
	return typed, t, checkPattern(typed, as)
}

// checkPattern refuses a constant second argument that is no pattern.
func checkPattern(args []Expr, as dialect) error {
	if len(args) < 2 || IsNull(args[0]) {
		return nil
	}
	if c, ok := args[0].(*Cast); ok && IsNull(c.Arg) {
		return nil
	}
	pattern, ok := constText(args[1])
	if !ok {
		return nil
	}
	_, err := newDatePattern(pattern, as)
	return err
}

// withPattern is a signature's resolve that checks a constant pattern.
func withPattern(name string, s signature, as dialect) func(args []Expr) ([]Expr, column.Type, error) {
	resolve := s.resolve(name)
	return func(args []Expr) ([]Expr, column.Type, error) {
		typed, t, err := resolve(args)
		if err == nil {
			err = checkPattern(typed, as)
		}
		return typed, t, err
	}
}

func compileDateFormat(c *Call, env *environment) (Kernel, error) {
	t := c.Args[0].Type()
	if t.IsText() {
		return formatText(c, env), nil
	}
	as := zoneless
	if t.Kind == column.TimestampLTZ {
		as = modern
	}
	patterns := newDatePatterns(c, 1, "", as)
	if patterns.constant && patterns.err == nil && !isLiteral(c.Args[0]) {
		return newDateWriter(patterns.p, t, env.zone).kernel, nil
	}
	unit := t.TimeUnit()
	var failed error
	k := textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		x := a.long(0)
		p, err := patterns.of(a)
		if err != nil {
			failed = err
			return dst, false
		}
		sec := floorDiv(x, unit)
		nanos := (x - sec*unit) * (1e9 / unit)
		zone, offset := time.UTC, int64(0)
		if t.Kind == column.TimestampLTZ {
			zone, offset = env.zone, column.OffsetAt(sec, env.zone)
		}
		return p.format(dst, sec+offset, nanos, zone, offset), true
	})
	return failing(k, &failed), nil
}

// formatText is DATE_FORMAT of a text that is a local time, yyyy-MM-dd HH:mm:ss.
func formatText(c *Call, env *environment) Kernel {
	patterns := newDatePatterns(c, 1, "", legacy)
	standard, _ := newDatePattern(standardPattern, legacy)
	var failed error
	return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		p, err := patterns.of(a)
		if err != nil {
			failed = err
			return dst, false
		}
		sec, _, _, ok := standard.parse(a.text(0), lenient)
		if !ok {
			return dst, false
		}
		return p.format(dst, sec, 0, env.zone, calendarOffset(sec, env.zone)), true
	}), &failed)
}

// failing makes a kernel return the error that its function noted; rows behind that one may be computed.
func failing(k Kernel, failed *error) Kernel {
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		*failed = nil
		if err := k(args, n, sel, out); err != nil {
			return err
		}
		return *failed
	}
}

func compileToDate(c *Call) (Kernel, error) {
	if len(c.Args) == 1 {
		return fixedOf(c, func(a *rowArgs) (int32, bool) {
			d, err := column.ParseDate(a.text(0))
			return d, err == nil
		}), nil
	}
	patterns := newDatePatterns(c, 1, "", legacy)
	var failed error
	return failing(fixedOf(c, func(a *rowArgs) (int32, bool) {
		p, err := patterns.of(a)
		if err != nil {
			failed = err
			return 0, false
		}
		sec, _, _, ok := p.parse(a.text(0), lenient)
		return int32(floorDiv(sec, 86400)), ok
	}), &failed), nil
}

func compileToTimestamp(c *Call) (Kernel, error) {
	if len(c.Args) == 1 {
		return fixedOf(c, func(a *rowArgs) (int64, bool) {
			x, err := column.ParseTimestamp(a.text(0), c.T, 0, nil)
			return x, err == nil
		}), nil
	}
	patterns := newDatePatterns(c, 1, "", modern)
	return fixedOf(c, func(a *rowArgs) (int64, bool) {
		if p, err := patterns.of(a); err == nil {
			if sec, nanos, _, ok := p.parse(a.text(0), lastDays); ok {
				return sec*1000 + nanos/1e6, true
			}
		} else {
			return 0, false
		}
		sec, nanos, ok := parseSQLTime(a.text(0))
		return sec*1000 + nanos/1e6, ok
	}), nil
}

const standardPattern = "yyyy-MM-dd HH:mm:ss"

func compileFromUnix(c *Call, env *environment) (Kernel, error) {
	patterns := newDatePatterns(c, 1, standardPattern, legacy)
	if patterns.constant && patterns.err == nil && !isLiteral(c.Args[0]) {
		return newDateWriter(patterns.p, c.Args[0].Type(), env.zone).kernel, nil
	}
	var failed error
	return failing(textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
		p, err := patterns.of(a)
		if err != nil {
			failed = err
			return dst, false
		}
		offset := column.OffsetAt(a.long(0), env.zone)
		return p.format(dst, a.long(0)+offset, 0, env.zone, offset), true
	}), &failed), nil
}

func compileUnix(c *Call, env *environment) (Kernel, error) {
	if len(c.Args) == 0 {
		return func(_ []*column.Vector, n int, _ []int32, out *column.Vector) error {
			now := env.now().Unix()
			out.Resize(n)
			o := column.Values[int64](out)[:n]
			for i := range o {
				o[i] = now
			}
			return nil
		}, nil
	}
	patterns := newDatePatterns(c, 1, standardPattern, legacy)
	var failed error
	return failing(fixedOf(c, func(a *rowArgs) (int64, bool) {
		p, err := patterns.of(a)
		if err != nil {
			failed = err
			return 0, true
		}
		sec, _, offset, ok := p.parse(a.text(0), lenient)
		switch {
		case !ok:
			return math.MinInt64, true
		case offset != nil:
			return sec - *offset, true
		}
		return sec - calendarOffset(sec, env.zone), true
	}), &failed), nil
}

// calendarOffset is column.OffsetOfLocal, but of a local time that comes twice it takes the second, as Java's Calendar does.
func calendarOffset(local int64, zone *time.Location) int64 {
	offset := column.OffsetOfLocal(local, zone)
	if after := column.OffsetAt(local+86400, zone); after != offset && column.OffsetAt(local-after, zone) == after {
		return after
	}
	return offset
}
