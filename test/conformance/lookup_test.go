package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/sql/session"
)

// TestLookupTableChanges joins an endless stream with a file that is looked up: once the file has changed and the interval has passed, rows have what it
// holds now. With requests beside the task it is the same.
func TestLookupTableChanges(t *testing.T) {
	leaktest.Check(t)
	for _, hint := range []string{"", "/*+ LOOKUP('table' = 'names', 'async' = 'true', 'output-mode' = 'allow_unordered') */"} {
		t.Run(fmt.Sprintf("hint %q", hint), func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "names.json")
			write := func(name string) {
				t.Helper()
				// Whoever reads meanwhile must find the old file or the new one.
				if err := os.WriteFile(file+".tmp", []byte(`{"id": 1, "name": "`+name+`"}`), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(file+".tmp", file); err != nil {
					t.Fatal(err)
				}
			}
			write("before")
			s, err := plain.open("streaming")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for _, sql := range []string{
				`CREATE TABLE numbers (id INT, pt AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '200', 'fields.id.min' = '1', 'fields.id.max' = '1')`,
				`CREATE TABLE names (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'file://` + file + `', 'format' = 'json',
					'lookup.full-cache.periodic-reload.interval' = '20 ms')`,
			} {
				if _, err := run(ctx, s, sql); err != nil {
					t.Fatal(err)
				}
			}
			script, err := session.Parse("", `SELECT `+hint+` names.name FROM numbers JOIN names FOR SYSTEM_TIME AS OF numbers.pt ON numbers.id = names.id`)
			if err != nil {
				t.Fatal(err)
			}
			r, err := s.Execute(ctx, script.Statements[0])
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			err = r.Run(ctx, func(b *column.Batch) error {
				for i := range b.Rows() {
					name := string(b.Cols[0].BytesAt(b.Row(i)))
					switch {
					case name == "before" && seen["after"] && hint == "": // those out of order may be late
						t.Error("a row has what the file held before, after one had what it holds now")
					case !seen[name] && name == "before":
						write("after")
					case name == "after":
						cancel()
					}
					seen[name] = true
				}
				return nil
			})
			if !seen["before"] || !seen["after"] || !errors.Is(err, context.Canceled) {
				t.Errorf("saw %v, %v", seen, err)
			}
		})
	}
}
