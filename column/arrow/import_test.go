package arrow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// fromJSON builds an array of four rows, the third of them null, in Arrow's JSON.
func fromJSON(t *testing.T, dt arrow.DataType, values string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(values))
	if err != nil {
		t.Fatalf("%s: %v", dt, err)
	}
	t.Cleanup(a.Release)
	return a
}

// Arrays of other widths and units than vectors have are converted, whole or sliced.
func TestForeignTypes(t *testing.T) {
	for _, c := range []struct {
		dt     arrow.DataType
		values string
		want   column.Type
		texts  []string
	}{
		{arrow.PrimitiveTypes.Uint8, `[1, 255, null, 0]`, column.Of(column.SmallInt), []string{"1", "255", "NULL!", "0"}},
		{arrow.PrimitiveTypes.Uint16, `[1, 65535, null, 0]`, column.Of(column.Int), []string{"1", "65535", "NULL!", "0"}},
		{arrow.PrimitiveTypes.Uint32, `[1, 4294967295, null, 0]`, column.Of(column.BigInt), []string{"1", "4294967295", "NULL!", "0"}},
		{arrow.PrimitiveTypes.Uint64, `[1, 18446744073709551615, null, 0]`, column.DecimalOf(20, 0), []string{"1", "18446744073709551615", "NULL!", "0"}},
		{arrow.FixedWidthTypes.Date64, `["2024-05-01", "1969-12-31", null, "1970-01-01"]`, column.Of(column.Date), []string{"2024-05-01", "1969-12-31", "NULL!", "1970-01-01"}},
		{arrow.FixedWidthTypes.Time32s, `["10:11:12", "00:00:00", null, "23:59:59"]`, column.Sized(column.Time, 0), []string{"10:11:12", "00:00:00", "NULL!", "23:59:59"}},
		{arrow.FixedWidthTypes.Time64us, `["10:11:12.345678", "00:00:00", null, "23:59:59"]`, column.Sized(column.Time, 3), []string{"10:11:12.345", "00:00:00.0", "NULL!", "23:59:59.0"}},
		{&arrow.TimestampType{Unit: arrow.Second}, `["2024-05-01 10:00:00", "1969-12-31 23:59:59", null, "1970-01-01"]`, column.Sized(column.Timestamp, 0),
			[]string{"2024-05-01 10:00:00", "1969-12-31 23:59:59", "NULL!", "1970-01-01 00:00:00"}},
		{&arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}, `["2024-05-01 10:00:00.000000001Z", "1969-12-31 23:59:59Z", null, "1970-01-01 00:00:00Z"]`,
			column.Sized(column.TimestampLTZ, 9), []string{"2024-05-01 10:00:00.000000001", "1969-12-31 23:59:59.000000000", "NULL!", "1970-01-01 00:00:00.000000000"}},
		{arrow.FixedWidthTypes.Duration_us, `["1500us", "-1us", null, "0us"]`, column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Precision: 2, Scale: 3},
			[]string{"+0 00:00:00.001", "-0 00:00:00.001", "NULL!", "+0 00:00:00.000"}},
		{arrow.BinaryTypes.String, `["short", "longer than twelve bytes", null, ""]`, column.Str(), []string{"short", "longer than twelve bytes", "NULL!", ""}},
		{arrow.BinaryTypes.LargeString, `["short", "longer than twelve bytes", null, ""]`, column.Str(), []string{"short", "longer than twelve bytes", "NULL!", ""}},
		{&arrow.FixedSizeBinaryType{ByteWidth: 3}, `["YWJj", "ZGVm", null, "Z2hp"]`, column.Sized(column.Binary, 3), []string{"abc", "def", "NULL!", "ghi"}},
		{arrow.ListOf(arrow.BinaryTypes.String), `[["a", null], [], null, ["longer than twelve bytes"]]`, column.ArrayOf(column.Str()),
			[]string{"[a, NULL]", "[]", "NULL!", "[longer than twelve bytes]"}},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, `["a", "b", null, "a"]`, column.Str(), []string{"a", "b", "NULL!", "a"}},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.PrimitiveTypes.Int64}, `[7, 8, null, 7]`, column.Of(column.BigInt), []string{"7", "8", "NULL!", "7"}},
	} {
		a := fromJSON(t, c.dt, c.values)
		for from := range 4 {
			part := array.NewSlice(a, int64(from), 4)
			r := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: c.dt, Nullable: true}}, nil), []arrow.Array{part}, int64(4-from))
			b, err := FromRecord(r, nil)
			if err != nil {
				t.Errorf("%s: %v", c.dt, err)
				continue
			}
			if got := b.Cols[0].Type; !got.Equal(c.want) {
				t.Errorf("%s is read as %s, want %s", c.dt, got, c.want)
			}
			if got := columntest.Texts(b.Cols[0]); !slices.Equal(got, c.texts[from:]) {
				t.Errorf("%s from %d on: %q, want %q", c.dt, from, got, c.texts[from:])
			}
			r.Release()
			part.Release()
		}
	}
}

func TestForeignTypesRefused(t *testing.T) {
	for _, dt := range []arrow.DataType{arrow.FixedWidthTypes.Float16, arrow.ListViewOf(arrow.PrimitiveTypes.Int8), &arrow.Decimal256Type{Precision: 50, Scale: 2}} {
		if got, err := TypeOf(dt, true); err == nil {
			t.Errorf("%s is read as %s", dt, got)
		}
	}
}

// Writing to a batch made of a record leaves the record as it is.
func TestRecordIsNotWritten(t *testing.T) {
	a := fromJSON(t, arrow.PrimitiveTypes.Int64, `[1, 2, null, 4]`)
	r := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: a.DataType(), Nullable: true}}, nil), []arrow.Array{a}, 4)
	defer r.Release()
	before := fmt.Sprint(a)
	b, err := FromRecord(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := b.Cols[0]
	column.Append(v, int64(5))
	v.SetNull(0)
	if got := columntest.Texts(v); !slices.Equal(got, []string{"NULL!", "2", "NULL!", "4", "5"}) {
		t.Errorf("after writing: %q", got)
	}
	b, err = FromRecord(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	for i := range 8 {
		column.Append(b.Cols[0], int64(-i))
	}
	if after := fmt.Sprint(a); after != before {
		t.Errorf("the record was %s and is now %s", before, after)
	}
}
