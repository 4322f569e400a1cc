package parquet

import (
	"fmt"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// A small file is fetched once for its pieces and their rows; a new version of it is fetched again.
func TestTails(t *testing.T) {
	c := formattest.Config(t, "parquet", "a INT", nil)
	store := mem.New("tails")
	for version := range 3 {
		b := column.NewBatch(c.Columns, 1)
		column.Append(b.Cols[0], int32(version))
		b.Len = 1
		info, err := store.Put(t.Context(), "f.parquet", write(t, c, b), objstore.Condition{})
		if err != nil {
			t.Fatal(err)
		}
		rows, fetched, err := readTexts(format.File{Store: store, Info: info}, c)
		if err != nil || len(rows) != 1 || rows[0] != fmt.Sprint(version) {
			t.Fatalf("version %d: %q, %v", version, rows, err)
		}
		if fetched != 0 {
			t.Errorf("version %d: %d bytes were fetched again", version, fetched)
		}
	}
}

func TestTailsAreBounded(t *testing.T) {
	cache := tailCache{parts: map[tailKey]known{}}
	store := mem.New("tails")
	file := func(i int) format.File {
		return format.File{Store: store, Info: objstore.Info{Key: fmt.Sprint(i), ETag: "x", Size: 1 << 20, ModTime: time.Unix(1, 0)}}
	}
	for i := range 40 {
		cache.put(file(i), known{bytes: make([]byte, 1<<20)})
	}
	for i := range 40 {
		if _, ok := cache.get(file(i)); ok != (i >= 24) {
			t.Errorf("file %d is kept: %v", i, ok)
		}
	}
	if len(cache.parts) != 16 || len(cache.order) != 16 || cache.bytes != 16<<20 {
		t.Errorf("%d files of %d bytes are kept", len(cache.parts), cache.bytes)
	}
	cache.put(format.File{Store: store, Info: objstore.Info{Key: "unknown version"}}, known{bytes: make([]byte, 10)})
	cache.put(file(100), known{bytes: make([]byte, tailsBytes)})
	if len(cache.parts) != 16 {
		t.Error("what has no version, or is too large, is not to be kept")
	}
}
