package s3select

import "testing"

func TestTimes(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01T"},
		{"DATE_ADD(month, 1, `2010T`)", "2010-02T"},
		{"DATE_ADD(month, 13, `2010T`)", "2011-02T"},
		{"DATE_ADD(month, 1, `2024-01-31T`)", "2024-02-29T"},
		{"DATE_ADD(month, -25, `2024-01-31T`)", "2021-12-31T"},
		{"DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09T"},
		{"DATE_ADD(hour, 1, `2017T`)", "2017-01-01T01:00Z"},
		{"DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", "2017-01-02T04:04Z"},
		{"DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006Z"},
		{"DATE_ADD(second, 1, `2017-01-02T03:04:05.006+01:30`)", "2017-01-02T03:04:06.006+01:30"},
		{"DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"},
		{"DATE_DIFF(month, `2010T`, `2010-05T`)", "4"},
		{"DATE_DIFF(month, `2011T`, `2010T`)", "-12"},
		{"DATE_DIFF(month, `2010-01-31T`, `2010-02-28T`)", "0"},
		{"DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"},
		{"DATE_DIFF(hour, `2010-01-02T01:00Z`, `2010-01-01T23:00Z`)", "-2"},
		{"EXTRACT(YEAR FROM `2010-01-01T`)", "2010"},
		{"EXTRACT(MINUTE FROM '2010-01-01T03:04:05-07:30')", "4"},
		{"EXTRACT(TIMEZONE_HOUR FROM `2010-01-01T03:04:05-07:30`)", "-7"},
		{"EXTRACT(TIMEZONE_MINUTE FROM `2010-01-01T03:04:05-07:30`)", "-30"},
		{"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "\"July 20, 1969\""},
		{"TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", "\"Jul 20, 1969\""},
		{"TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", "7-20-69"},
		{"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "\"July 20, 1969 8:18 PM\""},
		{"TO_STRING(`1969-07-20T20:18:00Z`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00Z"},
		{"TO_STRING(`1969-07-20T20:18:00+08:00`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00+08"},
		{"TO_STRING(`1969-07-20T20:18:00+08:00`, 'HH:mm:ss.SSS XXXX XXXXX')", "20:18:00.000 +0800 +08:00"},
		{"TO_STRING(`1969-07-20T20:18:00Z`, 'x xx xxx')", "+00 +0000 +00:00"},
		{"TO_TIMESTAMP('2007T')", "2007T"},
		{"TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", "2007-02-23T12:14:33.079-08:00"},
		{"CAST('2007-02-23' AS TIMESTAMP) = `2007-02-23T00:00:00Z`", "true"},
		{"`2010-01-01T01:00+01:00` < `2010-01-01T00:30Z`", "true"},
		{"UTCNOW() > `2020T`", "true"},
		{"TO_TIMESTAMP(NULL) IS NULL", "true"},
	} {
		got, err := request{sql: "SELECT " + c.expr + " FROM S3Object", data: "x\n"}.run(t)
		if err != nil || got != c.want+"\n" {
			t.Errorf("%s = %q, %v; want %q", c.expr, got, err, c.want)
		}
	}
	for _, bad := range []string{"DATE_ADD(year, 9000, `2010T`)", "TO_TIMESTAMP('2010-13T')", "TO_TIMESTAMP('2010-02-30')", "TO_STRING(`2010T`, 'qq')",
		"DATE_ADD(second, 9223372036854775807, `2010T`)", "EXTRACT(YEAR FROM 5)"} {
		if got, err := (request{sql: "SELECT " + bad + " FROM S3Object", data: "x\n"}).run(t); err == nil {
			t.Errorf("%s = %q, want an error", bad, got)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"7 / 2", "3"}, {"7 % 2", "1"}, {"7 / 2.0", "3.5"}, {"-7 % 4", "-3"}, {"2 + 3 * 4 - 1", "13"}, {"(2 + 3) * 4", "20"}, {"- - 3", "3"},
		{"9223372036854775807 + 1", "9223372036854776000"}, {"1e400 = 1", "error"}, {"0.1 + 0.2 > 0.3", "true"}, {"1e-7", "1e-07"},
		{"NULL = NULL", ""}, {"NULL IS NULL", "true"}, {"MISSING IS NULL", "true"}, {"NULL IS MISSING", "false"}, {"NULL AND FALSE", "false"},
		{"NULL OR TRUE", "true"}, {"NOT NULL", ""}, {"NULL AND TRUE", ""}, {"1 IN (NULL, 1)", "true"}, {"2 IN (NULL, 1)", ""},
		{"1 = '1'", "false"}, {"1 <> '1'", "true"}, {"1 < 'x'", ""}, {"TRUE = TRUE", "true"}, {"TRUE > FALSE", "true"},
		{"'a' LIKE 'a'", "true"}, {"'abc' LIKE 'a%c'", "true"}, {"'abc' LIKE '%b'", "false"}, {"'abc' LIKE '___'", "true"}, {"'añc' LIKE 'a_c'", "true"},
		{"'a%c' LIKE 'a!%c' ESCAPE '!'", "true"}, {"'abc' LIKE 'a!%c' ESCAPE '!'", "false"}, {"'' LIKE '%'", "true"}, {"'' LIKE ''", "true"},
		{"'aXbXc' LIKE 'a%X_'", "true"}, {"'abab' LIKE '%ab'", "true"}, {"'ab' LIKE 'ab%ab'", "false"}, {"'x' NOT LIKE 'y%'", "true"},
		{"COALESCE(NULL, MISSING, 3)", "3"}, {"NULLIF(1, 1)", ""}, {"NULLIF(1, 2)", "1"}, {"CASE WHEN NULL THEN 1 END", ""},
		{"CAST(5.9 AS INT)", "5"}, {"CAST('5.9' AS INT)", "5"}, {"CAST(TRUE AS INT)", "1"}, {"CAST('TRUE' AS BOOL)", "true"}, {"CAST(5 AS STRING) || 'x'", "5x"},
		{"CAST('1e3' AS DECIMAL(10, 2))", "1000"}, {"CAST('' AS INT)", "error"}, {"CAST('abc' AS FLOAT)", "error"}, {"CAST(1e300 AS INT)", "error"},
		{"SUBSTRING('123456789', 0, 3)", "12"}, {"SUBSTRING('123456789', 1, 3)", "123"}, {"SUBSTRING('123456789', -1, 4)", "12"},
		{"SUBSTRING('123456789' FROM 5)", "56789"}, {"SUBSTRING('123', 9)", ""}, {"SUBSTRING('123', 1, -1)", "error"},
		{"TRIM('  x ') || '.'", "x."}, {"TRIM(LEADING FROM '  x ') || '.'", "x ."}, {"TRIM(TRAILING 'b' FROM 'abb')", "a"}, {"TRIM('12' FROM '1112211foobar22211122')", "foobar"},
		{"LOWER('ÀB') || UPPER('ñ')", "àbÑ"}, {"LOWER(5)", "error"}, {"'a' + 1", "error"}, {"s._1 + 1", "8"}, {"s._1 = '7'", "true"}, {"s._1 = 7.0", "true"},
		{"s._1 BETWEEN 6 AND '8'", "true"}, {"s._2 = s._1", "false"}, {"s._2 = TRUE", "true"}, {"NOT s._2", "false"}, {"s._1 IN [7]", "true"},
	} {
		got, err := request{sql: "SELECT " + c.expr + " FROM S3Object s", data: "7,true\n"}.run(t)
		if c.want == "error" {
			if err == nil {
				t.Errorf("%s = %q, want an error", c.expr, got)
			}
			continue
		}
		if err != nil || got != c.want+"\n" {
			t.Errorf("%s = %q, %v; want %q", c.expr, got, err, c.want)
		}
	}
}
