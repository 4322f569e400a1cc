package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
)

// TestDictionaryIsBounded writes texts that hardly repeat, beside others that do: the dictionary of the first ends with the batch in which it gets to the
// limit, in each row group and at any depth, what follows is written as it is, and the second are in their dictionary to the end.
func TestDictionaryIsBounded(t *testing.T) {
	const rows, batches, limit = 200, 200, 16 << 10
	list := column.Of(column.Array)
	elem := column.Str()
	list.Elem = &elem
	const longest = len("element text 39999 of many")
	fields := []column.Field{{Name: "rare", Type: column.Str()}, {Name: "often", Type: column.Str()}, {Name: "list", Type: list}}
	c := config(t, fields, map[string]string{"dictionary.page.size": "16kb", "block.size": "1mb"})
	var file bytes.Buffer
	w, err := newFile(&file, c)
	if err != nil {
		t.Fatal(err)
	}
	var want [3][]string
	for k := range batches {
		b := column.NewBatch(fields, rows)
		for i := range rows {
			rare, often := fmt.Sprintf("text %d of many", k*rows+i), strings.Repeat("x", i%7)
			b.Cols[0].AppendString(rare)
			b.Cols[1].AppendString(often)
			b.Cols[2].Children[0].AppendString("element " + rare)
			b.Cols[2].AppendList(1)
			want[0], want[1], want[2] = append(want[0], rare), append(want[1], often), append(want[2], "element "+rare)
		}
		b.Len = rows
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.RowGroups()); n < 2 {
		t.Errorf("%d row group", n)
	}
	var got [3][]string
	for _, g := range f.RowGroups() {
		for i, chunk := range g.ColumnChunks() {
			texts, size, plain := chunkTexts(t, chunk)
			got[i] = append(got[i], texts...)
			if size == 0 || size > limit+rows*longest || plain != (i != 1) {
				t.Errorf("column %s, %d values: a dictionary of %d bytes, values without it: %t", fields[i].Name, len(texts), size, plain)
			}
		}
	}
	for i := range want {
		if strings.Join(got[i], "\n") != strings.Join(want[i], "\n") {
			t.Errorf("column %s has other texts", fields[i].Name)
		}
	}
}

// chunkTexts reads a chunk, and says how large its dictionary is and whether it has pages without it.
func chunkTexts(t *testing.T, chunk parquet.ColumnChunk) (texts []string, size int, plain bool) {
	t.Helper()
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return texts, size, plain
		} else if err != nil {
			t.Fatal(err)
		}
		if d := page.Dictionary(); d == nil {
			plain = true
		} else {
			size = 0
			for i := range d.Len() {
				size += len(d.Index(int32(i)).ByteArray())
			}
		}
		values := make([]parquet.Value, page.NumValues())
		if _, err := page.Values().ReadValues(values); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for _, v := range values {
			texts = append(texts, string(v.ByteArray()))
		}
	}
}
