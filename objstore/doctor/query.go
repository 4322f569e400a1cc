package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/objstore"
)

// queried is a row of the objects that are queried.
type queried struct {
	ID   int64  `parquet:"id" json:"id"`
	Kind string `parquet:"kind" json:"kind"`
}

const queriedRows = 1000

func (q queried) String() string { return fmt.Sprintf("%d,%s", q.ID, q.Kind) }

func queriedRow(i int) queried { return queried{int64(i), fmt.Sprintf("kind %d", i%100)} }

func (e *exam) selectCSV(ctx context.Context) Finding {
	var data strings.Builder
	data.WriteString("id,kind\n")
	for i := range queriedRows {
		fmt.Fprintln(&data, queriedRow(i))
	}
	return e.query(ctx, "rows.csv", data.String(), objstore.SelectInput{Header: objstore.SelectUseHeader})
}

func (e *exam) selectJSON(ctx context.Context) Finding {
	var data strings.Builder
	for i := range queriedRows {
		q := queriedRow(i)
		fmt.Fprintf(&data, "{\"id\":%d,\"kind\":%q}\n", q.ID, q.Kind)
	}
	return e.query(ctx, "rows.json", data.String(), objstore.SelectInput{Format: objstore.SelectJSONLines})
}

func (e *exam) selectParquet(ctx context.Context) Finding {
	var data bytes.Buffer
	w := parquet.NewGenericWriter[queried](&data, parquet.Compression(&parquet.Snappy))
	for i := range queriedRows {
		if _, err := w.Write([]queried{queriedRow(i)}); err != nil {
			return failed("making a file", err)
		}
	}
	if err := w.Close(); err != nil {
		return failed("making a file", err)
	}
	return e.query(ctx, "rows.parquet", data.String(), objstore.SelectInput{Format: objstore.SelectParquet})
}

// unanswered is the finding of a query that fails. What the list says goes before the error's hint, which is about the store as a whole.
func unanswered(err error) Finding { return lacks("the query fails: %s", reason(err)) }

// query lets the store find ten of the rows.
func (e *exam) query(ctx context.Context, name, data string, in objstore.SelectInput) Finding {
	if _, err := e.put(ctx, name, data); err != nil {
		return failed("PUT fails", err)
	}
	rows, err := objstore.Select(ctx, e.store, e.key(name), objstore.Selection{
		Query: "SELECT s.id, s.kind FROM S3Object s WHERE s.kind = 'kind 42'", Input: in, Scan: objstore.All,
	})
	if err != nil {
		return unanswered(err)
	}
	got, err := io.ReadAll(rows)
	rows.Close()
	if err != nil {
		return unanswered(err)
	}
	var want strings.Builder
	n := 0
	for i := 42; i < queriedRows; i += 100 {
		fmt.Fprintln(&want, queriedRow(i))
		n++
	}
	if string(got) != want.String() {
		return lacks("the store gives other rows than the query asks for")
	}
	return works("the store finds %d of %d rows", n, queriedRows)
}
