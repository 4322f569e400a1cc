// Package formattest helps to test formats: configurations from short schemas, random batches, and rows as text to compare.
//
// What enters: a test and what it is about. What leaves: batches and texts. Tests of the formats call it.
package formattest

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// TB is what helpers need of a testing.TB or a rapid.T.
type TB interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Field returns a column.
func Field(name string, t column.Type) column.Field { return column.Field{Name: name, Type: t} }

var (
	integer = column.Of(column.Int)
	text    = column.Str()
	double  = column.Of(column.Double)
)

// Types are the names that schemas are made of.
var Types = map[string]column.Type{
	"BOOLEAN": column.Of(column.Boolean), "TINYINT": column.Of(column.TinyInt), "SMALLINT": column.Of(column.SmallInt), "INT": integer,
	"BIGINT": column.Of(column.BigInt), "FLOAT": column.Of(column.Float), "DOUBLE": double, "STRING": text, "BYTES": column.Bytes(),
	"CHAR4": column.Sized(column.Char, 4), "DEC": column.DecimalOf(6, 2), "DEC15": column.DecimalOf(15, 3), "DEC38": column.DecimalOf(38, 10),
	"DATE": column.Of(column.Date), "TIME": column.Sized(column.Time, 0), "TIME3": column.Sized(column.Time, 3), "TS": column.Sized(column.Timestamp, 3), "TS6": column.Sized(column.Timestamp, 6), "TS9": column.Sized(column.Timestamp, 9),
	"LTZ": column.Sized(column.TimestampLTZ, 3), "LTZ6": column.Sized(column.TimestampLTZ, 6), "MONTHS": {Kind: column.IntervalYearMonth, Unit: column.Month}, "MILLIS": {Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3},
	"NULL": column.Of(column.Null), "VARIANT": column.Of(column.Variant),
	"INTS": column.ArrayOf(integer), "TEXTS": column.ArrayOf(text), "DOUBLES": column.ArrayOf(double), "NESTED": column.ArrayOf(column.ArrayOf(text)),
	"COUNTS": column.MapOf(text, integer), "LISTS": column.MapOf(text, column.ArrayOf(integer)), "BYINT": column.MapOf(integer, text), "BAG": column.MultisetOf(text),
	"ROW":   column.RowOf(Field("a", integer), Field("b", text)),
	"DEEP":  column.RowOf(Field("x", column.RowOf(Field("c", text), Field("d", column.ArrayOf(integer)))), Field("n", integer)),
	"PAIRS": column.ArrayOf(column.RowOf(Field("k", text), Field("v", double))),
}

// Fields makes columns from a list such as "a INT, b STRING" of the types above.
func Fields(t TB, schema string) (fields []column.Field) {
	t.Helper()
	for part := range strings.SplitSeq(schema, ", ") {
		name, typ, _ := strings.Cut(part, " ")
		found, ok := Types[typ]
		if !ok {
			t.Fatalf("formattest knows no type %q", typ)
		}
		fields = append(fields, Field(name, found))
	}
	return fields
}

// Config makes a configuration of the named format, which must be linked.
func Config(t TB, name, schema string, given map[string]string) format.Config {
	t.Helper()
	spec, ok := format.Lookup(name)
	if !ok {
		t.Fatalf("the format %q is not linked", name)
	}
	values, err := setting.Check(spec.Options, given)
	if err != nil {
		t.Fatal(err)
	}
	return format.Config{Options: values, Columns: Fields(t, schema)}
}

// Projected returns the columns that a configuration projects.
func Projected(c format.Config) []column.Field {
	if c.Project == nil {
		return c.Columns
	}
	var fields []column.Field
	for _, i := range c.Project {
		fields = append(fields, c.Columns[i])
	}
	return fields
}

// Row writes physical row i of a batch as the values' texts between '|', with ∅ for NULL.
func Row(b *column.Batch, i int) string {
	var out []byte
	for c, v := range b.Cols {
		if c > 0 {
			out = append(out, '|')
		}
		if v.IsNull(i) {
			out = append(out, "∅"...)
		} else {
			out = column.AppendText(out, v, i, nil)
		}
	}
	return string(out)
}

// Rows writes the live rows of a batch.
func Rows(b *column.Batch) (rows []string) {
	for n := range b.Rows() {
		rows = append(rows, Row(b, b.Row(n)))
	}
	return rows
}

// DecodeFunc is [format.Decoder.Decode], or a stand-in for it.
type DecodeFunc func(data []byte, last bool, out *column.Batch, most int) (int, error)

