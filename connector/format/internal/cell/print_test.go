package cell

import (
	"testing"

	"github.com/millstream/millstream/column"
)

func TestAppendDecimal(t *testing.T) {
	for _, test := range []struct {
		unscaled      int64
		scale         int
		want, inPlain string
	}{
		{150, 2, "1.5", "1.50"}, {0, 2, "0", "0.00"}, {-5, 3, "-0.005", "-0.005"}, {1000000, 0, "1E+6", "1000000"}, {120, 0, "1.2E+2", "120"},
		{1, 8, "1E-8", "0.00000001"}, {12, 8, "1.2E-7", "0.00000012"}, {1, 6, "0.000001", "0.000001"}, {123, 0, "123", "123"}, {10000, 2, "1E+2", "100.00"},
		{-123456, 3, "-123.456", "-123.456"}, {100001, 5, "1.00001", "1.00001"}, {110, 2, "1.1", "1.10"}, {10, 1, "1", "1.0"},
	} {
		d := column.Int128Of(test.unscaled)
		if got := string(AppendDecimal([]byte("x"), d, test.scale, false)); got != "x"+test.want {
			t.Errorf("%d, scale %d: %s, want %s", test.unscaled, test.scale, got[1:], test.want)
		}
		if got := string(AppendDecimal(nil, d, test.scale, true)); got != test.inPlain {
			t.Errorf("%d, scale %d: plain %s, want %s", test.unscaled, test.scale, got, test.inPlain)
		}
	}
}

func TestAppendScalar(t *testing.T) {
	for _, test := range []struct {
		typ       column.Type
		value     int64
		separator byte
		want      string
	}{
		{column.Of(column.Time), 0, ' ', "00:00:00"}, {column.Of(column.Time), 11045000, ' ', "03:04:05"}, {column.Of(column.Time), 86399500, ' ', "23:59:59.5"},
		{column.Of(column.Time), 7, ' ', "00:00:00.007"},
		{column.Sized(column.Timestamp, 3), 1704164645678, ' ', "2024-01-02 03:04:05.678"}, {column.Sized(column.Timestamp, 3), 1704164645000, 'T', "2024-01-02T03:04:05"},
		{column.Sized(column.Timestamp, 0), 1704164645000, ' ', "2024-01-02 03:04:05"}, {column.Sized(column.Timestamp, 6), -1, ' ', "1969-12-31 23:59:59.999999"},
		{column.Sized(column.TimestampLTZ, 3), 1704164645600, ' ', "2024-01-02 03:04:05.6Z"}, {column.Of(column.Date), 19724, ' ', "2024-01-02"},
		{column.Of(column.BigInt), -7, ' ', "-7"}, {column.Of(column.IntervalYearMonth), 14, ' ', "14"},
	} {
		v := column.NewVector(test.typ, 1)
		if test.typ.Layout() == column.LayoutInt32 {
			column.Append(v, int32(test.value))
		} else {
			column.Append(v, test.value)
		}
		if got := string(AppendScalar(nil, v, 0, test.separator, false)); got != test.want {
			t.Errorf("%s: %s, want %s", test.typ, got, test.want)
		}
	}
}
