package filesystem

import (
	"slices"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore/mem"
)

// dimTable is a table of names by number.
func dimTable(format string, options ...string) graph.Table {
	t := lineTable("mem://t/dim", options...)
	t.Options["format"] = format
	t.Columns = []column.Field{{Name: "id", Type: column.Of(column.Int)}, {Name: "name", Type: column.Str()}}
	return t
}

// lookUp asks for the names of the numbers 2, 9, NULL and 1.
func lookUp(t *testing.T, s connector.LookupSource) []string {
	t.Helper()
	keys := column.NewBatch([]column.Field{{Type: column.Of(column.Int)}}, 0)
	for _, k := range []int32{2, 9, 0, 1} {
		if k == 0 {
			keys.Cols[0].AppendNull()
		} else {
			column.Append(keys.Cols[0], k)
		}
	}
	keys.Len = 4
	out := column.NewBatch([]column.Field{{Type: column.Str()}}, 0)
	from, err := s.Rows(t.Context(), keys, out, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, k := range from {
		got = append(got, string('0'+k)+string(out.Cols[0].BytesAt(i)))
	}
	return got
}

// TestLookup holds a table in full, reads it again, and applies the changes of a changelog, by primary key where there is one.
func TestLookup(t *testing.T) {
	rows := "{\"id\":1,\"name\":\"one\"}\n{\"id\":2,\"name\":\"a name too long for a view\"}\n{\"id\":2,\"name\":\"zwei\"}\n{\"name\":\"none\"}\n"
	changes := `{"op":"+I","data":{"id":1,"name":"one"}}
{"op":"+I","data":{"id":2,"name":"two"}}
{"op":"-U","data":{"id":2,"name":"two"}}
{"op":"+U","data":{"id":2,"name":"zwei"}}
{"op":"-D","data":{"id":1,"name":"one"}}
`
	upserts := `{"op":"+I","data":{"id":1,"name":"one"}}
{"op":"+U","data":{"id":1,"name":"eins"}}
{"op":"+I","data":{"id":2,"name":"two"}}
{"op":"-D","data":{"id":2}}
`
	keyed := dimTable("changelog-json", "changelog-json.changelog-mode", "I,UA,D")
	keyed.PrimaryKey = []int{0}
	for _, test := range []struct {
		name, text string
		table      graph.Table
		want       []string
	}{
		{"rows", rows, dimTable("json"), []string{"0a name too long for a view", "0zwei", "3one"}},
		{"retract", changes, dimTable("changelog-json"), []string{"0zwei"}},
		{"upsert", upserts, keyed, []string{"3eins"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := mem.New("t")
			put(t, store, "dim/a", []byte(test.text))
			s, err := newLookup(connector.LookupRequest{Env: memory(store), Table: test.table, Project: []int{1}, Keys: []int{0}})
			if err != nil {
				t.Fatal(err)
			}
			full := s.(connector.FullLookup)
			if err := full.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := lookUp(t, s); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
			put(t, store, "dim/a", nil)
			if got := lookUp(t, s); !slices.Equal(got, test.want) {
				t.Errorf("found %q before the table was read again, want %q", got, test.want)
			}
			if err := full.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := lookUp(t, s); len(got) > 0 {
				t.Errorf("found %q in a table without rows", got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLookupReload: a table is read again after an interval, or at a time of day.
func TestLookupReload(t *testing.T) {
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		options []string
		want    time.Duration
	}{
		{nil, 0},
		{[]string{"lookup.full-cache.periodic-reload.interval", "5 min"}, 5 * time.Minute},
		{[]string{"lookup.full-cache.periodic-reload.interval", "5 min", "lookup.full-cache.periodic-reload.schedule-mode", "FIXED_RATE"}, 4 * time.Minute},
		{[]string{"lookup.full-cache.reload-strategy", "TIMED", "lookup.full-cache.timed-reload.iso-time", "13:30Z"}, 90 * time.Minute},
		{[]string{"lookup.full-cache.reload-strategy", "TIMED", "lookup.full-cache.timed-reload.iso-time", "12:00:00+02:00"}, 22 * time.Hour},
		{[]string{"lookup.full-cache.reload-strategy", "TIMED", "lookup.full-cache.timed-reload.iso-time", "12:00Z",
			"lookup.full-cache.timed-reload.interval-in-days", "3"}, 72 * time.Hour},
	} {
		s, err := newLookup(connector.LookupRequest{Env: memory(mem.New("t")), Table: dimTable("json", test.options...), Project: []int{1}, Keys: []int{0}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.(connector.FullLookup).Reload(noon.Add(-time.Minute), noon); got != test.want {
			t.Errorf("%v: read again after %s, want %s", test.options, got, test.want)
		}
	}
	for _, options := range [][]string{
		{"lookup.cache", "PARTIAL"}, {"lookup.full-cache.reload-strategy", "TIMED"},
		{"lookup.full-cache.reload-strategy", "TIMED", "lookup.full-cache.timed-reload.iso-time", "noon"},
	} {
		if _, err := newLookup(connector.LookupRequest{Env: memory(mem.New("t")), Table: dimTable("json", options...), Project: []int{1}, Keys: []int{0}}); err == nil {
			t.Errorf("%v was accepted", options)
		}
	}
}
