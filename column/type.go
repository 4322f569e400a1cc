package column

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the root of a logical SQL type, as Apache Flink names them.
type Kind uint8

const (
	Null Kind = iota // the type of an untyped NULL literal
	Boolean
	TinyInt
	SmallInt
	Int
	BigInt
	Float
	Double
	Decimal
	Char
	VarChar
	Binary
	VarBinary
	Date
	Time
	Timestamp
	TimestampLTZ
	IntervalYearMonth
	IntervalDayTime
	Array
	Map
	Multiset
	Row
	Variant
	Bitset // BITMAP: a set of unsigned 32-bit integers
)

// MaxLength is the length of STRING and BYTES: VARCHAR(2147483647), VARBINARY(2147483647).
const MaxLength = 1<<31 - 1

// Type is a logical SQL type. The zero value is nullable NULL. Types are values; what Elem, Key and
// Fields point to is never changed after construction, so that types can be shared freely.
type Type struct {
	Kind    Kind
	NotNull bool // the zero value is nullable, as in SQL
	// Precision is the number of digits of DECIMAL, the length in code points or bytes of CHAR, VARCHAR,
	// BINARY and VARBINARY, the number of fraction digits of TIME and TIMESTAMP, and the number of
	// leading digits of an interval.
	Precision int32
	Scale     int32   // fraction digits of DECIMAL and of day-time intervals
	Unit      Unit    // the fields of an interval
	Elem      *Type   // element of ARRAY and MULTISET, value of MAP
	Key       *Type   // key of MAP
	Fields    []Field // fields of ROW
	Class     string  // the class name of a STRUCTURED type, which is a ROW otherwise
}

// Field is a named column of a ROW or of a batch.
type Field struct {
	Name    string
	Type    Type
	Comment string
}

// Unit is the range of fields of an interval type.
type Unit uint8

const (
	UnitNone Unit = iota
	Year
	YearToMonth
	Month
	Day
	DayToHour
	DayToMinute
	DayToSecond
	Hour
	HourToMinute
	HourToSecond
	Minute
	MinuteToSecond
	Second
)

var unitNames = [...][2]string{
	Year: {"YEAR"}, YearToMonth: {"YEAR", "MONTH"}, Month: {"MONTH"}, Day: {"DAY"}, DayToHour: {"DAY", "HOUR"},
	DayToMinute: {"DAY", "MINUTE"}, DayToSecond: {"DAY", "SECOND"}, Hour: {"HOUR"}, HourToMinute: {"HOUR", "MINUTE"},
	HourToSecond: {"HOUR", "SECOND"}, Minute: {"MINUTE"}, MinuteToSecond: {"MINUTE", "SECOND"}, Second: {"SECOND"},
}

// Of returns a nullable type without parameters of its own.
func Of(k Kind) Type { return Type{Kind: k} }

// Str is STRING, that is VARCHAR(2147483647).
func Str() Type { return Type{Kind: VarChar, Precision: MaxLength} }

// Bytes is BYTES, that is VARBINARY(2147483647).
func Bytes() Type { return Type{Kind: VarBinary, Precision: MaxLength} }

// DecimalOf is DECIMAL(precision, scale).
func DecimalOf(precision, scale int) Type {
	return Type{Kind: Decimal, Precision: int32(precision), Scale: int32(scale)}
}

// Sized is a type with a length or a number of fraction digits, such as CHAR(3) or TIMESTAMP(6).
func Sized(k Kind, precision int) Type { return Type{Kind: k, Precision: int32(precision)} }

// ArrayOf is ARRAY<elem>.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elem: &elem} }

// MapOf is MAP<key, value>.
func MapOf(key, value Type) Type { return Type{Kind: Map, Key: &key, Elem: &value} }

// MultisetOf is MULTISET<elem>.
func MultisetOf(elem Type) Type { return Type{Kind: Multiset, Elem: &elem} }

// RowOf is ROW<fields>.
func RowOf(fields ...Field) Type { return Type{Kind: Row, Fields: fields} }

