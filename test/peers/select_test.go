package peers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/millstream/millstream/objstore/server"
)

// embedded runs the embedded store until the end of the test.
func embedded(t testing.TB) *S3 {
	t.Helper()
	instance, err := server.Start(t.Context(), server.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { instance.Close() })
	return &S3{Endpoint: instance.Endpoint, AccessKey: instance.AccessKey, SecretKey: instance.SecretKey, Region: instance.Region}
}

// withObjects returns a client of a store that has objects in the bucket data.
func withObjects(t *testing.T, store *S3, objects map[string]string) *minio.Client {
	t.Helper()
	if err := store.MakeBuckets(t.Context(), "data"); err != nil {
		t.Fatal(err)
	}
	client, err := store.Client()
	if err != nil {
		t.Fatal(err)
	}
	for key, data := range objects {
		if _, err := client.PutObject(t.Context(), "data", key, strings.NewReader(data), int64(len(data)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return client
}

// selected returns the answer to a query; keys say the format.
func selected(client *minio.Client, key, sql string, toJSON bool) (string, error) {
	opts := minio.SelectObjectOptions{Expression: sql, ExpressionType: minio.QueryExpressionTypeSQL}
	opts.InputSerialization.CompressionType = minio.SelectCompressionNONE
	switch {
	case strings.HasSuffix(key, ".json"):
		opts.InputSerialization.JSON = &minio.JSONInputOptions{Type: minio.JSONLinesType}
	default:
		opts.InputSerialization.CSV = &minio.CSVInputOptions{FileHeaderInfo: minio.CSVFileHeaderInfoUse, RecordDelimiter: "\n", FieldDelimiter: ","}
	}
	if toJSON {
		opts.OutputSerialization.JSON = &minio.JSONOutputOptions{RecordDelimiter: "\n"}
	} else {
		opts.OutputSerialization.CSV = &minio.CSVOutputOptions{RecordDelimiter: "\n", FieldDelimiter: ","}
	}
	results, err := client.SelectObjectContent(context.Background(), "data", key, opts)
	if err != nil {
		return "", err
	}
	defer results.Close()
	data, err := io.ReadAll(results)
	return string(data), err
}

var selectObjects = map[string]string{
	"people.csv": "name,age,city,score,at\nAnn,34,Oslo,1.5,2024-01-02T03:04:05Z\nBob,7,Rome,-2,2023-11-30T00:00:00Z\nCyd,19,\"a, b\",10.25,2024-05-06T07:08:09Z\nDan,51,,0,2020-02-29T12:00:00Z\n",
	"events.json": `{"id":1,"kind":"a","user":{"name":"x","tags":["p","q"]},"n":null}` + "\n" + `{"id":2,"kind":"b","user":{"name":"y","tags":[]},"v":2.5}` + "\n" +
		`{"id":3,"kind":"a","v":-1,"ok":true}` + "\n",
}

// TestSelectAgrees asks the embedded store and MinIO the same, as far as MinIO's dialect goes: it has no CASE, for example, no EXTRACT, and
// refuses a query as a whole where a record has no value to compare.
func TestSelectAgrees(t *testing.T) {
	theirs := withObjects(t, MinIO(t), selectObjects)
	ours := withObjects(t, embedded(t), selectObjects)
	for _, c := range []struct {
		key, sql string
		json     bool
	}{
		{"people.csv", "SELECT * FROM S3Object", false},
		{"people.csv", "SELECT * FROM S3Object s WHERE s.age > 10", true},
		{"people.csv", "SELECT s.name, s.city FROM S3Object s WHERE s.age >= 19 AND s.score < 10.5", false},
		{"people.csv", "SELECT s.name FROM S3Object s WHERE s.city = 'Oslo' OR s.name = 'Dan'", true},
		{"people.csv", "SELECT s._1, s._2 FROM S3Object s WHERE s._2 < 20", false},
		{"people.csv", "SELECT s.name AS who FROM S3Object s LIMIT 2", true},
		{"people.csv", "SELECT name FROM S3Object WHERE age BETWEEN 7 AND 34", false},
		{"people.csv", "SELECT name FROM S3Object WHERE name IN ('Ann', 'Bob')", false},
		{"people.csv", "SELECT name FROM S3Object WHERE name LIKE '_o%' OR city LIKE '%, %'", false},
		{"people.csv", "SELECT COUNT(*) FROM S3Object", false},
		{"people.csv", "SELECT COUNT(*), SUM(CAST(age AS INT)), MIN(CAST(age AS INT)), MAX(CAST(age AS INT)) FROM S3Object s WHERE s.age > 7", false},
		{"people.csv", "SELECT AVG(CAST(score AS FLOAT)) FROM S3Object", false},
		{"people.csv", "SELECT CAST(age AS INT) + 1, CAST(score AS FLOAT) * 2 FROM S3Object", false},
		{"people.csv", "SELECT UPPER(name), LOWER(city), CHAR_LENGTH(name), SUBSTRING(city, 2, 2), TRIM(name) FROM S3Object WHERE age < 50", false},
		{"events.json", "SELECT * FROM S3Object s WHERE s.id > 1", true},
		{"events.json", "SELECT s.id, s.user.name FROM S3Object s WHERE s.kind = 'a'", true},
		{"events.json", "SELECT s.user.tags[1] AS t FROM S3Object s WHERE s.id = 1", true},
		{"events.json", "SELECT s.id FROM S3Object s WHERE s.v IS NOT NULL", true},
		{"events.json", "SELECT s.id FROM S3Object s WHERE s.v IS MISSING", true},
		{"events.json", "SELECT s.id, s.v FROM S3Object s WHERE s.id >= 2", false},
		{"events.json", "SELECT COUNT(s.id), SUM(s.id), MAX(s.id) FROM S3Object s", false},
		{"events.json", "SELECT s.ok FROM S3Object s WHERE s.ok = TRUE", true},
	} {
		want, err := selected(theirs, c.key, c.sql, c.json)
		if err != nil {
			t.Errorf("MinIO: %s: %v", c.sql, err)
			continue
		}
		got, err := selected(ours, c.key, c.sql, c.json)
		if err != nil || got != want {
			t.Errorf("%s\nthe embedded store: %q, %v\nMinIO:              %q", c.sql, got, err, want)
		}
	}
}

// TestSelectByBoto3 lets Python's SDK decode the answer, where Python has it.
func TestSelectByBoto3(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import boto3").CombinedOutput(); err != nil {
		t.Skipf("python3 has no boto3: %v: %s", err, bytes.TrimSpace(out))
	}
	store := embedded(t)
	withObjects(t, store, selectObjects)
	const program = `
import boto3, sys
from botocore.exceptions import ClientError
endpoint, key, secret, region = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret, region_name=region)
def ask(sql, **more):
    return s3.select_object_content(Bucket="data", Key="people.csv", ExpressionType="SQL", Expression=sql,
        InputSerialization={"CSV": {"FileHeaderInfo": "USE"}}, OutputSerialization={"JSON": {}}, **more)
for event in ask("SELECT s.name FROM S3Object s WHERE s.age > 20", RequestProgress={"Enabled": True})["Payload"]:
    if "Records" in event:
        print(event["Records"]["Payload"].decode(), end="")
    elif "Stats" in event:
        print(event["Stats"]["Details"]["BytesReturned"])
    else:
        print(*event)
try:
    ask("SELECT nobody FROM S3Object s")
except ClientError as e:
    print(e.response["Error"]["Code"])
`
	out, err := exec.CommandContext(t.Context(), "python3", "-c", program, store.Endpoint, store.AccessKey, store.SecretKey, store.Region).CombinedOutput()
	want := "{\"name\":\"Ann\"}\n{\"name\":\"Dan\"}\nProgress\n30\nEnd\nMissingHeaders\n"
	if err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}

// BenchmarkSelect asks both stores for one percent of an object's records.
func BenchmarkSelect(b *testing.B) {
	var object strings.Builder
	object.WriteString("id,k,name,amount,at,city,text,d,e,f\n")
	for i := 0; object.Len() < 64<<20; i++ {
		fmt.Fprintf(&object, "%d,%d,name %d,%d.25,2024-07-%02dT10:00:00Z,Oslo,some text that is longer,%d,x,%d\n", i, i*7919%1000, i%50, i%100_000, i%28+1, i%10, i)
	}
	run := func(b *testing.B, store *S3) {
		client, err := store.Client()
		if err != nil {
			b.Fatal(err)
		}
		if err := store.MakeBuckets(b.Context(), "data"); err != nil {
			b.Fatal(err)
		}
		text := object.String()
		if _, err := client.PutObject(b.Context(), "data", "o.csv", strings.NewReader(text), int64(len(text)), minio.PutObjectOptions{}); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			got, err := selected(client, "o.csv", "SELECT s.id, s.name FROM S3Object s WHERE s.k < 10", false)
			if err != nil || strings.Count(got, "\n") < 5000 {
				b.Fatalf("%d bytes: %v", len(got), err)
			}
		}
	}
	b.Run("embedded", func(b *testing.B) { run(b, embedded(b)) })
	b.Run("MinIO", func(b *testing.B) { run(b, MinIO(b)) })
}
