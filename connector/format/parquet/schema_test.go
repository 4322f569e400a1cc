package parquet

import (
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

// evolved is a file as another version of a table's writer leaves it.
type evolved struct {
	N  int32   `parquet:"n"`
	L  int64   `parquet:"l"`
	U  uint32  `parquet:"u"`
	F  float32 `parquet:"f"`
	D  int32   `parquet:"d,date"`
	M  int64   `parquet:"m,decimal(2:18)"`
	W  int32   `parquet:"w,decimal(0:9)"`
	TS int64   `parquet:"ts,timestamp(microsecond)"`
	S  string  `parquet:"s"`
	O  *int32  `parquet:"o,optional"`
}

// Columns are found by name, and are of types that hold all that the file's do; anything else is an error that names the column.
func TestEvolvedSchema(t *testing.T) {
	var rows []evolved
	for i := range int32(3) {
		rows = append(rows, evolved{N: i - 1, L: int64(i) << 40, U: 4294967290 + uint32(i), F: float32(i) / 2, D: i - 1, M: int64(i) * 150, W: i, TS: int64(i) * 1e6, S: "x"})
		if i != 1 {
			rows[i].O = &i
		}
	}
	f := open(t, writeRows(t, rows))
	ts9 := column.Sized(column.Timestamp, 9)
	for _, test := range []struct {
		name string
		typ  column.Type
		want []string // or what the error says
	}{
		{"n", column.Of(column.BigInt), []string{"-1", "0", "1"}},
		{"n", column.Of(column.SmallInt), []string{"-1", "0", "1"}},
		{"n", column.Of(column.Double), []string{"-1.0", "0.0", "1.0"}},
		{"n", column.DecimalOf(12, 2), []string{"-1.00", "0.00", "1.00"}},
		{"l", column.DecimalOf(20, 0), []string{"0", "1099511627776", "2199023255552"}},
		{"u", column.Of(column.BigInt), []string{"4294967290", "4294967291", "4294967292"}},
		{"u", column.Of(column.Double), []string{"4.29496729E9", "4.294967291E9", "4.294967292E9"}},
		{"f", column.Of(column.Double), []string{"0.0", "0.5", "1.0"}},
		{"d", column.Of(column.Date), []string{"1969-12-31", "1970-01-01", "1970-01-02"}},
		{"d", ts3, []string{"1969-12-31 00:00:00.000", "1970-01-01 00:00:00.000", "1970-01-02 00:00:00.000"}},
		{"d", ts9, []string{"1969-12-31 00:00:00.000000000", "1970-01-01 00:00:00.000000000", "1970-01-02 00:00:00.000000000"}},
		{"m", column.DecimalOf(20, 3), []string{"0.000", "1.500", "3.000"}},
		{"w", column.Of(column.Int), []string{"0", "1", "2"}},
		{"ts", ts9, []string{"1970-01-01 00:00:00.000000000", "1970-01-01 00:00:01.000000000", "1970-01-01 00:00:02.000000000"}},
		{"none", column.Str(), []string{"∅", "∅", "∅"}},
		{"none", column.Str().Required(), []string{"column 'none' is NOT NULL, and the file does not have it"}},
		{"o", column.Of(column.BigInt), []string{"0", "∅", "2"}},
		{"o", column.Of(column.BigInt).Required(), []string{"column 'o' is NOT NULL, and the file has NULL in it"}},
		{"l", column.Of(column.Int), []string{"column 'l' is INT(64,true) in the file and cannot be read as INT"}},
		{"l", column.Of(column.Double), []string{"column 'l' is INT(64,true) in the file and cannot be read as DOUBLE"}},
		{"n", column.Of(column.Float), []string{"column 'n' is INT(32,true) in the file and cannot be read as FLOAT"}},
		{"n", column.Of(column.Date), []string{"column 'n' is INT(32,true) in the file and cannot be read as DATE"}},
		{"n", ts3, []string{"column 'n' is INT(32,true) in the file and cannot be read as TIMESTAMP(3)"}},
		{"d", column.Of(column.Int), []string{"column 'd' is DATE in the file and cannot be read as INT"}},
		{"d", tz3, []string{"column 'd' is DATE in the file and cannot be read as TIMESTAMP_LTZ(3)"}},
		{"m", column.Of(column.BigInt), []string{"column 'm' is DECIMAL(18,2) in the file and cannot be read as BIGINT"}},
		{"m", column.DecimalOf(18, 1), []string{"column 'm' is DECIMAL(18, 2) in the file, which does not fit into DECIMAL(18, 1)"}},
		{"ts", column.Of(column.BigInt), []string{"column 'ts' is TIMESTAMP(isAdjustedToUTC=true,unit=MICROS) in the file and cannot be read as BIGINT"}},
		{"s", column.DecimalOf(5, 0), []string{"column 's' is STRING in the file and cannot be read as DECIMAL(5, 0)"}},
		{"l", column.DecimalOf(5, 0), []string{"column 'l': a value that is out of the column's range"}},
	} {
		got, err := readRows(f, config(t, []column.Field{formattest.Field(test.name, test.typ)}, nil))
		switch {
		case len(test.want) == 1:
			if err == nil || !strings.Contains(err.Error(), test.want[0]) {
				t.Errorf("%s as %s: %q, %v, not %s", test.name, test.typ, got, err, test.want[0])
			}
		case err != nil || !slices.Equal(got, test.want):
			t.Errorf("%s as %s: %q, %v, not %q", test.name, test.typ, got, err, test.want)
		}
	}
}