// Required returns t as NOT NULL; Optional returns it as nullable.
func (t Type) Required() Type { t.NotNull = true; return t }
func (t Type) Optional() Type { t.NotNull = false; return t }

// IsNumeric reports whether arithmetic applies to the type.
func (t Type) IsNumeric() bool { return t.Kind >= TinyInt && t.Kind <= Decimal }

// IsInteger reports whether the type is TINYINT … BIGINT.
func (t Type) IsInteger() bool { return t.Kind >= TinyInt && t.Kind <= BigInt }

// IsText reports whether the type is CHAR or VARCHAR.
func (t Type) IsText() bool { return t.Kind == Char || t.Kind == VarChar }

// IsBinary reports whether the type is BINARY or VARBINARY.
func (t Type) IsBinary() bool { return t.Kind == Binary || t.Kind == VarBinary }

// Equal compares types, nullability included, but not field comments.
func (t Type) Equal(o Type) bool { return t.NotNull == o.NotNull && t.SameAs(o) }

// SameAs compares types and ignores the nullability of the outermost one.
func (t Type) SameAs(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || t.Unit != o.Unit || t.Class != o.Class || len(t.Fields) != len(o.Fields) {
		return false
	}
	same := func(a, b *Type) bool { return a == b || a != nil && b != nil && a.Equal(*b) }
	if !same(t.Elem, o.Elem) || !same(t.Key, o.Key) {
		return false
	}
	for i, f := range t.Fields {
		if f.Name != o.Fields[i].Name || !f.Type.Equal(o.Fields[i].Type) {
			return false
		}
	}
	return true
}

// String writes the type as Flink prints it, such as "VARCHAR(3) NOT NULL" or "ROW<`a` INT>".
func (t Type) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t Type) write(b *strings.Builder) {
	sized := func(name string) { fmt.Fprintf(b, "%s(%d)", name, t.Precision) }
	switch t.Kind {
	case Null:
		b.WriteString("NULL")
	case Boolean:
		b.WriteString("BOOLEAN")
	case TinyInt:
		b.WriteString("TINYINT")
	case SmallInt:
		b.WriteString("SMALLINT")
	case Int:
		b.WriteString("INT")
	case BigInt:
		b.WriteString("BIGINT")
	case Float:
		b.WriteString("FLOAT")
	case Double:
		b.WriteString("DOUBLE")
	case Decimal:
		fmt.Fprintf(b, "DECIMAL(%d, %d)", t.Precision, t.Scale)
	case Char:
		sized("CHAR")
	case VarChar:
		if t.Precision == MaxLength {
			b.WriteString("STRING")
		} else {
			sized("VARCHAR")
		}
	case Binary:
		sized("BINARY")
	case VarBinary:
		if t.Precision == MaxLength {
			b.WriteString("BYTES")
		} else {
			sized("VARBINARY")
		}
	case Date:
		b.WriteString("DATE")
	case Time:
		sized("TIME")
	case Timestamp:
		sized("TIMESTAMP")
	case TimestampLTZ:
		sized("TIMESTAMP_LTZ")
	case IntervalYearMonth, IntervalDayTime:
		t.writeInterval(b)
	case Array:
		b.WriteString("ARRAY<")
		t.Elem.write(b)
		b.WriteByte('>')
	case Multiset:
		b.WriteString("MULTISET<")
		t.Elem.write(b)
		b.WriteByte('>')
	case Map:
		b.WriteString("MAP<")
		t.Key.write(b)
		b.WriteString(", ")
		t.Elem.write(b)
		b.WriteByte('>')
	case Row:
		if t.Class == "" {
			b.WriteString("ROW<")
		} else {
			b.WriteString("STRUCTURED<'" + strings.ReplaceAll(t.Class, "'", "''") + "'")
		}
		for i, f := range t.Fields {
			if i > 0 || t.Class != "" {
				b.WriteString(", ")
			}
			b.WriteString("`" + strings.ReplaceAll(f.Name, "`", "``") + "` ")
			f.Type.write(b)
			if f.Comment != "" {
				b.WriteString(" '" + strings.ReplaceAll(f.Comment, "'", "''") + "'")
			}
		}
		b.WriteByte('>')
	case Variant:
		b.WriteString("VARIANT")
	case Bitset:
		b.WriteString("BITMAP")
	default:
		b.WriteString("Kind" + strconv.Itoa(int(t.Kind)))
	}
	if t.NotNull {
		b.WriteString(" NOT NULL")
	}
}

