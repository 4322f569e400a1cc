package s3select

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func ptr[T any](v T) *T { return &v }

// request is a test's input, with CSV in and out unless it says otherwise.
type request struct {
	sql    string
	data   string
	header types.FileHeaderInfo
	csv    *types.CSVInput
	json   types.JSONType
	in     types.CompressionType
	out    *types.OutputSerialization
	scan   *types.ScanRange
}

func (q request) input() *s3.SelectObjectContentInput {
	in := &types.InputSerialization{CompressionType: q.in}
	switch {
	case q.json != "":
		in.JSON = &types.JSONInput{Type: q.json}
	case q.csv != nil:
		in.CSV = q.csv
	default:
		in.CSV = &types.CSVInput{FileHeaderInfo: q.header}
	}
	out := q.out
	if out == nil {
		out = &types.OutputSerialization{CSV: &types.CSVOutput{}}
	}
	return &s3.SelectObjectContentInput{Expression: &q.sql, ExpressionType: types.ExpressionTypeSql, InputSerialization: in,
		OutputSerialization: out, ScanRange: q.scan}
}

var toJSON = &types.OutputSerialization{JSON: &types.JSONOutput{}}

// run returns the records, or the code of the error.
func (q request) run(t testing.TB) (string, error) {
	t.Helper()
	return runInput(t, q.input(), []byte(q.data))
}

func runInput(t testing.TB, in *s3.SelectObjectContentInput, data []byte) (string, error) {
	t.Helper()
	r, err := Prepare(in, Object{bytes.NewReader(data), int64(len(data))})
	if err != nil {
		return "", err
	}
	var answer bytes.Buffer
	if err := r.WriteTo(context.Background(), bufio.NewWriter(&answer)); err != nil {
		t.Fatal(err)
	}
	return decode(t, answer.Bytes())
}

// decode reads an event stream by its description in S3's documentation.
func decode(t testing.TB, b []byte) (string, error) {
	t.Helper()
	var records strings.Builder
	stats := false
	for len(b) > 0 {
		total, head := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		if int(total) > len(b) || crc32.ChecksumIEEE(b[:8]) != binary.BigEndian.Uint32(b[8:]) {
			t.Fatal("the prelude of a message is damaged")
		}
		message := b[:total]
		b = b[total:]
		if crc32.ChecksumIEEE(message[:total-4]) != binary.BigEndian.Uint32(message[total-4:]) {
			t.Fatal("a message is damaged")
		}
		headers := map[string]string{}
		for h := message[12 : 12+head]; len(h) > 0; {
			name := string(h[1 : 1+h[0]])
			h = h[1+h[0]:]
			n := binary.BigEndian.Uint16(h[1:])
			headers[name] = string(h[3 : 3+n])
			h = h[3+n:]
		}
		payload := message[12+head : total-4]
		if headers[":message-type"] == "error" {
			return records.String(), &Error{Code: headers[":error-code"], Message: headers[":error-message"]}
		}
		switch headers[":event-type"] {
		case "Records":
			records.Write(payload)
		case "Stats":
			stats = true
		case "End":
			if !stats || len(b) > 0 {
				t.Fatal("End is not the last message behind Stats")
			}
			return records.String(), nil
		}
	}
	t.Fatal("the stream has no End")
	return "", io.EOF
}

const people = "name,age,city,note\nAnn,34,Oslo,\nBob,7,Rome,\"a, b\"\nCyd,x,Oslo,\"say \"\"hi\"\"\"\nDan,51,,end\n"

