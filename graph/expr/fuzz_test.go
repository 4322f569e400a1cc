package expr

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
)

// corpusTexts are the texts in the expressions of the conformance corpus.
func corpusTexts(f *testing.F) []string {
	f.Helper()
	data, err := os.ReadFile("../../test/conformance/testdata/functions.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	seen := map[string]bool{}
	var list []string
	for _, m := range regexp.MustCompile(`'([^'\\"]*)'`).FindAllSubmatch(data, -1) {
		if s := string(m[1]); !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list
}

// Whatever texts and numbers a function gets, constant or in a column, it gives a value or an error, and the same for both.
func FuzzFunction(f *testing.F) {
	var list []*Function
	for fn := range Functions() {
		if !fn.Volatile {
			list = append(list, fn)
		}
	}
	texts := corpusTexts(f)
	for i, s := range texts {
		f.Add(uint16(i), uint8(i), s, texts[(i+1)%len(texts)], texts[(i+7)%len(texts)], int64(i-5))
	}
	f.Fuzz(func(t *testing.T, which uint16, shape uint8, a, b, c string, n int64) {
		if len(a)+len(b)+len(c) > 1000 {
			return
		}
		fn := list[int(which)%len(list)]
		number := Int(int32(n % 2000))
		args := [][]Expr{
			{Text(a)}, {Text(a), Text(b)}, {Text(a), Text(b), Text(c)}, {Text(a), number}, {Text(a), Text(b), number}, {Text(a), number, Text(b)}, {number}, {Long(n)},
			{Text(a), Text(b), number, Int(int32(n % 7))}, {Double(float64(n) / 8), number}, {&Literal{n, column.Sized(column.Timestamp, 3).Required()}, Text(a)}, {Long(n), Text(a)},
		}[int(shape)%12]
		e, err := fn.Call(args...)
		if err != nil {
			return
		}
		constant, constantErr := valueOfRow(e)
		batch := &column.Batch{Len: 1}
		cols := make([]Expr, len(args))
		for i, arg := range e.(*Call).Args {
			l, ok := arg.(*Literal)
			if !ok || i < len(args) && args[i] != arg {
				return // cast, or a literal of the function's own
			}
			v, err := l.vector()
			if err != nil {
				t.Fatal(err)
			}
			batch.Cols = append(batch.Cols, v)
			cols[i] = &Column{i, "x", l.T}
		}
		e, err = fn.Call(cols...)
		if err != nil {
			return // it wants a constant
		}
		p, err := Compile(e)
		if err != nil {
			return
		}
		var out column.Vector
		err = p.Eval(batch, &out)
		if (err == nil) != (constantErr == nil) {
			t.Fatalf("%s%v: %v for a column, %v for a constant", fn.Name, args, err, constantErr)
		}
		if err == nil && e.Type().Kind == column.VarChar && e.Type().Precision == column.MaxLength {
			got := column.NewVector(out.Type, 0)
			got.AppendRows(&out, nil)
			if out.IsNull(0) != (constant == "NULL") {
				t.Fatalf("%s%v: %v for a column, %s for a constant", fn.Name, args, string(got.BytesAt(0)), constant)
			}
		}
	})
}

// Texts become values of any type, or errors; what became one is printed so that it is read again.
func FuzzCast(f *testing.F) {
	types := []column.Type{
		column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.BigInt), column.Of(column.Float), column.Of(column.Double), column.DecimalOf(38, 10), column.DecimalOf(5, 2),
		column.Of(column.Date), column.Sized(column.Time, 3), column.Sized(column.Timestamp, 0), column.Sized(column.Timestamp, 9), column.Sized(column.TimestampLTZ, 6), column.Sized(column.Char, 4),
	}
	for _, s := range corpusTexts(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range types {
			if typ.Kind == column.Char && strings.ContainsFunc(s, func(r rune) bool { return r > 0xFFFF }) {
				continue // a literal's type counts such a character twice, padding once, as in Flink
			}
			e := &Cast{Arg: Text(s), T: typ, Try: true}
			first := fold(e, newEnvironment(nil))
			if IsNull(first) {
				continue
			}
			printed := fold(&Cast{Arg: first, T: column.Str()}, newEnvironment(nil))
			again := fold(&Cast{Arg: printed, T: typ, Try: true}, newEnvironment(nil))
			if a, b := first.String(), again.String(); a != b {
				t.Fatalf("%q as %s is %s, printed %s and read as %s", s, typ, a, printed, b)
			}
		}
	})
}

// Patterns of dates in both languages, and names of zones.
func FuzzDatePattern(f *testing.F) {
	f.Add("yyyy-MM-dd HH:mm:ss.SSS", "2024-05-01 10:00:00.123", int64(1714557600))
	f.Add("EEEE, d MMMM yyyy 'at' h a XX", "Wednesday, 1 May 2024 at 10 AM Z", int64(-1))
	f.Add("qqqq w D N n A k K Z x VV z B g e ccc", "", int64(1)<<40)
	f.Add("G Y W F u", "AD 2024", int64(-1)<<40)
	texts := corpusTexts(f)
	for i, s := range texts {
		f.Add(s, texts[max(i-1, 0)], int64(i))
	}
	f.Fuzz(func(t *testing.T, pattern, text string, sec int64) {
		javaZone(text)
		calendarZone(text)
		parseSQLTime([]byte(text))
		if sec < -1<<45 || sec > 1<<45 {
			return
		}
		for _, as := range []dialect{modern, zoneless, legacy} {
			p, err := newDatePattern(pattern, as)
			if err != nil {
				continue
			}
			p.format(nil, sec, 123456789, time.UTC, 0)
			for _, strict := range []strictness{exactDays, lastDays, lenient} {
				p.parse([]byte(text), strict)
			}
		}
	})
}
