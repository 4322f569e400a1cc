// Package selects holds reading by queries that a real store answers against reading of the objects themselves. It has tests only.
package selects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/filesystem"
	_ "github.com/millstream/millstream/connector/format/csv"
	_ "github.com/millstream/millstream/connector/format/json"
	_ "github.com/millstream/millstream/connector/format/parquet"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/test/peers"
)

// counted counts the queries that a store answered to their ends, or failed to, and the bytes of the answers.
type counted struct {
	objstore.Store
	whole, failed, bytes atomic.Int64
}

type countedStream struct {
	objstore.SelectStream
	store *counted
}

func (c *counted) Select(ctx context.Context, key string, q objstore.Selection) (objstore.SelectStream, error) {
	s, err := objstore.Select(ctx, c.Store, key, q)
	if err != nil {
		return nil, err
	}
	return &countedStream{s, c}, nil
}

func (s *countedStream) Read(p []byte) (int, error) {
	n, err := s.SelectStream.Read(p)
	s.store.bytes.Add(int64(n))
	switch {
	case errors.Is(err, io.EOF):
		s.store.whole.Add(1)
	case err != nil && !errors.Is(err, context.Canceled):
		s.store.failed.Add(1)
	}
	return n, err
}

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
	os.Exit(m.Run())
}

// stores start a store each.
var stores = map[string]func(t *testing.T) s3.Config{
	"MinIO": func(t *testing.T) s3.Config {
		p := peers.MinIO(t)
		return s3.Config{Endpoint: p.Endpoint, AccessKey: p.AccessKey, SecretKey: p.SecretKey, Region: p.Region}
	},
	"embedded": func(t *testing.T) s3.Config {
		in, err := server.Start(t.Context(), server.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := in.Close(); err != nil {
				t.Error(err)
			}
		})
		return s3.Config{Endpoint: in.Access.Endpoint, AccessKey: in.Access.AccessKey, SecretKey: in.Access.SecretKey, Region: in.Access.Region}
	},
}

// onEach runs a test on a bucket of each store.
func onEach(t *testing.T, test func(t *testing.T, store *counted)) {
	for name, start := range stores {
		t.Run(name, func(t *testing.T) {
			cfg := start(t)
			cfg.RetryDelay = time.Millisecond
			c, err := s3.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			if err := c.MakeBucket(t.Context(), "select"); err != nil {
				t.Fatal(err)
			}
			test(t, &counted{Store: c.Bucket("select")})
		})
	}
}

var fields = []column.Field{
	{Name: "id", Type: column.Of(column.BigInt)}, {Name: "name", Type: column.Str()}, {Name: "n", Type: column.Of(column.Int)},
	{Name: "d", Type: column.Of(column.Double)}, {Name: "dec", Type: column.DecimalOf(20, 5)}, {Name: "day", Type: column.Of(column.Date)}, {Name: "last", Type: column.Str()},
}

func columnOf(i int) expr.Expr {
	return &expr.Column{Index: i, Name: fields[i].Name, T: fields[i].Type}
}

// source makes a source of an object of CSV.
func source(t rapid.TB, store objstore.Store, options map[string]string, filter []expr.Expr, project ...int) connector.Source {
	return sourceOf(t, store, options, fields, filter, project...)
}

