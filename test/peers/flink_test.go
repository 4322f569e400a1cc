package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/server"
	"github.com/minio/minio-go/v7"
)

// TestFlink takes half a minute and 3 GB per store, so that it runs on demand. Flink's client of S3 also is
// the pickiest that Millstream's own store meets.
func TestFlink(t *testing.T) {
	if testing.Short() || os.Getenv("MILLSTREAM_FLINK") == "" {
		t.Skip("starts a Flink cluster: set MILLSTREAM_FLINK=1 and leave out -short")
	}
	t.Run("MinIO", func(t *testing.T) { testFlink(t, MinIO(t)) })
	t.Run("embedded store", func(t *testing.T) {
		store, err := server.Start(t.Context(), server.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		testFlink(t, &S3{Endpoint: store.Endpoint, AccessKey: store.AccessKey, SecretKey: store.SecretKey, Region: store.Region})
	})
}

func testFlink(t *testing.T, s3 *S3) {
	cluster := Flink(t, FlinkOptions{S3: s3, Memory: "2g"})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	session, err := cluster.Session(ctx, map[string]string{"execution.runtime-mode": "batch"})
	if err != nil {
		t.Fatal(err)
	}
	one, err := session.Submit(ctx, "SELECT 1 AS a, CAST(2.50 AS DECIMAL(10, 2)) AS amount")
	if err != nil {
		t.Fatal(err)
	}
	wantColumns := []SQLColumn{{"a", "INTEGER NOT NULL"}, {"amount", "DECIMAL(10, 2) NOT NULL"}}
	if !slices.Equal(one.Columns, wantColumns) {
		t.Errorf("columns are %v, want %v", one.Columns, wantColumns)
	}
	if len(one.Rows) != 1 || one.Rows[0].Kind != "INSERT" || one.Rows[0].Fields[0] != json.Number("1") || one.JobID == "" || one.Job <= 0 {
		t.Errorf("got %+v", one)
	}

	if err := s3.MakeBuckets(ctx, "input", "output"); err != nil {
		t.Fatal(err)
	}
	client, err := s3.Client()
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("a\nb\na\n")
	if _, err := client.PutObject(ctx, "input", "words.txt", bytes.NewReader(text), int64(len(text)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	var counted *SQLResult
	for _, statement := range []string{
		"CREATE TABLE words (word STRING) WITH ('connector' = 'filesystem', 'path' = 's3://input/words.txt', 'format' = 'csv')",
		"CREATE TABLE counts (word STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://output/counts', 'format' = 'csv')",
		"INSERT INTO counts SELECT word, COUNT(*) FROM words GROUP BY word",
		"SELECT word, n FROM counts ORDER BY word",
	} {
		if counted, err = session.Submit(ctx, statement); err != nil {
			t.Fatal(err)
		}
		if isInsert := strings.HasPrefix(statement, "INSERT"); isInsert && (counted.JobID == "" || counted.Job <= 0) {
			t.Errorf("the INSERT gave %+v, want a job with a duration", counted)
		}
	}
	var got []any
	for _, row := range counted.Rows {
		got = append(got, row.Fields...)
	}
	if want := []any{"a", json.Number("2"), "b", json.Number("1")}; !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}

	_, err = session.Submit(ctx, "SELECT nothing FROM words")
	if err == nil || !strings.Contains(err.Error(), "Column 'nothing' not found") {
		t.Errorf("a wrong statement gave %v", err)
	}
	_, err = session.Submit(ctx, "SELECT CAST('x' AS INT) FROM words")
	if err == nil || !strings.Contains(err.Error(), "'x'") {
		t.Errorf("a failing job gave %v", err)
	}
	if bytes, err := cluster.PeakMemory(); err != nil || bytes < 500<<20 {
		t.Errorf("peak memory is %d bytes, %v", bytes, err)
	}
	if err := session.Close(ctx); err != nil {
		t.Error(err)
	}
}
