package bind

import (
	"strings"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

func newBinder() *Binder {
	return &Binder{Catalogs: catalog.New("cat", "db"), Env: connector.Env{Settings: setting.New(setting.Engine)}}
}

// bindText binds an expression and returns it with its type, or the error.
func bindText(text string) string {
	n, err := syntax.ParseExpr(text)
	if err != nil {
		return "parse: " + err.Error()
	}
	e, err := newBinder().Expr(n)
	if err != nil {
		return "error: " + err.Error()
	}
	return e.String() + " " + e.Type().String()
}

func TestLiterals(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1 INT NOT NULL", "2147483647": "2147483647 INT NOT NULL", "2147483648": "2147483648 BIGINT NOT NULL",
		"-2147483648": "-2147483648 INT NOT NULL", "-2147483649": "-2147483649 BIGINT NOT NULL", "9223372036854775807": "9223372036854775807 BIGINT NOT NULL",
		"-9223372036854775808": "-9223372036854775808 BIGINT NOT NULL",
		"9223372036854775808":  "error: the number has more than 18 digits: write it as text, CAST('9223372036854775808' AS DECIMAL(38, 0)), or as 1.5E20 to have a DOUBLE",
		"1.5":                  "1.5 DECIMAL(2, 1) NOT NULL", ".5": "0.5 DECIMAL(1, 1) NOT NULL", "0.50": "0.50 DECIMAL(3, 2) NOT NULL", "-1.25": "-1.25 DECIMAL(3, 2) NOT NULL",
		"1.": "1 INT NOT NULL", "1e2": "100.0 DOUBLE NOT NULL", "1E400": "error: the number is out of the range of DOUBLE: the largest is about 1.8E308",
		"'abc'": "'abc' CHAR(3) NOT NULL", "'😀a'": "'😀a' CHAR(3) NOT NULL", "''": "'' CHAR(0) NOT NULL", "X'0aFF'": "X'0aff' BINARY(2) NOT NULL",
		"TRUE": "TRUE BOOLEAN NOT NULL", "UNKNOWN": "NULL:BOOLEAN BOOLEAN",
		"DATE '2024-02-29'": "DATE '2024-02-29' DATE NOT NULL", "DATE '2023-02-29'": "error: '2023-02-29' is not a DATE: write yyyy-MM-dd",
		"DATE '1969-12-31'": "DATE '1969-12-31' DATE NOT NULL",
		"TIME '10:11:12'":   "TIME '10:11:12' TIME(0) NOT NULL", "TIME '10:11:12.345'": "TIME '10:11:12.345' TIME(3) NOT NULL",
		"TIME '25:00:00'":                       "error: '25:00:00' is not a TIME: write HH:mm:ss, and up to nine digits behind a dot",
		"TIMESTAMP '2024-01-02 03:04:05'":       "TIMESTAMP '2024-01-02 03:04:05' TIMESTAMP(0) NOT NULL",
		"TIMESTAMP '1969-12-31 23:59:59.5'":     "TIMESTAMP '1969-12-31 23:59:59.5' TIMESTAMP(1) NOT NULL",
		"TIMESTAMP '2024-01-02 03:04:05.123456": "parse",
		"TIMESTAMP '2024-01-02T03:04:05'":       "error: '2024-01-02T03:04:05' is not a TIMESTAMP: write yyyy-MM-dd HH:mm:ss, and up to nine digits behind a dot",
	} {
		got := bindText(text)
		if want == "parse" && strings.HasPrefix(got, "parse: ") {
			continue
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestIntervals(t *testing.T) {
	for text, want := range map[string]int64{
		"INTERVAL '1' YEAR": 12, "INTERVAL '1-2' YEAR TO MONTH": 14, "INTERVAL '-1-2' YEAR TO MONTH": -14, "INTERVAL '14' MONTH": 14, "INTERVAL '2' QUARTER": 6,
		"INTERVAL '10' SECOND": 10_000, "INTERVAL '1.5' SECOND": 1500, "INTERVAL -'5' HOUR": -18_000_000, "INTERVAL '2' WEEK": 14 * 86_400_000,
		"INTERVAL '1 02:03:04.567' DAY TO SECOND": 93_784_567, "INTERVAL '1:30' MINUTE TO SECOND": 90_000, "INTERVAL '2 10' DAY TO HOUR": 58 * 3_600_000,
	} {
		n, err := syntax.ParseExpr(text)
		if err != nil {
			t.Fatal(text, err)
		}
		i := n.(*syntax.Interval)
		got, ok := intervalValue(i.Text, &i.Units)
		if i.Negative {
			got = -got
		}
		if !ok || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"INTERVAL '1x' DAY", "INTERVAL '' DAY", "INTERVAL '1' DAY TO HOUR", "INTERVAL '1 25' DAY TO HOUR", "INTERVAL '1-12' YEAR TO MONTH", "INTERVAL '1:60' MINUTE TO SECOND"} {
		if got := bindText(text); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "is not an interval of") {
			t.Errorf("%s gives %s", text, got)
		}
	}
}

func TestTypes(t *testing.T) {
	for text, want := range map[string]string{
		"CHAR": "CHAR(1)", "VARCHAR": "STRING", "VARCHAR(7)": "VARCHAR(7)", "BINARY": "BINARY(1)", "VARBINARY": "BYTES", "DECIMAL": "DECIMAL(10, 0)",
		"DECIMAL(39, 2)": "DECIMAL(38, 2)", "TIMESTAMP": "TIMESTAMP(6)", "TIMESTAMP(10)": "TIMESTAMP(9)", "TIME(9)": "TIME(3)", "TIME": "TIME(0)",
		"TIMESTAMP(3) WITH LOCAL TIME ZONE": "TIMESTAMP_LTZ(3)", "INT NOT NULL ARRAY": "ARRAY<INT NOT NULL>", "ARRAY<INT NOT NULL> NOT NULL": "ARRAY<INT NOT NULL> NOT NULL",
		"MAP<STRING, INT>": "MAP<STRING, INT>", "INT MULTISET": "MULTISET<INT>", "ROW<a INT 'x', b ROW(c STRING)>": "ROW<`a` INT 'x', `b` ROW<`c` STRING>>",
		"DECIMAL(0)": "error: the precision of DECIMAL must be between 1 and 38", "CHAR(0)": "CHAR(0)",
		"ROW<a INT, a INT>": "error: the field 'a' is there twice", "INTT": "error: there is no type 'INTT': did you mean 'INT'?",
		"UUID": "error: there is no type 'UUID': use STRING", "BITMAP": "BITMAP",
	} {
		n, err := syntax.ParseType(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := typeOf(n)
		if err != nil {
			if "error: "+err.Error() != want {
				t.Errorf("%s: %v, want %s", text, err, want)
			}
			continue
		}
		if got.String() != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// TestLongChains binds what is long in the text and must not be deep on the stack.
func TestLongChains(t *testing.T) {
	const n = 5000
	for _, text := range []string{
		"1" + strings.Repeat(" + 1", n), "TRUE" + strings.Repeat(" AND TRUE", n), "1 IN (1" + strings.Repeat(", 2", n) + ")",
	} {
		if got := bindText(text); strings.HasPrefix(got, "error") || strings.HasPrefix(got, "parse") {
			t.Errorf("%.20s…: %.100s", text, got)
		}
	}
}