func TestCSV(t *testing.T) {
	for _, c := range []struct {
		name string
		request
		want string
	}{
		{"star", request{sql: "SELECT * FROM S3Object", header: "IGNORE"}, "Ann,34,Oslo,\nBob,7,Rome,\"a, b\"\nCyd,x,Oslo,\"say \"\"hi\"\"\"\nDan,51,,end\n"},
		{"star of alias", request{sql: "select s.* from s3object as s limit 1", header: "USE"}, "Ann,34,Oslo,\n"},
		{"header is a record", request{sql: "SELECT s._1 FROM S3Object s LIMIT 2"}, "name\nAnn\n"},
		{"positions", request{sql: "SELECT s._3, s._1 FROM S3Object s WHERE s._2 > 10", header: "USE"}, "Oslo,Ann\n,Dan\n"},
		{"names without case", request{sql: "SELECT NAME, s.City FROM S3Object s WHERE s.AGE <= 34", header: "USE"}, "Ann,Oslo\nBob,Rome\n"},
		{"quoted name", request{sql: `SELECT s."name" FROM S3Object s WHERE "age" = 7`, header: "USE"}, "Bob\n"},
		{"no number is unequal", request{sql: "SELECT name FROM S3Object WHERE age <> 7", header: "USE"}, "Ann\nCyd\nDan\n"},
		{"text", request{sql: "SELECT name FROM S3Object WHERE city = 'Oslo' AND name > 'B'", header: "USE"}, "Cyd\n"},
		{"literal left", request{sql: "SELECT name FROM S3Object WHERE 34 < age", header: "USE"}, "Dan\n"},
		{"float literal", request{sql: "SELECT name FROM S3Object WHERE age > 33.5 AND age < 5e1", header: "USE"}, "Ann\n"},
		{"or", request{sql: "SELECT name FROM S3Object WHERE city = 'Rome' OR age = 51", header: "USE"}, "Bob\nDan\n"},
		{"between", request{sql: "SELECT name FROM S3Object WHERE age BETWEEN 7 AND 34", header: "USE"}, "Ann\nBob\n"},
		{"not between", request{sql: "SELECT name FROM S3Object WHERE name NOT BETWEEN 'B' AND 'D'", header: "USE"}, "Ann\nDan\n"},
		{"in", request{sql: "SELECT name FROM S3Object WHERE city IN ('Rome', '')", header: "USE"}, "Bob\nDan\n"},
		{"like", request{sql: "SELECT name FROM S3Object WHERE city LIKE '_s%o' OR note LIKE '%, %'", header: "USE"}, "Ann\nBob\nCyd\n"},
		{"cast", request{sql: "SELECT CAST(age AS INT) + 1 FROM S3Object WHERE name <> 'Cyd' AND CAST(age AS INT) >= 34", header: "USE"}, "35\n52\n"},
		{"case", request{sql: "SELECT CASE city WHEN 'Oslo' THEN 'N' WHEN '' THEN '?' ELSE city END FROM S3Object", header: "USE"}, "N\nRome\nN\n?\n"},
		{"functions", request{sql: "SELECT UPPER(name), CHAR_LENGTH(note), SUBSTRING(city FROM 2 FOR 2), TRIM(BOTH 'Do' FROM city) || '!' FROM S3Object LIMIT 2",
			header: "USE"}, "ANN,0,sl,Osl!\nBOB,4,om,Rome!\n"},
		{"missing field", request{sql: "SELECT s._9, s._1 FROM S3Object s WHERE s._9 IS MISSING LIMIT 1", header: "USE"}, ",Ann\n"},
		{"json", request{sql: "SELECT s.name, s.age AS years, CAST(s._2 AS INT) * 2, s._9 FROM S3Object s LIMIT 1", header: "USE", out: toJSON},
			`{"name":"Ann","years":"34","_3":68}` + "\n"},
		{"json star", request{sql: "SELECT * FROM S3Object s WHERE age = 7", header: "USE", out: toJSON}, `{"name":"Bob","age":"7","city":"Rome","note":"a, b"}` + "\n"},
		{"json star without header", request{sql: "SELECT * FROM S3Object s LIMIT 1", out: toJSON}, `{"_1":"name","_2":"age","_3":"city","_4":"note"}` + "\n"},
		{"count", request{sql: "SELECT COUNT(*) FROM S3Object", header: "USE"}, "4\n"},
		{"aggregates", request{sql: "SELECT COUNT(*), SUM(age), AVG(age), MIN(age), MAX(name), COUNT(*) * 2 FROM S3Object WHERE name <> 'Cyd'", header: "USE"},
			"3,92,30.666666666666668,7,Dan,6\n"},
		{"aggregates of nothing", request{sql: "SELECT COUNT(*) AS n, SUM(age) AS s, MIN(age) AS m FROM S3Object WHERE name = '-'", header: "USE", out: toJSON},
			`{"n":0,"s":null,"m":null}` + "\n"},
		{"always quoted", request{sql: "SELECT name, age FROM S3Object LIMIT 1", header: "USE", out: &types.OutputSerialization{CSV: &types.CSVOutput{
			QuoteFields: "ALWAYS", FieldDelimiter: ptr("|"), RecordDelimiter: ptr(";")}}}, `"Ann"|"34";`},
		{"limit 0", request{sql: "SELECT * FROM S3Object LIMIT 0"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.data = people
			got, err := c.run(t)
			if err != nil || got != c.want {
				t.Errorf("%s\n got %q, %v\nwant %q", c.sql, got, err, c.want)
			}
		})
	}
}

