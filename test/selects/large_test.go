package selects

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
)

// largeRecords are JSON lines of about 110 bytes.
func largeRecords(size int) string {
	r := rand.New(rand.NewPCG(3, 4))
	names := values["name"][0]
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":%s,"n":%d,"d":%g,"flag":%t,"day":"2024-01-%02d","Name":"x%d"}`+"\n",
			i, names[r.IntN(6)], r.IntN(100), r.Float64(), r.IntN(2) == 0, 1+r.IntN(28), r.IntN(10))
	}
	return b.String()
}

// TestLargeFormats checks that large objects of other formats are read by queries, of which JSON lines take several at once, whose answers are small, and that reading goes on at
// positions within them.
func TestLargeFormats(t *testing.T) {
	text := largeRecords(12 << 20)
	columns := records[:7]
	files := map[string][]byte{"large.json": []byte(text), "large.json.gz": pack(t, "x.gz", []byte(text)), "large.parquet": parquetOf(t, columns, text, map[string]string{"block.size": "1mb"})}
	onEach(t, func(t *testing.T, store *counted) {
		for key, data := range files {
			t.Run(key, func(t *testing.T) { largeFile(t, store, key, data, columns) })
		}
	})
}

func largeFile(t *testing.T, store *counted, key string, data []byte, columns []column.Field) {
	if _, err := store.Put(t.Context(), key, data, objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	format := "json"
	if strings.HasSuffix(key, "parquet") {
		format = "parquet"
	}
	e, err := expr.NewCall("=", recordColumn(2), expr.Long(42))
	if err != nil {
		t.Fatal(err)
	}
	filter := []expr.Expr{e}
	options := map[string]string{"path": "s3://select/" + key, "format": format, "scan.select": "always"}
	read := func(restart int) []string {
		t.Helper()
		list, err := rows(sourceOf(t, store, options, columns, filter, 0, 1, 2, 5), filter, restart)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	store.whole.Store(0)
	store.bytes.Store(0)
	got := read(0)
	queries, sent := store.whole.Load(), store.bytes.Load()
	again := read(4)
	options["scan.select"] = "auto"
	either := read(3)
	options["scan.select"] = "never"
	want := read(0)
	if len(want) < 1000 || !slices.Equal(got, want) || !slices.Equal(again, want) || !slices.Equal(either, want) {
		t.Errorf("%d rows by queries, %d with restarts, %d in the faster way, %d by ranges", len(got), len(again), len(either), len(want))
	}
	least, most := int64(3), int64(100)
	switch {
	case strings.HasSuffix(key, "gz"):
		least, most = 1, 1
	case format == "parquet":
		if least = 2; !strings.Contains(t.Name(), "embedded") {
			least = 1 // MinIO knows no ranges of it
		}
	}
	if queries < least || queries > most || sent > 1<<20 {
		t.Errorf("%d queries, which sent %d bytes", queries, sent)
	}
}
