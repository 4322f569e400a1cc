package filesystem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore/mem"
)

// What is written compressed is smaller, is read back, and rolls by its compressed size.
func TestCompressedParts(t *testing.T) {
	for kind, extension := range map[string]string{"gzip": ".txt.gz", "zstd": ".txt.zst"} {
		store := mem.New("t")
		table := partitionedLines("sink.compression", kind, "sink.rolling-policy.file-size", "2 kb")
		l := defaultLimits
		l.begin = 500
		var batches []*column.Batch
		var want []string
		size := 0
		for i := range 300 {
			var rows []string
			var parts []any
			for k := range 40 {
				row := fmt.Sprint("line ", i*40+k, strings.Repeat(" again", k%5))
				size += len(row)
				rows, parts = append(rows, row), append(parts, fmt.Sprint("p", k%2))
				want = append(want, fmt.Sprint(row, "|p", k%2))
			}
			batches = append(batches, lines(table, rows, parts...))
		}
		insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, l, batches...)
		got := visible(t, store, table)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d rows came back, of %d", kind, len(got), len(want))
		}
		sum := 0
		all := contents(t, store)
		for key, text := range all {
			if sum += len(text); !strings.HasSuffix(key, extension) {
				t.Errorf("%s: a file is named %s", kind, key)
			}
		}
		if len(all) < 4 || sum > size/2 {
			t.Errorf("%s: %d bytes became %d in %d files", kind, size, sum, len(all))
		}
		s := &stream{t: t, store: mem.New("t"), table: lineTable("mem://t/out", "sink.compression", kind), limits: defaultLimits}
		s.start(1)
		s.write(0, 10)
		s.checkpoint(false, true, true)
		if got := visible(t, s.store, s.table); len(got) != 10 {
			t.Errorf("%s: %d rows are visible with the checkpoint", kind, len(got))
		}
		s.write(0, 10)
		s.checkpoint(false, false, true)
		s.close()
		if n := s.pending(); n != 0 {
			t.Errorf("%s: %d uploads are left", kind, n)
		}
	}
	table := lineTable("mem://t/out", "sink.compression", "gzip")
	table.Options["format"] = "parquet"
	if _, err := newSink(connector.SinkRequest{Env: memory(mem.New("t")), Table: table, JobID: "j"}, defaultLimits); err == nil || !strings.Contains(err.Error(), "compressed within") {
		t.Errorf("got %v", err)
	}
}