func TestCSVForms(t *testing.T) {
	for _, c := range []struct {
		name string
		request
		want string
	}{
		{"carriage returns", request{sql: "SELECT s._2 FROM S3Object s", data: "a,b\r\nc,d\r\n\r\n"}, "b\nd\n"},
		{"no last line end", request{sql: "SELECT s._2 FROM S3Object s", data: "a,b\nc,d"}, "b\nd\n"},
		{"byte order mark", request{sql: "SELECT s.a FROM S3Object s", data: "\xef\xbb\xbfa,b\n1,2\n", header: "USE"}, "1\n"},
		{"only a header", request{sql: "SELECT s.a FROM S3Object s", data: "a,b", header: "USE"}, ""},
		{"nothing", request{sql: "SELECT COUNT(*) FROM S3Object s"}, "0\n"},
		{"comments", request{sql: "SELECT s._1 FROM S3Object s", data: "#x\na\n#y\nb\n", csv: &types.CSVInput{Comments: ptr("#")}}, "a\nb\n"},
		{"delimiters", request{sql: "SELECT s._2 FROM S3Object s", data: "a||1;;b||2;;", csv: &types.CSVInput{FieldDelimiter: ptr("||"),
			RecordDelimiter: ptr(";;")}}, "1\n2\n"},
		{"other quotes", request{sql: "SELECT s._2 FROM S3Object s", data: `a,'x,\'y'` + "\n", csv: &types.CSVInput{QuoteCharacter: ptr("'"),
			QuoteEscapeCharacter: ptr(`\`)}}, "\"x,'y\"\n"},
		{"record delimiters in quotes", request{sql: "SELECT s._2 FROM S3Object s WHERE s._1 > 1", data: "1,\"a\nb\"\n2,\"c\n\"\"d\"\n3,e\n",
			csv: &types.CSVInput{AllowQuotedRecordDelimiter: ptr(true)}}, "\"c\n\"\"d\"\ne\n"},
		{"text behind a quote", request{sql: "SELECT s._1, s._2 FROM S3Object s", data: "\"a\"b,c\"d\n"}, "ab,\"c\"\"d\"\n"},
		{"open quote", request{sql: "SELECT s._1 FROM S3Object s", data: "\"a,b\nc,d\n"}, "\"a,b\"\nc\n"},
		{"unicode", request{sql: "SELECT CHAR_LENGTH(s._1), SUBSTRING(s._1, 2, 1) FROM S3Object s", data: "añб\n"}, "3,ñ\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.run(t)
			if err != nil || got != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	const lines = `{"a":1,"b":{"c":[10,20,{"d":"x"}]},"t":"q"}` + "\n" + `{"a":2.5,"A":9,"n":null,"t":"p\"\u00e9"}` + "\n\n" + `{"b":[{"k":1},{"k":2}]}`
	for _, c := range []struct {
		name string
		request
		want string
	}{
		{"star", request{sql: "SELECT * FROM S3Object s WHERE s.a = 2.5", out: toJSON}, `{"a":2.5,"A":9,"n":null,"t":"p\"é"}` + "\n"},
		{"path", request{sql: "SELECT s.b.c[1], s.b.c[2].d, s.b['c'][0] FROM S3Object s WHERE s.b.c IS NOT MISSING"}, "20,x,10\n"},
		{"nested value", request{sql: "SELECT s.b FROM S3Object s LIMIT 1", out: toJSON}, `{"b":{"c":[10,20,{"d":"x"}]}}` + "\n"},
		{"null and missing", request{sql: "SELECT s.n IS NULL AS x, s.n IS MISSING AS y, s.zz IS MISSING AS z, s.n, s.zz FROM S3Object s WHERE s.a > 2", out: toJSON},
			`{"x":true,"y":false,"z":true,"n":null}` + "\n"},
		{"exact name", request{sql: `SELECT s."A" FROM S3Object s WHERE s."A" IS NOT MISSING`}, "9\n"},
		{"array in FROM", request{sql: "SELECT r.k FROM S3Object[*].b[*] r WHERE r.k > 1"}, "2\n"},
		{"scalars in FROM", request{sql: "SELECT c FROM S3Object[*].b.c[*] WHERE c < 15 ", out: toJSON}, `{"c":10}` + "\n"},
		{"text is no number", request{sql: "SELECT s.a FROM S3Object s WHERE s.t > 1 OR s.t = 'q'"}, "1\n"},
		{"aggregates", request{sql: "SELECT COUNT(*), COUNT(s.a), SUM(s.a), MAX(s.t) FROM S3Object s"}, "3,2,3.5,q\n"},
	} {
		for _, kind := range []types.JSONType{"LINES", "DOCUMENT"} {
			t.Run(c.name+" "+string(kind), func(t *testing.T) {
				c.data, c.json = lines, kind
				got, err := c.run(t)
				if err != nil || got != c.want {
					t.Errorf("%s\n got %q, %v\nwant %q", c.sql, got, err, c.want)
				}
			})
		}
	}
	q := request{sql: "SELECT s.v FROM S3Object[*][*] s", json: "DOCUMENT", data: "[\n {\"v\": 1},\n {\"v\":\"]\"} ]\n [{\"v\":3}]"}
	if got, err := q.run(t); err != nil || got != "1\n]\n3\n" {
		t.Errorf("arrays at the top: got %q, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		sql  string
		code string
	}{
		{"", "MissingRequiredParameter"},
		{"UPDATE x", "ParseUnsupportedSelect"},
		{"SELECT *", "ParseSelectMissingFrom"},
		{"SELECT * FROM t", "InvalidDataSource"},
		{"SELECT *, name FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"},
		{"SELECT name FROM S3Object WHERE", "ParseUnexpectedToken"},
		{"SELECT name FROM S3Object WHERE name =", "ParseUnexpectedToken"},
		{"SELECT name FROM S3Object ORDER BY name", "ParseUnsupportedSyntax"},
		{"SELECT name FROM S3Object s, S3Object t", "MultipleDataSourcesUnsupported"},
		{"SELECT DISTINCT name FROM S3Object", "ParseUnsupportedSyntax"},
		{"SELECT name ? FROM S3Object", "LexerInvalidChar"},
		{"SELECT 'x FROM S3Object", "LexerInvalidLiteral"},
		{"SELECT `x` FROM S3Object", "LexerInvalidIONLiteral"},
		{"SELECT SOUNDEX(name) FROM S3Object", "UnsupportedFunction"},
		{"SELECT LOWER(name, 1) FROM S3Object", "ParseInvalidFunctionArguments"},
		{"SELECT CAST(name AS BLOB) FROM S3Object", "ParseExpectedTypeName"},
		{"SELECT EXTRACT(EPOCH FROM name) FROM S3Object", "ParseExpectedDatePart"},
		{"SELECT zip FROM S3Object", "MissingHeaders"},
		{"SELECT s._0 FROM S3Object s", "InvalidColumnIndex"},
		{"SELECT name, COUNT(*) FROM S3Object", "UnsupportedSqlStructure"},
		{"SELECT name FROM S3Object WHERE COUNT(*) > 1", "UnsupportedSqlStructure"},
		{"SELECT SUM(AVG(age)) FROM S3Object", "UnsupportedSqlStructure"},
		{"SELECT name FROM S3Object LIMIT -1", "ParseUnexpectedToken"},
		{"SELECT name FROM S3Object WHERE name LIKE 'a!' ESCAPE '!'", "LikeInvalidInputs"},
		{"SELECT CAST(age AS INT) FROM S3Object", "CastFailed"},
		{"SELECT name FROM S3Object WHERE CAST(age AS FLOAT) > 1", "CastFailed"},
		{"SELECT SUM(age) FROM S3Object", "CastFailed"},
		{"SELECT 1 / 0 FROM S3Object", "EvaluatorInvalidArguments"},
		{"SELECT name FROM S3Object WHERE " + strings.Repeat("(", 5000), "UnsupportedSqlStructure"},
		{"SELECT name FROM S3Object WHERE " + strings.Repeat("NOT ", 5000), "UnsupportedSqlStructure"},
		{"SELECT name FROM S3Object WHERE 1=" + strings.Repeat("1+", 10_000) + "1", "UnsupportedSqlStructure"},
		{"SELECT name FROM S3Object -- " + strings.Repeat("x", 300<<10), "ExpressionTooLong"},
	} {
		got, err := request{sql: c.sql, data: people, header: "USE"}.run(t)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != c.code || refused.Message == "" {
			t.Errorf("%.80s: got %q and the error %v, want %s", c.sql, got, err, c.code)
		}
	}
	for name, c := range map[string]struct {
		request
		code string
	}{
		"encoding":  {request{data: "a\xff\n"}, "InvalidTextEncoding"},
		"record":    {request{data: strings.Repeat("x", maxRecord+10)}, "OverMaxRecordSize"},
		"json":      {request{data: "{\"a\":1}\n{a}", json: "LINES"}, "JSONParsingError"},
		"json rest": {request{data: "{\"a\":1} x\n", json: "LINES"}, "JSONParsingError"},
		"gzip":      {request{data: "no gzip at all", in: "GZIP"}, "InvalidCompressionFormat"},
		"bzip2":     {request{data: "no bzip2 at all", in: "BZIP2"}, "InvalidCompressionFormat"},
		"kind":      {request{in: "LZMA"}, "InvalidCompressionFormat"},
		"range":     {request{scan: &types.ScanRange{Start: ptr(int64(5)), End: ptr(int64(4))}}, "InvalidScanRange"},
		"document":  {request{scan: &types.ScanRange{Start: ptr(int64(5))}, json: "DOCUMENT"}, "UnsupportedScanRangeInput"},
		"header":    {request{header: "MAYBE"}, "InvalidFileHeaderInfo"},
	} {
		c.sql = "SELECT * FROM S3Object"
		got, err := c.run(t)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: got %q and the error %v, want %s", name, got, err, c.code)
		}
	}
}
