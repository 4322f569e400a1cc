package avro

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// read returns the rows of a file as texts.
func read(data []byte, c format.Config) (rows []string, err error) {
	ctx := context.Background()
	store := mem.New("t")
	info, err := store.Put(ctx, "f", data, objstore.Condition{})
	if err != nil {
		return nil, err
	}
	f := format.File{Store: store, Info: info}
	pieces, err := splitFile(ctx, f, c)
	if err != nil || len(pieces) != 1 {
		return nil, fmt.Errorf("pieces %v, %w", pieces, err)
	}
	rows, n, err := readPiece(f, pieces[0], c)
	if err == nil && n != int64(len(data)) {
		err = fmt.Errorf("%d bytes are counted, of %d", n, len(data))
	}
	return rows, err
}

func readPiece(f format.File, p format.Piece, c format.Config) (rows []string, n int64, err error) {
	ctx := context.Background()
	r, err := openFile(ctx, f, p, c)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	out := column.NewBatch(formattest.Projected(c), 0)
	for {
		out.Reset()
		err := r.Next(ctx, out)
		if err == io.EOF { //nolint:errorlint // it is the end itself
			break
		}
		if err != nil {
			return rows, 0, err
		}
		rows = append(rows, formattest.Rows(out)...)
	}
	return rows, r.BytesRead(), nil
}

const everything = "b BOOLEAN, i TINYINT, s SMALLINT, n INT, l BIGINT, f FLOAT, d DOUBLE, t STRING, c CHAR4, y BYTES, m DEC, m38 DEC38, dt DATE, tm TIME3, " +
	"ts TS, tz LTZ6, xs NESTED, ls LISTS, r DEEP, bag BAG"

// Whatever is written is read back as it was, by whatever columns are wanted.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		options := map[string]string{
			"codec":                    rapid.SampledFrom(codecOption.Values).Draw(t, "codec"),
			"timestamp_mapping.legacy": rapid.SampledFrom([]string{"true", "false"}).Draw(t, "legacy"),
		}
		c := formattest.Config(t, "avro", everything, options)
		var file bytes.Buffer
		w, err := newFile(&file, c)
		if err != nil {
			t.Fatal(err)
		}
		var all []*column.Batch
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(0, 60).Draw(t, "rows"))
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "some columns") {
			c.Project = rapid.SliceOfNDistinct(rapid.IntRange(0, len(c.Columns)-1), 1, 6, rapid.ID).Draw(t, "columns")
		}
		var want []string
		for _, b := range all {
			if c.Project != nil {
				cut := &column.Batch{Len: b.Len, Sel: b.Sel}
				for _, p := range c.Project {
					cut.Cols = append(cut.Cols, b.Cols[p])
				}
				b = cut
			}
			want = append(want, formattest.Rows(b)...)
		}
		got, err := read(file.Bytes(), c)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%v\ngot  %q\nwant %q", err, got, want)
		}
	})
}

// container makes a file of a schema with one block of rows that are encoded already.
func container(schema, codec string, rows int, block []byte) []byte {
	b := append([]byte(magic), 2*2)
	for _, s := range []string{"avro.schema", schema, "avro.codec", codec} {
		b = appendText(b, []byte(s))
	}
	sync := "0123456789abcdef"
	b = append(append(b, 0), sync...)
	b = binary.AppendVarint(b, int64(rows))
	return append(appendText(b, block), sync...)
}

