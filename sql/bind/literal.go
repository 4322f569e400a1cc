package bind

import (
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// literal types a constant as Flink does: 'abc' is CHAR(3), 1.5 is DECIMAL(2, 1), 2147483648 is BIGINT.
func literal(n *syntax.Literal) (expr.Expr, error) {
	switch n.Kind {
	case syntax.NullLiteral:
		return expr.NullOf(column.Of(column.Null)), nil
	case syntax.TrueLiteral:
		return expr.Bool(true), nil
	case syntax.FalseLiteral:
		return expr.Bool(false), nil
	case syntax.UnknownLiteral:
		return expr.NullOf(column.Of(column.Boolean)), nil
	case syntax.IntegerLiteral, syntax.DecimalLiteral:
		return number(n, n.Text)
	case syntax.ApproxLiteral:
		f, err := strconv.ParseFloat(n.Text, 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, syntax.Errorf(n, "the number is malformed")
		}
		if math.IsInf(f, 0) {
			return nil, fail(n, "the largest is about 1.8E308", "the number is out of the range of DOUBLE")
		}
		return expr.Double(f), nil
	case syntax.StringLiteral:
		return expr.Text(n.Text), nil
	case syntax.BinaryLiteral:
		b, err := hex.DecodeString(n.Text)
		if err != nil {
			return nil, fail(n, "write two hexadecimal digits for each byte", "the binary string is malformed")
		}
		return &expr.Literal{Value: string(b), T: column.Sized(column.Binary, len(b)).Required()}, nil
	case syntax.DateLiteral:
		t, err := time.Parse("2006-1-2", strings.TrimSpace(n.Text))
		if err != nil || t.Year() == 0 {
			return nil, fail(n, "write yyyy-MM-dd", "'%s' is not a DATE", n.Text)
		}
		return &expr.Literal{Value: t.Unix() / 86400, T: column.Of(column.Date).Required()}, nil
	case syntax.TimeLiteral:
		clock, digits := fraction(n.Text)
		t, err := time.Parse("15:4:5", clock)
		if err != nil || digits < 0 {
			return nil, fail(n, "write HH:mm:ss, and up to nine digits behind a dot", "'%s' is not a TIME", n.Text)
		}
		ms := t.Sub(t.Truncate(24 * time.Hour)).Milliseconds()
		ms += nanos(n.Text, digits) / 1e6
		return &expr.Literal{Value: ms, T: column.Sized(column.Time, min(digits, 3)).Required()}, nil
	}
	return timestamp(n, strings.TrimSpace(n.Text))
}

// timestamp types a TIMESTAMP literal: its precision is the number of digits behind the dot. A date alone is its midnight.
func timestamp(n *syntax.Literal, text string) (expr.Expr, error) {
	if before, part, ok := strings.Cut(text, "."); ok && len(part) > 9 {
		text = before + "." + part[:9]
	}
	clock, digits := fraction(text)
	t, err := time.Parse("2006-1-2 15:4:5", clock)
	if err != nil {
		t, err = time.Parse("2006-1-2", text)
	}
	if err != nil || digits < 0 || t.Year() == 0 {
		return nil, fail(n, "write yyyy-MM-dd HH:mm:ss, and up to nine digits behind a dot", "'%s' is not a TIMESTAMP", n.Text)
	}
	typ := column.Sized(column.Timestamp, digits).Required()
	unit := typ.TimeUnit()
	value := t.Unix()*unit + nanos(text, digits)/(1e9/unit)
	if (value-nanos(text, digits)/(1e9/unit))/unit != t.Unix() {
		return nil, fail(n, "with more than six digits of fraction a timestamp reaches from 1677 to 2262", "'%s' is out of range", n.Text)
	}
	return &expr.Literal{Value: value, T: typ}, nil
}

// fraction splits a text at the dot before its fraction and counts the digits there: -1 if they are not digits, or more than nine.
func fraction(text string) (before string, digits int) {
	before, after, found := strings.Cut(text, ".")
	if !found {
		return before, 0
	}
	if len(after) > 9 || strings.Trim(after, "0123456789") != "" {
		return before, -1
	}
	return before, len(after)
}

// nanos returns the fraction of a second of a text with so many digits behind the dot, in nanoseconds.
func nanos(text string, digits int) int64 {
	if digits <= 0 {
		return 0
	}
	n, err := strconv.ParseInt((text[len(text)-digits:] + "000000000")[:9], 10, 64)
	if err != nil {
		return 0 // fraction saw digits alone
	}
	return n
}

// number types an exact number: INT, BIGINT or DECIMAL, whichever is the first to hold it. text may begin with a minus.
func number(at syntax.Node, text string) (expr.Expr, error) {
	whole, part, decimal := strings.Cut(text, ".")
	if !decimal || part == "" {
		if v, err := strconv.ParseInt(whole, 10, 64); err == nil {
			if v == int64(int32(v)) {
				return expr.Int(int32(v)), nil
			}
			return expr.Long(v), nil
		}
		part = "" // behind a dot nothing, or too large a number
	}
	digits := strings.TrimPrefix(whole, "-") + part
	unscaled, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(part) > 38 { // as in Flink
		return nil, fail(at, "write it as text, CAST('"+text+"' AS DECIMAL(38, "+strconv.Itoa(min(len(part), 38))+")), or as 1.5E20 to have a DOUBLE",
			"the number has more than 18 digits")
	}
	if strings.HasPrefix(text, "-") {
		unscaled = -unscaled
	}
	return &expr.Literal{Value: column.Int128Of(unscaled), T: column.DecimalOf(min(len(digits), 38), len(part)).Required()}, nil
}

// interval types an interval literal: months, or milliseconds.
func interval(n *syntax.Interval) (expr.Expr, error) {
	t, err := intervalType(n, &n.Units)
	if err != nil {
		return nil, err
	}
	if err := checkUnits(n); err != nil {
		return nil, err
	}
	value, ok := intervalValue(n.Text, &n.Units)
	if !ok {
		return nil, fail(n, "such as INTERVAL '5' MINUTE, INTERVAL '1 02:30:00' DAY TO SECOND or INTERVAL '1-6' YEAR TO MONTH",
			"'%s' is not an interval of %s", n.Text, unitsText(&n.Units))
	}
	if n.Negative {
		value = -value
	}
	return &expr.Literal{Value: value, T: t.Required()}, nil
}

// checkUnits checks the precision of an interval's units, and that the text keeps to it: two digits of the first unit and six of a fraction
// of seconds, unless it says otherwise.
func checkUnits(n *syntax.Interval) error {
	u := &n.Units
	digits, most := u.Precision, map[string]int{"YEAR": 4, "DAY": 6}[u.From]
	if most == 0 {
		most = 10
	}
	if digits < 0 {
		digits = 2
	}
	if digits == 0 || digits > most {
		return syntax.Errorf(u, "the precision of %s must be between 1 and %d", u.From, most)
	}
	fraction := u.Fraction
	if fraction < 0 {
		fraction = 6
	}
	if fraction > 9 {
		return syntax.Errorf(u, "the precision of a fraction of seconds must be between 0 and 9")
	}
	text := strings.TrimLeft(strings.TrimSpace(n.Text), "+-")
	first := strings.TrimLeft(text[:len(text)-len(strings.TrimLeft(text, "0123456789"))], "0")
	if len(first) > digits {
		return fail(n, "write "+u.From+"("+strconv.Itoa(len(first))+")", "'%s' has more than %s of %s", n.Text, plural(digits, "digit"), u.From)
	}
	if _, part, ok := strings.Cut(text, "."); ok && len(part) > fraction {
		return syntax.Errorf(n, "'%s' has more than %s in the fraction of seconds", n.Text, plural(fraction, "digit"))
	}
	return nil
}

// intervalOf binds INTERVAL n DAY: a number of units.
func (x *exprs) intervalOf(n *syntax.Interval) (expr.Expr, error) {
	if n.Units.To != "" {
		return nil, fail(n, "write INTERVAL '…' "+unitsText(&n.Units), "a number counts one unit, not %s", unitsText(&n.Units))
	}
	e, err := x.bind(n.X)
	if err != nil {
		return nil, err
	}
	return x.units(n, e, &n.Units, n.Negative)
}

// units multiplies a number by a unit of time.
func (x *exprs) units(at syntax.Node, number expr.Expr, u *syntax.IntervalUnits, negative bool) (expr.Expr, error) {
	if t := number.Type(); !t.IsInteger() {
		return nil, syntax.Errorf(at, "an interval is a whole number of units, and this is %s", t.Optional())
	}
	one, err := interval(&syntax.Interval{Span: u.Span, Text: "1", Negative: negative, Units: syntax.IntervalUnits{Span: u.Span, From: u.From, Precision: -1, Fraction: -1}})
	if err != nil {
		return nil, err
	}
	return x.apply(at, "*", number, one)
}

func unitsText(u *syntax.IntervalUnits) string {
	if u.To == "" {
		return u.From
	}
	return u.From + " TO " + u.To
}

// unitOrder are the units of a day-time interval with their milliseconds and how many of one make the unit before.
var unitOrder = []struct {
	name        string
	millis, max int64
}{{"DAY", 86_400_000, 0}, {"HOUR", 3_600_000, 24}, {"MINUTE", 60_000, 60}, {"SECOND", 1000, 60}}

// intervalValue reads the text of an interval, in months or milliseconds.
func intervalValue(text string, u *syntax.IntervalUnits) (int64, bool) {
	text = strings.TrimSpace(text)
	sign := int64(1)
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = -1, rest
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	single := map[string]int64{"YEAR": 12, "QUARTER": 3, "MONTH": 1, "WEEK": 7 * 86_400_000}
	if scale, ok := single[u.From]; ok {
		years, months, both := text, "0", false
		if u.To == "MONTH" {
			years, months, both = strings.Cut(text, "-")
			if !both {
				return 0, false
			}
		}
		a, ok1 := digitsOf(years)
		b, ok2 := digitsOf(months)
		if !ok1 || !ok2 || b > 11 && both {
			return 0, false
		}
		return sign * (a*scale + b), true
	}
	value, first := int64(0), true
	for _, unit := range unitOrder {
		if first && unit.name != u.From {
			continue
		}
		last := unit.name == u.To || u.To == ""
		part := text
		if !last {
			separator := ":"
			if unit.name == "DAY" {
				separator = " "
			}
			var found bool
			if part, text, found = strings.Cut(text, separator); !found {
				return 0, false
			}
			text = strings.TrimSpace(text)
		}
		if unit.name == "SECOND" {
			before, digits := fraction(part)
			if digits < 0 {
				return 0, false
			}
			value += nanos(part, digits) / 1e6
			part = before
		}
		n, ok := digitsOf(part)
		if !ok || !first && n >= unit.max || n > math.MaxInt64/unit.millis/2 {
			return 0, false
		}
		value += n * unit.millis
		if first = false; last {
			return sign * value, true
		}
	}
	return 0, false
}

// digitsOf reads a number that is digits alone.
func digitsOf(s string) (int64, bool) {
	if s == "" || len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func upper(s string) string { return strings.ToUpper(s) }
