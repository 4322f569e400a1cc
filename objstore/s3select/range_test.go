package s3select

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Ranges that cover an object give each of its records once, wherever they are cut.
func TestScanRanges(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for round := range 60 {
		var data strings.Builder
		delimiter := []string{"\n", "\r\n", ";;", "|"}[round%4]
		for i := range 1 + random.IntN(40) {
			fmt.Fprintf(&data, "%d,%s%s", i, strings.Repeat("x", random.IntN(12)), delimiter)
		}
		whole := data.String()
		if random.IntN(2) == 0 {
			whole = strings.TrimSuffix(whole, delimiter)
		}
		for _, q := range []request{
			{csv: &types.CSVInput{RecordDelimiter: &delimiter}},
			{csv: &types.CSVInput{RecordDelimiter: &delimiter, FileHeaderInfo: "IGNORE"}},
			{csv: &types.CSVInput{RecordDelimiter: &delimiter, AllowQuotedRecordDelimiter: ptr(true)}},
			{json: "LINES"},
		} {
			q.sql, q.data = "SELECT * FROM S3Object", whole
			if q.json != "" {
				q.data = strings.ReplaceAll(strings.ReplaceAll(whole, ",", ""), "x", "")
				if delimiter != "\n" {
					continue
				}
			}
			want, err := q.run(t)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for from := int64(0); from < int64(len(q.data)); {
				to := from + int64(random.IntN(25))
				q.scan = &types.ScanRange{Start: ptr(from), End: ptr(to)}
				one, err := q.run(t)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString(one)
				from = to + 1
			}
			if got.String() != want {
				t.Fatalf("round %d, %q: ranges give\n%q\nand the whole\n%q", round, q.data, got.String(), want)
			}
		}
	}
	q := request{sql: "SELECT * FROM S3Object", data: "a\nb\nc\n", scan: &types.ScanRange{End: ptr(int64(3))}}
	if got, err := q.run(t); err != nil || got != "c\n" {
		t.Errorf("the last three bytes: got %q, %v", got, err)
	}
}

// Large objects are computed in blocks, by several workers, and come in order.
func TestBlocks(t *testing.T) {
	var data, want bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	sum := 0
	for i := range 120_000 {
		n := random.IntN(1000)
		fmt.Fprintf(&data, "%d,%d,\"%s\"\n", i, n, strings.Repeat("y", random.IntN(40)))
		if n < 10 {
			fmt.Fprintf(&want, "%d\n", i)
			sum += i
		}
	}
	var zipped bytes.Buffer
	half := data.Len() / 2
	for _, member := range [][]byte{data.Bytes()[:half], data.Bytes()[half:]} { // one after the other
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(member); err != nil {
			t.Fatal(err)
		}
		z.Close()
	}
	for name, q := range map[string]request{
		"plain":  {data: data.String()},
		"quoted": {data: data.String(), csv: &types.CSVInput{AllowQuotedRecordDelimiter: ptr(true)}},
		"gzip":   {data: zipped.String(), in: "GZIP"},
	} {
		q.sql = "SELECT s._1 FROM S3Object s WHERE s._2 < 10"
		if got, err := q.run(t); err != nil || got != want.String() {
			t.Errorf("%s: got %d bytes, %v; want %d", name, len(got), err, want.Len())
		}
		q.sql = "SELECT SUM(s._1), COUNT(*) FROM S3Object s WHERE s._2 < 10"
		if got, err := q.run(t); err != nil || got != fmt.Sprintf("%d,%d\n", sum, strings.Count(want.String(), "\n")) {
			t.Errorf("%s: got the aggregates %q, %v", name, got, err)
		}
		q.sql = "SELECT s._1 FROM S3Object s LIMIT 100"
		if got, err := q.run(t); err != nil || strings.Count(got, "\n") != 100 || !strings.HasSuffix(got, "\n99\n") {
			t.Errorf("%s: LIMIT gives %d records, %v", name, strings.Count(got, "\n"), err)
		}
	}
	cut := request{sql: "SELECT COUNT(*) FROM S3Object", data: zipped.String()[:zipped.Len()-100], in: "GZIP"}
	if got, err := cut.run(t); err == nil || !strings.Contains(err.Error(), "TruncatedInput") {
		t.Errorf("an object that is cut off: got %q, %v", got, err)
	}
}