func (t Type) writeInterval(b *strings.Builder) {
	n := unitNames[t.Unit]
	b.WriteString("INTERVAL " + n[0])
	if t.Precision > 0 && t.Unit != Second {
		fmt.Fprintf(b, "(%d)", t.Precision)
	}
	if n[1] != "" {
		b.WriteString(" TO " + n[1])
	}
	if t.Kind == IntervalDayTime && (n[0] == "SECOND" || n[1] == "SECOND") {
		fmt.Fprintf(b, "(%d)", t.Scale)
	}
}

// Layout is the physical shape of a vector, as in Apache Arrow's columnar format.
type Layout uint8

const (
	LayoutNone   Layout = iota // NULL: no values at all
	LayoutBits                 // 1 bit a value, least significant first
	LayoutInt8                 // 1 byte a value
	LayoutInt16                // 2 bytes
	LayoutInt32                // 4 bytes
	LayoutInt64                // 8 bytes
	LayoutFloat                // 4 bytes, IEEE 754
	LayoutDouble               // 8 bytes, IEEE 754
	LayoutInt128               // 16 bytes, two's complement, little endian: DECIMAL's unscaled value
	LayoutView                 // 16 bytes, see View
	LayoutList                 // 32-bit offsets, one more than values, into one child (two for MAP and MULTISET)
	LayoutStruct               // one child a field, of the parent's length
)

var layouts = [...]Layout{
	Null: LayoutNone, Boolean: LayoutBits, TinyInt: LayoutInt8, SmallInt: LayoutInt16, Int: LayoutInt32, BigInt: LayoutInt64,
	Float: LayoutFloat, Double: LayoutDouble, Decimal: LayoutInt128, Char: LayoutView, VarChar: LayoutView,
	Binary: LayoutView, VarBinary: LayoutView,
	Date: LayoutInt32, // days since 1970-01-01
	Time: LayoutInt32, // milliseconds of the day
	// Timestamps count since 1970-01-01T00:00:00 (local or UTC) in Type.TimeUnit.
	Timestamp: LayoutInt64, TimestampLTZ: LayoutInt64,
	IntervalYearMonth: LayoutInt32, // months
	IntervalDayTime:   LayoutInt64, // milliseconds
	Array:             LayoutList, Map: LayoutList, Multiset: LayoutList, Row: LayoutStruct,
	Bitset:  LayoutView, // Roaring's portable format, with runs where they are shorter
	Variant: LayoutView, // metadata and value as in Parquet's variant encoding, the value right behind the metadata
}

// Layout returns how vectors of the type lie in memory.
func (t Type) Layout() Layout { return layouts[t.Kind] }

// width is the number of bytes of one value in Vector.Data by layout; 0 where it is not whole bytes.
var width = [...]int{LayoutInt8: 1, LayoutInt16: 2, LayoutInt32: 4, LayoutInt64: 8, LayoutFloat: 4, LayoutDouble: 8, LayoutInt128: 16, LayoutView: 16, LayoutList: 4, LayoutStruct: 0}

// TimeUnit returns how many units of a timestamp's stored value make a second: 1e3 up to TIMESTAMP(3), 1e6 up to
// TIMESTAMP(6), else 1e9, which reaches from the year 1677 to 2262.
func (t Type) TimeUnit() int64 {
	switch {
	case t.Precision <= 3:
		return 1e3
	case t.Precision <= 6:
		return 1e6
	}
	return 1e9
}