// Files of others have unions in any order, enums, fixed, defaults, named types and what nobody asked for.
func TestForeign(t *testing.T) {
	schema := `{"type":"record","name":"a.R","fields":[
		{"name":"skipped","type":{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]},{"name":"m","type":{"type":"map","values":{"type":"array","items":"long"}}}]}},
		{"name":"n","type":["int","null","long"]},
		{"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},
		{"name":"e2","type":["string","E"]},
		{"name":"m","type":{"type":"fixed","name":"F","size":3,"logicalType":"decimal","precision":6,"scale":1}},
		{"name":"ts","type":{"type":"long","logicalType":"local-timestamp-micros"}},
		{"name":"tm","type":{"type":"long","logicalType":"time-micros"}},
		{"name":"d","type":{"type":"float"}}]}`
	var block []byte
	v := func(x ...int64) {
		for _, x := range x {
			block = binary.AppendVarint(block, x)
		}
	}
	v(1, 0) // skipped.next is an L whose next is null
	v(1)
	block = appendText(block, []byte("key"))
	v(-2, 2, 7, 8, 0, 0) // a map with one list of two, given with its bytes
	v(0)                 // skipped.m
	v(2, 1<<40)          // n
	v(1)                 // e
	v(1, 0)              // e2
	block = append(block, 0xFF, 0xFF, 0x85)
	v(-1)
	v(3_600_000_999)
	block = append(block, 0, 0, 0xC0, 0x3F)
	c := formattest.Config(t, "avro", "d DOUBLE, n BIGINT, absent STRING, e STRING, e2 STRING, m DEC, ts TS, tm TIME3", nil)
	c.Columns[5].Type = column.DecimalOf(10, 2)
	got, err := read(container(schema, "null", 1, block), c)
	if want := "1.5|1099511627776|∅|Y|X|-12.30|1969-12-31 23:59:59.999|01:00:00.0"; err != nil || !slices.Equal(got, []string{want}) {
		t.Errorf("%v: got %q, want %s", err, got, want)
	}
}

// Types that hold all that the file's do are fine.
func TestWidening(t *testing.T) {
	schema := `{"type":"record","name":"R","fields":[{"name":"n","type":"int"},{"name":"l","type":["null","long"]},{"name":"dt","type":{"type":"int","logicalType":"date"}},{"name":"f","type":"float"}]}`
	block := binary.AppendVarint(nil, -7)
	block = binary.AppendVarint(block, 1)
	block = binary.AppendVarint(block, 1<<40)
	block = binary.AppendVarint(block, -1)
	block = append(block, 0, 0, 0xC0, 0x3F)
	for columns, want := range map[string]string{
		"n BIGINT, l BIGINT, dt DATE, f FLOAT": "-7|1099511627776|1969-12-31|1.5",
		"n DOUBLE, l DEC38, dt TS, f DOUBLE":   "-7.0|1099511627776.0000000000|1969-12-31 00:00:00.000|1.5",
		"n DEC, dt TS9":                        "-7.00|1969-12-31 00:00:00.000000000",
	} {
		c := formattest.Config(t, "avro", columns, nil)
		for i, f := range c.Columns {
			if f.Type.Kind == column.Decimal {
				c.Columns[i].Type = column.DecimalOf(int(f.Type.Precision), map[string]int{"n": 2, "l": 10}[f.Name])
			}
		}
		if got, err := read(container(schema, "null", 1, block), c); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, %v, want %s", columns, got, err, want)
		}
	}
	for columns, want := range map[string]string{
		"l DOUBLE": "column 'l': the file has long, which is no DOUBLE", "dt INT": "column 'dt': the file has int (date), which is no INT",
		"n FLOAT": "column 'n': the file has int, which is no FLOAT", "f DEC": "column 'f': the file has float, which is no DECIMAL",
	} {
		if _, err := read(container(schema, "null", 1, block), formattest.Config(t, "avro", columns, nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", columns, err, want)
		}
	}
	c := formattest.Config(t, "avro", "l DEC", nil)
	c.Columns[0].Type = column.DecimalOf(5, 0)
	if _, err := read(container(schema, "null", 1, block), c); err == nil || !strings.Contains(err.Error(), "1099511627776 is out of range for DECIMAL(5, 0)") {
		t.Errorf("a decimal that is too short: %v", err)
	}
}

