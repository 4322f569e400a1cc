package filesystem

import (
	"bytes"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// selecting is a store that answers queries: with the fields that are asked for, of all records of the range, as if no condition could be computed there.
// After so many bytes of each answer it fails with err, if that is not nil.
type selecting struct {
	objstore.Store
	after int
	err   error
	asked atomic.Int64
	last  atomic.Pointer[objstore.Selection]
}

var fieldsOf = regexp.MustCompile(`COALESCE\(s\._(\d+), '([^']*)'\)`)

func (s *selecting) Select(ctx context.Context, key string, q objstore.Selection) (objstore.SelectStream, error) {
	s.asked.Add(1)
	s.last.Store(&q)
	if s.err != nil && s.after == 0 {
		return nil, s.err
	}
	in, info, err := s.Get(ctx, key, q.Scan)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if info.ETag != q.ETag {
		return nil, fmt.Errorf("version %s, not %s", info.ETag, q.ETag)
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	if bytes.Count(data, []byte(q.Input.Record)) != bytes.Count(data, []byte("\n")) {
		return nil, fmt.Errorf("the lines do not end in %q", q.Input.Record)
	}
	r := stdcsv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.Comma = -1, true, rune(q.Input.Field[0])
	var out bytes.Buffer
	w := stdcsv.NewWriter(&out)
	w.Comma = rune(q.Output.Field[0])
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		var fields []string
		for _, m := range fieldsOf.FindAllStringSubmatch(q.Query, -1) {
			i, err := strconv.Atoi(m[1])
			if err != nil {
				return nil, err
			}
			if i > len(record) {
				fields = append(fields, m[2])
			} else {
				fields = append(fields, record[i-1])
			}
		}
		if err := w.Write(fields); err != nil {
			return nil, err
		}
	}
	w.Flush()
	a := &selectedBytes{Reader: &out}
	if s.err != nil {
		a.Reader = io.MultiReader(io.LimitReader(&out, int64(s.after)), failing{s.err})
	}
	return a, nil
}

type selectedBytes struct{ io.Reader }

func (selectedBytes) Stats() objstore.SelectStats { return objstore.SelectStats{Scanned: 7} }
func (selectedBytes) Close() error                { return nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var selectFields = []column.Field{
	{Name: "id", Type: column.Of(column.BigInt)}, {Name: "name", Type: column.Str()}, {Name: "small", Type: column.Of(column.Int)}, {Name: "rest", Type: column.Str()},
}

func selectTable(options ...string) graph.Table {
	t := graph.Table{Name: "t", Connector: selectConnector, Options: map[string]string{"path": "mem://t/f", "format": "csv"}, Columns: selectFields}
	for i := 0; i < len(options); i += 2 {
		t.Options[options[i]] = options[i+1]
	}
	return t
}

func col(i int) expr.Expr {
	return &expr.Column{Index: i, Name: selectFields[i].Name, T: selectFields[i].Type}
}

// selectScan reads all columns, where the condition holds.
func selectScan(store objstore.Store, table graph.Table, filter ...expr.Expr) connector.SourceRequest {
	req := scan(memory(store), table, 0, 1, 2, 3)
	req.Filter = filter
	return req
}

// rowsOf reads all rows of a source that pass its filter, as text, and restarts where it is told to.
func rowsOf(t rapid.TB, s *source, restart func() bool) (rows []string, err error) {
	ctx := context.Background()
	filter, err := expr.CompileFilter(expr.And(append([]expr.Expr{expr.Bool(true)}, s.req.Filter...)))
	if err != nil {
		return nil, err
	}
	splits, err := s.Splits(ctx, 2)
	if err != nil {
		return nil, err
	}
	for _, sp := range splits {
		r, err := s.Open(ctx, sp)
		if err != nil {
			return rows, err
		}
		for done := false; !done; {
			b, status, err := r.Poll()
			if err != nil {
				return rows, errors.Join(err, r.Close())
			}
			if b != nil {
				if b.Sel, err = filter.Select(b, nil); err != nil {
					return rows, err
				}
				for i := range b.Rows() {
					var row []byte
					for _, v := range b.Cols {
						if row = append(row, '|'); v.IsNull(b.Row(i)) {
							row = append(row, "NULL"...)
						} else {
							row = strconv.AppendQuote(row, string(column.AppendText(nil, v, b.Row(i), time.UTC)))
						}
					}
					rows = append(rows, string(row))
				}
			}
			done = status == connector.Done
			if status == connector.Wait {
				<-r.Ready()
			}
			if b != nil && restart() {
				at := r.Position()
				if err := r.Close(); err != nil {
					return rows, err
				}
				if r, err = s.Open(ctx, at); err != nil {
					return rows, err
				}
				done = false
			}
		}
		if err := r.Close(); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// TestSelectSource checks that a file is read alike by queries, by ranges, and by queries that fail on the way, whatever is in it and wherever readers are replaced.
func TestSelectSource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		var text strings.Builder
		options := []string{"scan.select", rapid.SampledFrom([]string{"auto", "always"}).Draw(t, "mode")}
		if rapid.Bool().Draw(t, "header") {
			text.WriteString("id,name,small,rest" + end)
			options = append(options, "csv.ignore-first-line", "true")
		}
		if rapid.Bool().Draw(t, "nulls") {
			options = append(options, "csv.null-literal", "n/a")
		}
		odd := rapid.IntRange(0, 300).Draw(t, "odd") // the record with something odd
		what := rapid.SampledFrom([]string{"", "\rx", "a\nb", absent, "a\r\nb"}).Draw(t, "what")
		n := rapid.IntRange(0, 200).Draw(t, "records")
		for i := range n {
			name := rapid.SampledFrom([]string{"a", "", "it's", "ä,ö", `q"q`, "#x", "n/b", strings.Repeat("long", 30)}).Draw(t, "name")
			if i == odd {
				name = what
			}
			fmt.Fprintf(&text, `%d,"%s",%d,%s`, i-5, strings.ReplaceAll(name, `"`, `""`), i%7, rapid.SampledFrom([]string{"r", "", "s t"}).Draw(t, "rest"))
			if i < n-1 || rapid.Bool().Draw(t, "ended") {
				text.WriteString(end)
			}
		}
		inner := mem.New("t")
		if _, err := inner.Put(context.Background(), "f", []byte(text.String()), objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
		store := &selecting{Store: inner}
		if rapid.Bool().Draw(t, "fails") {
			store.after = rapid.IntRange(0, 400).Draw(t, "after")
			store.err = &objstore.Error{Op: "select from", Kind: objstore.Other, Reason: "CastFailed"}
		}
		mustCall := func(name string, args ...expr.Expr) expr.Expr {
			e, err := expr.NewCall(name, args...)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		filter := rapid.SampledFrom([][]expr.Expr{
			nil, {mustCall("=", col(1), expr.Text("it's"))}, {mustCall(">", col(0), expr.Long(20)), mustCall("<>", col(1), expr.Text("a"))},
			{mustCall("OR", mustCall("=", col(1), expr.Text("ä,ö")), mustCall("<=", col(2), expr.Int(2)))},
			{mustCall("LIKE", col(1), expr.Text("%long%"))},
		}).Draw(t, "filter")
		size := rapid.SampledFrom([]int{50, 300, 1 << 20}).Draw(t, "range")
		ways := func(mode string) *source {
			table := selectTable(options...)
			if mode != "" {
				table.Options["scan.select"] = mode
			}
			tuned := small(64, size)
			tuned.headBytes = 1 << 20
			s, err := newSource(selectScan(store, table, filter...), tuned)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		want, wantErr := rowsOf(t, ways("never"), never)
		if store.asked.Load() > 0 {
			t.Fatal("'never' asks the store")
		}
		polls := 0
		every := rapid.IntRange(1, 5).Draw(t, "restart every")
		got, err := rowsOf(t, ways(""), func() bool { polls++; return polls%every == 0 })
		if wantErr != nil || err != nil {
			if wantErr == nil || err == nil {
				t.Fatalf("by queries: %v\nby ranges: %v", err, wantErr)
			}
			return
		}
		if !slices.Equal(got, want) {
			t.Fatalf("by queries\n%q\nby ranges\n%q", got, want)
		}
	})
}
