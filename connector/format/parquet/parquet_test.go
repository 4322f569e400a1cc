package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
)

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func config(t fataler, fields []column.Field, options map[string]string) format.Config {
	t.Helper()
	spec, _ := format.Lookup("parquet")
	v, err := setting.Check(spec.Options, options)
	if err != nil {
		t.Fatal(err)
	}
	return format.Config{Options: v, Columns: fields, Zone: time.UTC}
}

func write(t fataler, c format.Config, batches ...*column.Batch) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := newFile(&file, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// open puts a file into a store.
func open(t fataler, data []byte) format.File {
	t.Helper()
	store := mem.New("test")
	info, err := store.Put(context.Background(), "f.parquet", data, objstore.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	return format.File{Store: store, Info: info}
}

// read returns all rows of a file as text, by column, and the bytes fetched.
func read(f format.File, c format.Config) (texts [][]string, fetched int64, err error) {
	ctx := context.Background()
	pieces, err := splitFile(ctx, f, c)
	if err != nil {
		return nil, 0, err
	}
	project := c.Project
	if project == nil {
		for i := range c.Columns {
			project = append(project, i)
		}
	}
	texts = make([][]string, len(project))
	for _, p := range pieces {
		r, err := openFile(ctx, f, p, c)
		if err != nil {
			return nil, 0, err
		}
		var fields []column.Field
		for _, i := range project {
			fields = append(fields, c.Columns[i])
		}
		b := column.NewBatch(fields, 0)
		for {
			b.Reset()
			err := r.Next(ctx, b)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, 0, errors.Join(err, r.Close())
			}
			for i, v := range b.Cols {
				if v.Len != b.Len {
					return nil, 0, fmt.Errorf("column %d has %d of %d rows", i, v.Len, b.Len)
				}
				for row := range b.Len {
					texts[i] = append(texts[i], columntest.Key(v, row))
				}
			}
		}
		fetched += r.BytesRead()
		if err := r.Close(); err != nil {
			return nil, 0, err
		}
	}
	return texts, fetched, nil
}

// writable makes a random type one that Parquet can hold: no NULL keys in maps, no intervals.
func writable(t column.Type) (column.Type, bool) {
	switch t.Kind {
	case column.Null, column.IntervalDayTime, column.IntervalYearMonth, column.Variant, column.Multiset, column.Map:
		return t, false
	case column.Array:
		return writable(*t.Elem)
	case column.Row:
		for _, f := range t.Fields {
			if _, ok := writable(f.Type); !ok {
				return t, false
			}
		}
		return t, len(t.Fields) > 0
	}
	return t, true
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 300).Draw(t, "rows")
		options := map[string]string{"write.int64.timestamp": fmt.Sprint(rapid.Bool().Draw(t, "int64")), "timestamp.time.unit": "nanos",
			"compression": rapid.SampledFrom(slices.Sorted(maps.Keys(codecs))).Draw(t, "codec")}
		b := &column.Batch{Len: n}
		var fields []column.Field
		for i := range rapid.IntRange(1, 4).Draw(t, "columns") {
			typ := columntest.RandomType(t, 2)
			if _, ok := writable(typ); !ok || hasTime(typ) && options["write.int64.timestamp"] == "true" {
				typ = column.Of(column.BigInt)
			}
			b.Cols = append(b.Cols, columntest.RandomVector(t, typ, n))
			fields = append(fields, column.Field{Name: fmt.Sprintf("c%d", 9-i), Type: typ})
		}
		if rapid.Bool().Draw(t, "selected") {
			b.Sel = columntest.RandomSelection(t, n)
		}
		c := config(t, fields, options)
		got, _, err := read(open(t, write(t, c, b, b)), c)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range b.Cols {
			var want []string
			for range 2 {
				for row := range b.Rows() {
					want = append(want, columntest.Key(v, b.Row(row)))
				}
			}
			if !slices.Equal(got[i], want) {
				t.Fatalf("%s: got %q, want %q", fields[i].Type, got[i], want)
			}
		}
	})
}

// hasTime reports whether random values of the type need not fit 64 bits of nanoseconds.
func hasTime(t column.Type) bool {
	switch t.Kind {
	case column.Timestamp, column.TimestampLTZ:
		return true
	case column.Array:
		return hasTime(*t.Elem)
	case column.Row:
		return slices.ContainsFunc(t.Fields, func(f column.Field) bool { return hasTime(f.Type) })
	}
	return false
}

func numbers(n int, name string, of func(i int) int64) (*column.Vector, column.Field) {
	v := column.NewVector(column.Of(column.BigInt), n)
	for i := range n {
		column.Append(v, of(i))
	}
	return v, column.Field{Name: name, Type: v.Type}
}

// Every codec that the option offers is there.
func TestCodecs(t *testing.T) {
	for _, name := range compression.Values {
		if codecs[name] == nil {
			t.Errorf("no codec %s", name)
		}
	}
}