// Read gives text to a decoder in blocks of size bytes, as a connector does, and returns the rows, decoded in batches of at most most.
func Read(t TB, header func(data []byte, last bool) (int, error), decode DecodeFunc, fields []column.Field, text string, size, most int) (rows []string, err error) {
	t.Helper()
	out := column.NewBatch(fields, 0)
	var rest []byte
	headed := false
	for len(text) > 0 || len(rest) > 0 || !headed {
		n := min(size, len(text))
		rest = append(bytes.Clone(rest), text[:n]...)
		text = text[n:]
		last := text == ""
		if !headed {
			used, err := header(rest, last)
			if err != nil {
				return rows, err
			}
			if used < 0 {
				if last {
					t.Fatal("the header asks for more than there is")
				}
				continue
			}
			headed, rest = true, rest[used:]
		}
		for {
			out.Reset()
			used, err := decode(rest, last, out, most)
			if out.Len > most {
				t.Fatalf("%d rows, asked for %d", out.Len, most)
			}
			rows = append(rows, Rows(out)...)
			if err != nil {
				return rows, err
			}
			rest = rest[used:]
			if out.Len < most {
				break
			}
		}
		if last && len(rest) > 0 {
			t.Fatalf("%q was left over", rest)
		}
	}
	return rows, nil
}

// RandomBatch draws a batch of n rows, some of them NULL unless the type forbids it.
func RandomBatch(t *rapid.T, fields []column.Field, n int) *column.Batch {
	b := column.NewBatch(fields, n)
	for i, f := range fields {
		for range n {
			appendRandom(t, b.Cols[i], f.Type)
		}
	}
	b.Len = n
	return b
}

// texts are the values of text columns: of all lengths around those that vectors and formats treat apart.
var texts = rapid.OneOf(rapid.StringN(0, 14, -1), rapid.StringMatching(`[a-c,;|"'\\#\n\r\t ]{0,8}`), rapid.StringMatching(`[a-z ]{20,30}`))

func appendRandom(t *rapid.T, v *column.Vector, typ column.Type) {
	if typ.Kind == column.Null || !typ.NotNull && rapid.IntRange(0, 7).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	switch typ.Kind {
	case column.Boolean:
		v.AppendBool(rapid.Bool().Draw(t, "boolean"))
	case column.TinyInt:
		column.Append(v, rapid.Int8().Draw(t, "tinyint"))
	case column.SmallInt:
		column.Append(v, rapid.Int16().Draw(t, "smallint"))
	case column.Int:
		column.Append(v, rapid.Int32().Draw(t, "int"))
	case column.BigInt:
		column.Append(v, rapid.Int64().Draw(t, "bigint"))
	case column.IntervalYearMonth:
		column.Append(v, rapid.Int32().Draw(t, "months"))
	case column.IntervalDayTime:
		column.Append(v, rapid.Int64Range(-1e15, 1e15).Draw(t, "millis"))
	case column.Float:
		column.Append(v, rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, 1.5, float32(math.NaN()), float32(math.Inf(1))})).Draw(t, "float"))
	case column.Double:
		column.Append(v, rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, 1.5, math.NaN(), math.Inf(-1)})).Draw(t, "double"))
	case column.Decimal:
		x := column.Int128Of(rapid.Int64Range(-1e6+1, 1e6-1).Draw(t, "decimal"))
		for digits := 6; digits+6 <= int(typ.Precision); digits += 6 {
			x, _ = x.Mul64(1e6)
			x = x.Add(column.Int128Of(rapid.Int64Range(0, 1e6-1).Draw(t, "digits")))
			if !x.Fits(int(typ.Precision)) {
				x = column.Int128Of(1)
			}
		}
		column.Append(v, x)
	case column.Char, column.VarChar:
		v.AppendString(texts.Draw(t, "text"))
	case column.Binary, column.VarBinary:
		v.AppendBytes(rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "bytes"))
	case column.Date:
		column.Append(v, rapid.Int32Range(-719162, 2932896).Draw(t, "date"))
	case column.Time:
		unit := int32(math.Pow10(3 - int(min(typ.Precision, 3))))
		column.Append(v, rapid.Int32Range(0, 86399999).Draw(t, "time")/unit*unit)
	case column.Timestamp, column.TimestampLTZ:
		seconds := rapid.Int64Range(-6e9, 6e9).Draw(t, "seconds")
		column.Append(v, seconds*typ.TimeUnit()+rapid.Int64Range(0, typ.TimeUnit()-1).Draw(t, "fraction"))
	case column.Array:
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		for range n {
			appendRandom(t, v.Children[0], *typ.Elem)
		}
		v.AppendList(n)
	case column.Map:
		n := rapid.IntRange(0, 3).Draw(t, "entries")
		for i := range n {
			switch {
			case typ.Key.IsText():
				v.Children[0].AppendString(fmt.Sprint(i) + texts.Draw(t, "key"))
			default:
				column.Append(v.Children[0], int32(i))
			}
			appendRandom(t, v.Children[1], *typ.Elem)
		}
		v.AppendList(n)
	case column.Multiset:
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		for i := range n {
			v.Children[0].AppendString(fmt.Sprint(i) + texts.Draw(t, "element"))
			column.Append(v.Children[1], int32(i+1))
		}
		v.AppendList(n)
	case column.Row:
		for i, f := range typ.Fields {
			appendRandom(t, v.Children[i], f.Type)
		}
		v.AppendStruct()
	default:
		t.Fatalf("formattest makes no %s", typ)
	}
}