// sourceOf makes a source of an object that has columns.
func sourceOf(t rapid.TB, store objstore.Store, options map[string]string, columns []column.Field, filter []expr.Expr, project ...int) connector.Source {
	spec, ok := connector.Lookup("s3-select")
	if !ok {
		t.Fatal("there is no connector s3-select")
	}
	s, err := spec.NewSource(connector.SourceRequest{
		Env: connector.Env{Settings: setting.New(setting.Engine), Objects: &objstore.Resolver{Openers: map[string]objstore.Opener{
			"s3": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
				return store, loc.Path, nil
			},
		}}},
		Table:   graph.Table{Name: "t", Connector: "s3-select", Options: options, Columns: columns},
		Project: project, Filter: filter, Limit: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rows reads the rows of a source that pass its filter; every so many batches readers are replaced.
func rows(s connector.Source, filter []expr.Expr, restart int) (list []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	f, err := expr.CompileFilter(expr.And(append([]expr.Expr{expr.Bool(true)}, filter...)))
	if err != nil {
		return nil, err
	}
	splits, err := s.Splits(ctx, 4)
	if err != nil {
		return nil, err
	}
	polls := 0
	for _, split := range splits {
		r, err := s.Open(ctx, split)
		if err != nil {
			return list, err
		}
		for {
			b, status, err := r.Poll()
			if err != nil {
				return list, errors.Join(err, r.Close())
			}
			if b != nil {
				if b.Sel, err = f.Select(b, nil); err != nil {
					return list, err
				}
				for i := range b.Rows() {
					list = append(list, row(b, b.Row(i)))
				}
				if polls++; restart > 0 && polls%restart == 0 {
					at := r.Position()
					if err := r.Close(); err != nil {
						return list, err
					}
					if r, err = s.Open(ctx, at); err != nil {
						return list, err
					}
					continue
				}
			}
			if status == connector.Done {
				break
			}
			if status == connector.Wait {
				select {
				case <-r.Ready():
				case <-ctx.Done():
					return list, errors.Join(errors.New("the reader is never ready"), r.Close())
				}
			}
		}
		if err := r.Close(); err != nil {
			return list, err
		}
	}
	return list, nil
}

func row(b *column.Batch, i int) string {
	var text []byte
	for _, v := range b.Cols {
		if text = append(text, '|'); v.IsNull(i) {
			text = append(text, "NULL"...)
		} else {
			text = strconv.AppendQuote(text, string(column.AppendText(nil, v, i, time.UTC)))
		}
	}
	return string(text)
}

var texts = []string{"a", "", "n/a", "it's", `say "so"`, "ä,ö", "日本", "😀", "#no comment", " blank ", "12", "1e3", "TRUE", "%", "a_b", "a;b", "\ttab", strings.Repeat("long ", 40)}

// condition draws a condition over the columns.
func condition(t *rapid.T, depth int) expr.Expr {
	call := func(name string, args ...expr.Expr) expr.Expr {
		e, err := expr.NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	compare := rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="})
	number := rapid.Int64Range(-3, 40)
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if depth == 0 {
		kind %= 7
	}
	switch kind {
	case 0, 1:
		return call(rapid.SampledFrom([]string{"=", "<>"}).Draw(t, "op"), columnOf(rapid.SampledFrom([]int{1, 6}).Draw(t, "column")), expr.Text(rapid.SampledFrom(texts).Draw(t, "text")))
	case 2, 3:
		return call(compare.Draw(t, "op"), columnOf(rapid.SampledFrom([]int{0, 2}).Draw(t, "column")), expr.Long(number.Draw(t, "number")))
	case 4:
		args := []expr.Expr{columnOf(1)}
		for range rapid.IntRange(1, 12).Draw(t, "values") {
			args = append(args, expr.Text(rapid.SampledFrom(texts).Draw(t, "text")))
		}
		return call("IN", args...)
	case 5:
		return call(compare.Draw(t, "op"), columnOf(3), expr.Double(1.5))
	case 6:
		return call(rapid.SampledFrom([]string{"IS NULL", "IS NOT NULL"}).Draw(t, "op"), columnOf(rapid.IntRange(0, 6).Draw(t, "column")))
	case 7:
		return call("AND", condition(t, depth-1), condition(t, depth-1))
	}
	return call("OR", condition(t, depth-1), condition(t, depth-1))
}

// object draws an object of CSV, and says whether a record of it is malformed.
func object(t *rapid.T, end, delimiter string, header bool) (text string, wrong bool) {
	var b strings.Builder
	if header {
		b.WriteString(strings.Join([]string{"id", "name", "n", "d", "dec", "day", "last"}, delimiter) + end)
	}
	field := func(s string) string {
		if strings.ContainsAny(s, `",`+delimiter) || rapid.Bool().Draw(t, "quoted") {
			return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
		return s
	}
	n := rapid.IntRange(0, 60).Draw(t, "records")
	malformed := rapid.IntRange(-300, 60).Draw(t, "malformed")
	for i := range n {
		record := []string{
			rapid.SampledFrom([]string{strconv.Itoa(i), "n/a", "-" + strconv.Itoa(i), "9223372036854775807", "007"}).Draw(t, "id"),
			field(rapid.SampledFrom(texts).Draw(t, "name")),
			rapid.SampledFrom([]string{strconv.Itoa(i % 7), "n/a", "-2147483648", " 5 "}).Draw(t, "n"),
			rapid.SampledFrom([]string{"1.5", "1e3", "-2.5E-3", "n/a", "0.1", "1.50"}).Draw(t, "d"),
			rapid.SampledFrom([]string{"123456789012345.67890", "0.1", "n/a", "1E+2"}).Draw(t, "dec"),
			rapid.SampledFrom([]string{"2024-02-29", "n/a"}).Draw(t, "day"),
			field(rapid.SampledFrom(texts).Draw(t, "last")),
		}
		if i == malformed {
			record[rapid.SampledFrom([]int{0, 2}).Draw(t, "column")] = "no number"
		}
		b.WriteString(strings.Join(record, delimiter))
		if i < n-1 || rapid.Bool().Draw(t, "ended") {
			b.WriteString(end)
		}
	}
	return b.String(), malformed >= 0 && malformed < n
}

// TestSelectReadsAlike draws objects and conditions: the rows are those that reading the object itself gives.
func TestSelectReadsAlike(t *testing.T) { onEach(t, readsAlike) }

func readsAlike(t *testing.T, store *counted) {
	rapid.Check(t, func(t *rapid.T) {
		options := map[string]string{"path": "s3://select/k.csv", "format": "csv", "csv.null-literal": "n/a", "scan.select": "always"}
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end")
		delimiter := rapid.SampledFrom([]string{",", ";", "|", "\t"}).Draw(t, "delimiter")
		header := rapid.Bool().Draw(t, "header")
		if delimiter != "," {
			options["csv.field-delimiter"] = delimiter
		}
		if header {
			options["csv.ignore-first-line"] = "true"
		}
		text, wrong := object(t, end, delimiter, header)
		if _, err := store.Put(context.Background(), "k.csv", []byte(text), objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
		var filter []expr.Expr
		for range rapid.IntRange(0, 3).Draw(t, "conditions") {
			filter = append(filter, condition(t, 2))
		}
		all := []int{0, 1, 2, 3, 4, 5, 6}
		got, err := rows(source(t, store, options, filter, all...), filter, rapid.IntRange(0, 2).Draw(t, "restart"))
		options["scan.select"] = "never"
		want, wantErr := rows(source(t, store, options, filter, all...), filter, 0)
		if failed := store.failed.Swap(0); failed > 0 && !wrong {
			t.Fatalf("%d queries failed", failed)
		}
		if wantErr != nil {
			if !wrong {
				t.Fatalf("by ranges: %v", wantErr)
			}
			return // the store may have left the malformed record out
		}
		if err != nil {
			t.Fatalf("by query: %v", err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("by query\n%s\nby ranges\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
	if store.whole.Load() == 0 {
		t.Error("no query was answered")
	}
}

// TestLargeObject checks that an object of several ranges is read by as many queries, whose answers are small, and goes on at positions within them.
func TestLargeObject(t *testing.T) { onEach(t, largeObject) }

func largeObject(t *testing.T, store *counted) {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := 0; b.Len() < 20<<20; i++ {
		fmt.Fprintf(&b, "%d,%s,%d,%g,%d.5,2024-01-01,x%d\n", i, texts[r.IntN(4)], r.IntN(100), r.Float64(), i, r.IntN(10))
	}
	if _, err := store.Put(t.Context(), "large.csv", []byte(b.String()), objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	e, err := expr.NewCall("=", columnOf(2), expr.Long(42))
	if err != nil {
		t.Fatal(err)
	}
	filter := []expr.Expr{e}
	options := map[string]string{"path": "s3://select/large.csv", "format": "csv", "csv.null-literal": "n/a", "scan.select": "always"}
	got, err := rows(source(t, store, options, filter, 0, 1, 2), filter, 0)
	if err != nil {
		t.Fatal(err)
	}
	queries, sent := store.whole.Load(), store.bytes.Load()
	again, err := rows(source(t, store, options, filter, 0, 1, 2), filter, 1)
	if err != nil {
		t.Fatal(err)
	}
	options["scan.select"] = "never"
	want, err := rows(source(t, store, options, filter, 0, 1, 2), filter, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 || !slices.Equal(got, want) || !slices.Equal(again, want) {
		t.Errorf("%d rows by queries, %d with restarts, %d by ranges", len(got), len(again), len(want))
	}
	if queries < 2 || sent > int64(b.Len())/50 {
		t.Errorf("%d queries, which sent %d of %d bytes", queries, sent, b.Len())
	}
}