func TestMapsAndMultisets(t *testing.T) {
	m := column.NewVector(column.MapOf(column.Str().Required(), column.Of(column.Int)), 0)
	bag := column.NewVector(column.MultisetOf(column.Str().Required()), 0)
	for i := range 9000 {
		for k := range i % 3 {
			m.Children[0].AppendString(fmt.Sprint("key", k))
			bag.Children[0].AppendString("a rather long element of a multiset")
			column.Append(bag.Children[1], int32(k+1))
			if k == 1 {
				m.Children[1].AppendNull()
			} else {
				column.Append(m.Children[1], int32(i))
			}
		}
		m.AppendList(i % 3)
		bag.AppendList(i % 3)
		if i%7 == 0 {
			m.SetNull(i)
		}
	}
	fields := []column.Field{{Name: "m", Type: m.Type}, {Name: "bag", Type: bag.Type}}
	c := config(t, fields, nil)
	b := &column.Batch{Len: 9000, Cols: []*column.Vector{m, bag}}
	got, _, err := read(open(t, write(t, c, b)), c)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range b.Cols {
		for row := range b.Len {
			if want := columntest.Key(v, row); got[i][row] != want {
				t.Fatalf("%s row %d: got %q, want %q", fields[i].Name, row, got[i][row], want)
			}
		}
	}
}

// Only the chunks of projected columns are fetched, and only of row groups that can hold rows for the filter.
func TestPushDown(t *testing.T) {
	const n = 200_000
	id, idField := numbers(n, "id", func(i int) int64 { return int64(i) })
	noise, noiseField := numbers(n, "noise", func(i int) int64 { return int64(uint64(i) * 0x9e3779b97f4a7c15) })
	c := config(t, []column.Field{idField, noiseField}, map[string]string{"block.size": "400kb"})
	var batches []*column.Batch
	for from := 0; from < n; from += 10_000 {
		b := &column.Batch{Len: n, Cols: []*column.Vector{id, noise}}
		for i := from; i < from+10_000; i++ {
			b.Sel = append(b.Sel, int32(i))
		}
		batches = append(batches, b)
	}
	f := open(t, write(t, c, batches...))
	_, all, err := read(f, c)
	if err != nil {
		t.Fatal(err)
	}
	one := c
	one.Project = []int{0}
	_, some, err := read(f, one)
	if err != nil {
		t.Fatal(err)
	}
	footers := int64(20 * tailBytes) // a file of this size has most of its chunks within the tail of some reads
	if some+all/4 > all && some > footers {
		t.Errorf("one column of two took %d of %d bytes", some, all)
	}
	equals, ok := expr.Lookup("=")
	if !ok {
		t.Fatal("no function =")
	}
	one.Filter = []expr.Expr{&expr.Call{Func: equals, T: column.Of(column.Boolean), Args: []expr.Expr{
		&expr.Column{Index: 0, Name: "id", T: idField.Type}, &expr.Literal{Value: int64(150_123), T: idField.Type},
	}}}
	rows, _, err := read(f, one)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows[0]) == 0 || len(rows[0]) > n/4 || !slices.Contains(rows[0], columntest.Key(id, 150_123)) {
		t.Errorf("the filter left %d rows", len(rows[0]))
	}
	one.Filter[0].(*expr.Call).Args[1] = &expr.Literal{Value: int64(-1), T: idField.Type}
	if pieces, err := splitFile(t.Context(), f, one); err != nil || len(pieces) != 0 {
		t.Errorf("%d row groups may hold -1, error %v", len(pieces), err)
	}
}

func TestOtherSchema(t *testing.T) {
	id, idField := numbers(3, "id", func(i int) int64 { return int64(i) })
	f := open(t, write(t, config(t, []column.Field{idField}, nil), &column.Batch{Len: 3, Cols: []*column.Vector{id}}))
	got, _, err := read(f, config(t, []column.Field{{Name: "more", Type: column.Str()}, {Name: "ID", Type: idField.Type}}, nil))
	if err != nil || !slices.Equal(got[1], []string{columntest.Key(id, 0), columntest.Key(id, 1), columntest.Key(id, 2)}) {
		t.Fatalf("got %q, error %v", got, err)
	}
	v := column.NewVector(column.Str(), 1)
	v.AppendNull()
	if got[0][0] != columntest.Key(v, 0) {
		t.Fatalf("a missing column is %q", got[0])
	}
	_, _, err = read(f, config(t, []column.Field{{Name: "id", Type: column.Str()}}, nil))
	if err == nil || !strings.Contains(err.Error(), "column 'id' is INT(64") || !strings.Contains(err.Error(), "STRING") {
		t.Fatalf("error %v", err)
	}
}

// A file that is cut or damaged anywhere is an error, or still the right rows, and never a panic.
func TestDamage(t *testing.T) {
	id, idField := numbers(5000, "id", func(i int) int64 { return int64(i % 50) })
	text := column.NewVector(column.Str(), 0)
	for i := range 5000 {
		text.AppendString(fmt.Sprint("text number ", i))
	}
	fields := []column.Field{idField, {Name: "s", Type: text.Type}}
	c := config(t, fields, nil)
	data := write(t, c, &column.Batch{Len: 5000, Cols: []*column.Vector{id, text}})
	for n := 0; n < len(data); n += 1 + len(data)/60 {
		if _, _, err := read(open(t, data[:n]), c); err == nil {
			t.Fatalf("the first %d of %d bytes are no error", n, len(data))
		}
	}
	for at := 0; at < len(data); at += 1 + len(data)/400 {
		broken := bytes.Clone(data)
		broken[at] ^= 0x55
		read(open(t, broken), c) //nolint:errcheck // that it returns is what is tested
	}
}