func TestBad(t *testing.T) {
	one := func(name, typ string) string {
		return fmt.Sprintf(`{"type":"record","name":"R","fields":[{"name":"%s","type":%s}]}`, name, typ)
	}
	for name, c := range map[string]struct {
		columns string
		file    []byte
		want    string
	}{
		"text":           {"n INT", []byte("a,b\n"), "no container file of Avro"},
		"nothing":        {"n INT", nil, "no container file of Avro"},
		"codec":          {"n INT", container(one("n", `"int"`), "xz", 1, []byte{2}), `compressed by "xz"`},
		"no record":      {"n INT", container(`"int"`, "null", 1, []byte{2}), "values of type int"},
		"unknown type":   {"n INT", container(one("n", `"X"`), "null", 1, []byte{2}), `"X"`},
		"other type":     {"n INT", container(one("n", `"string"`), "null", 1, []byte{2, 'a'}), "column 'n': the file has string, which is no INT"},
		"a branch":       {"n INT", container(one("n", `["int","string"]`), "null", 1, []byte{0, 2}), "the file has string, which is no INT"},
		"range":          {"i TINYINT", container(one("i", `"int"`), "null", 1, binary.AppendVarint(nil, 300)), "300 is out of range for TINYINT"},
		"short":          {"n INT", container(one("n", `"int"`), "null", 2, []byte{2}), "it is cut off"},
		"long":           {"n INT", container(one("n", `"int"`), "null", 1, []byte{2, 2}), "1 bytes of a block are left"},
		"text too long":  {"t STRING", container(one("t", `"string"`), "null", 1, binary.AppendVarint(nil, 1<<40)), "it is cut off"},
		"no such branch": {"n INT", container(one("n", `["null","int"]`), "null", 1, []byte{8}), "number 4 of 2"},
		"sync":           {"n INT", append(container(one("n", `"int"`), "null", 1, []byte{2})[:100], make([]byte, 30)...), "damaged"},
		"snappy":         {"n INT", container(one("n", `"int"`), "snappy", 1, []byte{1, 2, 3, 4, 5}), "cannot be decompressed"},
		"endless":        {"n INT", container(`{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}`, "null", 1, []byte{2}), "more than 64 levels"},
		"free items":     {"n INT", container(one("x", `{"type":"array","items":"null"}`), "null", 1, binary.AppendVarint(nil, 1<<40)), "1099511627776 items"},
	} {
		if _, err := read(c.file, formattest.Config(t, "avro", c.columns, nil)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	good := container(one("n", `"int"`), "null", 1, []byte{2})
	for n := range good {
		if _, err := read(good[:n], formattest.Config(t, "avro", "n INT", nil)); (err == nil) != (n == len(good)-16-3) {
			t.Errorf("the first %d of %d bytes: %v", n, len(good), err)
		}
	}
	for columns, want := range map[string]string{"ts TS9": "Avro has no TIMESTAMP(9)", "p PAIRS": "", "bi BYINT": "the keys of its maps are texts"} {
		_, err := newFile(io.Discard, formattest.Config(t, "avro", columns, nil))
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v", columns, err)
		}
	}
	c := formattest.Config(t, "avro", "n INT", nil)
	c.Columns[0].Name = "a b"
	if _, err := newFile(io.Discard, c); err == nil || !strings.Contains(err.Error(), "column 'a b'") {
		t.Errorf("got %v", err)
	}
}

// Random bytes behind a good head end in an error or in rows, soon.
func FuzzRead(f *testing.F) {
	schema := `{"type":"record","name":"R","fields":[{"name":"n","type":["null","int"]},{"name":"x","type":{"type":"array","items":["null","R"]}},{"name":"t","type":"string"}]}`
	f.Add([]byte{0, 0, 2, 'a'})
	f.Add([]byte{2, 4, 2, 2, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, block []byte) {
		c := formattest.Config(t, "avro", "n INT, t STRING", nil)
		rows, err := read(container(schema, "null", 3, block), c)
		if err == nil && len(rows) != 3 {
			t.Errorf("%d rows of 3 and no error", len(rows))
		}
	})
}
