package s3select

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/parquet-go/parquet-go"
)

type parquetPart struct {
	K string   `parquet:"k"`
	V []int64  `parquet:"v,list"`
	W *float64 `parquet:"w,optional"`
}

type parquetRecord struct {
	ID     int64             `parquet:"id"`
	Name   string            `parquet:"Name,optional,dict"`
	Price  float32           `parquet:"price"`
	Amount int64             `parquet:"amount,decimal(2:18)"`
	At     time.Time         `parquet:"at,timestamp(microsecond)"`
	Day    int32             `parquet:"day,date"`
	Flag   bool              `parquet:"flag"`
	Part   *parquetPart      `parquet:"part,optional"`
	Parts  []parquetPart     `parquet:"parts,list"`
	Plain  []int32           `parquet:"plain"`
	Attrs  map[string]string `parquet:"attrs"`
}

// parquetFile has row groups of two rows.
func parquetFile(t testing.TB, rows []parquetRecord) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRecord](&b, parquet.Compression(&parquet.Snappy))
	for i := 0; i < len(rows); i += 2 {
		if _, err := w.Write(rows[i:min(i+2, len(rows))]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parquetRows() []parquetRecord {
	at := time.Date(2024, 5, 6, 7, 8, 9, 250_000_000, time.UTC)
	return []parquetRecord{
		{ID: 1, Name: "a", Price: 1.1, Amount: 150, At: at, Day: 19_849, Flag: true, Part: &parquetPart{K: "x", V: []int64{1, 2}, W: ptr(0.5)},
			Parts: []parquetPart{{K: "p", V: []int64{7}}, {K: "q"}}, Plain: []int32{4, 5}, Attrs: map[string]string{"m": "n\""}},
		{ID: 2, Price: 2, Amount: -5, At: at.Add(time.Hour), Parts: []parquetPart{{K: "r", V: []int64{8, 9}}}},
		{ID: 3, Name: "c, d", Price: 3, At: at.Add(48 * time.Hour), Part: &parquetPart{}},
	}
}

func runParquet(t testing.TB, data []byte, sql string, out *types.OutputSerialization, scan *types.ScanRange) (string, error) {
	t.Helper()
	in := request{sql: sql, out: out, scan: scan}.input()
	in.InputSerialization = &types.InputSerialization{Parquet: &types.ParquetInput{}}
	return runInput(t, in, data)
}

func TestParquet(t *testing.T) {
	data := parquetFile(t, parquetRows())
	for _, c := range []struct {
		sql, want string
		out       *types.OutputSerialization
	}{
		{"SELECT id, name, price, amount, at, day, flag FROM S3Object", "1,a,1.1,1.5,2024-05-06T07:08:09.25Z,2024-05-06T,true\n" +
			"2,,2,-0.05,2024-05-06T08:08:09.25Z,1970-01-01T,false\n3,\"c, d\",3,0,2024-05-08T07:08:09.25Z,1970-01-01T,false\n", nil},
		{"SELECT s.id FROM S3Object s WHERE s.name IS NULL OR s.price > 2.5", "2\n3\n", nil},
		{"SELECT s._1 FROM S3Object s WHERE s.at >= `2024-05-06T08:00Z` AND s.day = '1970-01-01'", "", nil},
		{"SELECT s._1 FROM S3Object s WHERE s.at >= `2024-05-06T08:00Z` AND s.day = `1970-01-01`", "2\n3\n", nil},
		{"SELECT part.v[1] AS v, parts, s.plain[0] FROM S3Object s WHERE s.part.k = 'x'",
			`{"v":2,"parts":[{"k":"p","v":[7],"w":null},{"k":"q","v":[],"w":null}],"_3":4}` + "\n", toJSON},
		{"SELECT s.parts[0].v FROM S3Object s", "[7]\n\"[8,9]\"\n\n", nil},
		{"SELECT s.attrs.m, s.part.w FROM S3Object s LIMIT 1", "\"n\"\"\",0.5\n", nil},
		{"SELECT * FROM S3Object s WHERE id = 2", `{"id":2,"Name":null,"price":2,"amount":-0.05,"at":"2024-05-06T08:08:09.25Z","day":"1970-01-01T",` +
			`"flag":false,"part":null,"parts":[{"k":"r","v":[8,9],"w":null}],"plain":[],"attrs":{}}` + "\n", toJSON},
		{"SELECT COUNT(*), SUM(id), MIN(at), MAX(name) FROM S3Object", "3,6,2024-05-06T07:08:09.25Z,\"c, d\"\n", nil},
		{"SELECT id FROM S3Object LIMIT 2", "1\n2\n", nil},
	} {
		got, err := runParquet(t, data, c.sql, c.out, nil)
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.sql, got, err, c.want)
		}
	}
	var ranges string
	for from := int64(0); from < int64(len(data)); from += 100 {
		got, err := runParquet(t, data, "SELECT id FROM S3Object", nil, &types.ScanRange{Start: ptr(from), End: ptr(from + 99)})
		if err != nil {
			t.Fatal(err)
		}
		ranges += got
	}
	if ranges != "1\n2\n3\n" {
		t.Errorf("ranges give %q", ranges)
	}
}

// Damaged files are refused, wherever the damage is.
func TestParquetDamaged(t *testing.T) {
	data := parquetFile(t, parquetRows())
	for sql, code := range map[string]string{"SELECT zip FROM S3Object": "MissingHeaders", "SELECT s._40 FROM S3Object s": "InvalidColumnIndex",
		"SELECT s.id.x FROM S3Object s": "ParseInvalidPathComponent"} {
		var refused *Error
		if _, err := runParquet(t, data, sql, nil, nil); !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("%s: got %v, want %s", sql, err, code)
		}
	}
	if _, err := runParquet(t, []byte("a,b\n"), "SELECT * FROM S3Object", nil, nil); err == nil {
		t.Error("CSV is read as Parquet")
	}
	for i := range data {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x55
		_, err := runParquet(t, damaged, "SELECT * FROM S3Object", nil, nil)
		var refused *Error
		if err != nil && (!errors.As(err, &refused) || refused.Code == "InternalError") {
			t.Fatalf("byte %d is damaged: %v", i, err)
		}
	}
}
