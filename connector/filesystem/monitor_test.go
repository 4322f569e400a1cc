package filesystem

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// monitoring reads a monitored table as a job does: splits as they are found, several at once, and positions of them with the discovery's state as a checkpoint.
type monitoring struct {
	t       *testing.T
	source  connector.Source
	found   connector.Discovery
	open    []connector.Reader
	rows    []string
	skipped int64
	left    int64
}

// checkpoint is what a monitoring goes on from.
type checkpoint struct {
	state []byte
	open  []connector.Split
	rows  []string
}

func monitor(t *testing.T, s connector.Source, c checkpoint) *monitoring {
	t.Helper()
	if s.Bounded() {
		t.Fatal("a table that is monitored has an end")
	}
	m := &monitoring{t: t, source: s, rows: slices.Clone(c.rows)}
	var err error
	if m.found, err = s.(connector.Discoverer).Discover(t.Context(), c.state); err != nil {
		t.Fatal(err)
	}
	m.start(c.open)
	return m
}

func (m *monitoring) start(list []connector.Split) {
	m.t.Helper()
	for _, split := range list {
		r, err := m.source.Open(m.t.Context(), split)
		if err != nil {
			m.t.Fatal(err)
		}
		m.open = append(m.open, r)
	}
}

// step looks for splits, and takes a batch of each that is open.
func (m *monitoring) step(most int) (idle bool, err error) {
	list, status, err := m.found.Poll(most)
	if err != nil {
		return false, err
	}
	m.start(list)
	idle = status == connector.Wait && len(m.open) == 0
	for i := 0; i < len(m.open); i++ {
		b, status, err := m.open[i].Poll()
		if err != nil {
			return false, err
		}
		if b != nil {
			for _, k := range texts(b, 0) {
				m.rows = append(m.rows, strings.TrimSpace(k))
			}
		}
		if status == connector.Done {
			if c, ok := m.open[i].(connector.SkipCounter); ok {
				m.skipped += c.Skipped()
				m.left += leftBy(m.open[i])
			}
			if err := m.open[i].Close(); err != nil {
				m.t.Fatal(err)
			}
			m.open = slices.Delete(m.open, i, i+1)
			i--
		}
	}
	return idle, nil
}

// until goes on until so many rows were read.
func (m *monitoring) until(rows int) {
	m.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for len(m.rows) < rows {
		idle, err := m.step(100)
		if err != nil {
			m.t.Fatal(err)
		}
		if idle {
			select {
			case <-m.found.Ready():
			case <-time.After(time.Until(deadline)):
				m.t.Fatalf("%d rows were read, not %d", len(m.rows), rows)
			}
		}
	}
}

func (m *monitoring) save() checkpoint {
	m.t.Helper()
	c := checkpoint{rows: slices.Clone(m.rows)}
	for _, r := range m.open {
		c.open = append(c.open, r.Position())
	}
	var err error
	if c.state, err = m.found.State(); err != nil {
		m.t.Fatal(err)
	}
	return c
}

func (m *monitoring) close() {
	m.t.Helper()
	for _, r := range m.open {
		if err := r.Close(); err != nil {
			m.t.Fatal(err)
		}
	}
	if err := m.found.Close(); err != nil {
		m.t.Fatal(err)
	}
}

func monitoredSource(t *testing.T, store objstore.Store, table graph.Table, tune tuning) connector.Source {
	t.Helper()
	if table.Options["source.monitor-interval"] == "" {
		table.Options["source.monitor-interval"] = "1 ms"
	}
	s, err := openSource(scan(memory(store), table, 0), tune)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMonitor reads files that appear, whatever they are, and wherever a job is replaced by one that goes on from a checkpoint: each row comes once.
func TestMonitor(t *testing.T) {
	for _, format := range []string{"csv", "units", "parquet"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(format, seed), func(t *testing.T) { testMonitor(t, format, seed) })
		}
	}
}

func testMonitor(t *testing.T, format string, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	store := mem.New("t")
	table := lineTable("mem://t/in/*/*.dat")
	table.Options["format"] = format
	table.Columns = append(table.Columns[:0:0], nameField, pField)
	table.PartitionBy = []int{1}
	tune, _ := tiny()
	if format == "parquet" {
		table.Columns[0] = nameField
	}
	s := monitoredSource(t, store, table, tune)
	var want []string
	n := 0
	file := func() {
		var text strings.Builder
		for range r.IntN(400) {
			n++
			name := fmt.Sprintf("v%d", n)
			want = append(want, name)
			if format == "parquet" {
				fmt.Fprintf(&text, "%d,%s\n", n, name)
			} else {
				fmt.Fprintf(&text, "%s\n", name)
			}
		}
		data := []byte(text.String())
		if format == "parquet" {
			data = columnar(t, text.String())
		}
		key := fmt.Sprintf("in/p=%d/%x é+%%2F %d.dat", r.IntN(2), r.Uint32(), n)
		put(t, store, key, data)
		put(t, store, strings.Replace(key, ".dat", ".tmp", 1), data)
		put(t, store, fmt.Sprintf("in/_hidden/p=1/%d.dat", n), data)
		put(t, store, fmt.Sprintf("in/stray%d.dat", n), data)
	}
	m := monitor(t, s, checkpoint{})
	saved := checkpoint{}
	for range 60 {
		switch r.IntN(5) {
		case 0:
			file()
		case 1:
			saved = m.save()
		case 2:
			if r.IntN(2) == 0 {
				m.close()
				m = monitor(t, s, saved)
			}
		default:
			if _, err := m.step(1 + r.IntN(5)); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.until(len(want))
	m.close()
	got := slices.Clone(m.rows)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d rows were read, not %d, or others", len(got), len(want))
	}
}

// TestMonitorOneFile follows the versions of one file, and finds a file or directory that is not there yet.
func TestMonitorOneFile(t *testing.T) {
	store := mem.New("t")
	put(t, store, "in.txt", []byte("one\n"))
	put(t, store, "in.txt2", []byte("another file\n"))
	for path, key := range map[string]string{"mem://t/in.txt": "in.txt", "mem://t/later.txt": "later.txt", "mem://t/later": "later/a b", "mem://t/dir/": "dir/..x/../é"} {
		m := monitor(t, monitoredSource(t, store, lineTable(path), defaults), checkpoint{})
		if key == "in.txt" {
			m.until(1)
		}
		if strings.Contains(key, "..x") { // hidden
			key = "dir/é/x..y"
		}
		put(t, store, key, []byte("two\nthree")) // without an end of the last line
		m.until(len(m.rows) + 2)
		m.close()
		if !slices.Equal(m.rows[len(m.rows)-2:], []string{"two", "three"}) {
			t.Errorf("%s: read %q", path, m.rows)
		}
	}
}

// TestMonitorInOrder reads the changes of files one after the other by their names, also when the names are listed in another order.
func TestMonitorInOrder(t *testing.T) {
	store := mem.New("t")
	table := changeTable("debezium-json")
	var want []string
	for i := range 12 {
		put(t, store, fmt.Sprintf("out/p=x/part-%d", i), fmt.Appendf(nil, `{"after":{"line":"%d"},"op":"c"}`+"\n", i))
		want = append(want, fmt.Sprint(i))
	}
	s := monitoredSource(t, store, table, small(64, 40))
	if !s.(connector.Discoverer).InOrder() {
		t.Error("changes would be read side by side")
	}
	m := monitor(t, s, checkpoint{})
	var splits []connector.Split
	for len(splits) < 12 {
		c := m.save()
		m.close()
		m = monitor(t, s, c) // what waits to be read keeps its place
		for {
			list, status, err := m.found.Poll(1)
			if err != nil {
				t.Fatal(err)
			}
			if splits = append(splits, list...); len(list) > 0 {
				break
			}
			if status == connector.Wait {
				<-m.found.Ready()
			}
		}
	}
	for _, split := range splits {
		m.start([]connector.Split{split})
		m.until(len(m.rows) + 1)
	}
	m.close()
	if !slices.Equal(m.rows, want) {
		t.Errorf("read %q", m.rows)
	}
}

// TestChangedObjects deletes and overwrites files between their discovery and their reading.
func TestChangedObjects(t *testing.T) {
	for _, format := range []string{"raw", "units"} {
		for _, monitored := range []bool{false, true} {
			for policy, want := range map[string]string{
				"fail":     "error",
				"skip":     "kept 1 kept 2, 2 left, 0 skipped",
				"read-new": "kept 1 kept 2 new, 1 left, 0 skipped",
			} {
				if monitored && policy != "fail" {
					want = "kept 1 kept 2 new, 2 left, 0 skipped" // the new version is found by itself
				}
				if got := changedObjects(t, format, policy, monitored); got != want {
					t.Errorf("%s, %s, monitored %t: got %q, want %q", format, policy, monitored, got, want)
				}
			}
		}
	}
}

func changedObjects(t *testing.T, format, policy string, monitored bool) string {
	t.Helper()
	store := mem.New("t")
	for _, key := range []string{"1", "2", "deleted", "overwritten"} {
		put(t, store, "in/"+key, []byte("kept "+key+"\n"))
	}
	change := func() {
		if err := store.Delete(t.Context(), "in/deleted"); err != nil {
			t.Fatal(err)
		}
		put(t, store, "in/overwritten", []byte("new\n"))
	}
	table := lineTable("mem://t/in", "source.changed-objects", policy)
	table.Options["format"] = format
	var m *monitoring
	if monitored {
		table.Options["source.monitor-interval"] = "1 ms"
		m = monitor(t, monitoredSource(t, store, table, defaults), checkpoint{})
		var splits []connector.Split
		for len(splits) < 4 {
			list, status, err := m.found.Poll(10)
			if err != nil {
				t.Fatal(err)
			}
			if splits = append(splits, list...); status == connector.Wait && len(splits) < 4 {
				<-m.found.Ready()
			}
		}
		change()
		m.start(splits)
	} else {
		s, err := newSource(scan(memory(store), table, 0), defaults)
		if err != nil {
			t.Fatal(err)
		}
		splits, err := s.Splits(t.Context(), 4)
		if err != nil {
			t.Fatal(err)
		}
		change()
		m = &monitoring{t: t, source: s, found: nothing{}}
		m.start(splits)
	}
	defer m.close()
	want := 2
	if monitored || policy == "read-new" {
		want = 3
	}
	for deadline := time.Now().Add(20 * time.Second); len(m.rows) < want || len(m.open) > 0; {
		if _, err := m.step(10); err != nil {
			if !gone(err) {
				t.Fatal(err)
			}
			return "error"
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("%q and no end", m.rows)
		}
	}
	slices.Sort(m.rows)
	return fmt.Sprintf("%s, %d left, %d skipped", strings.Join(m.rows, " "), m.left, m.skipped)
}

// nothing finds nothing.
type nothing struct{ connector.Discovery }

func (nothing) Poll(int) ([]connector.Split, connector.Status, error) {
	return nil, connector.Done, nil
}
func (nothing) Close() error { return nil }

// TestMonitorOddFiles reads what people put into buckets.
func TestMonitorOddFiles(t *testing.T) {
	store := mem.New("t")
	put(t, store, "in/empty", nil)
	put(t, store, "in/empty.gz", nil)
	put(t, store, "in/no end", []byte("a\nb"))
	put(t, store, "in/members.gz", append(gzipped(t, "c\nd"), gzipped(t, "e\nf\n")...))
	for i, key := range []string{"in/ü é.txt", "in/100%+1.txt", "in/%2F..%2e.txt", "in/日本/x?y=z&#"} {
		put(t, store, key, fmt.Appendf(nil, "k%d", i))
	}
	m := monitor(t, monitoredSource(t, store, lineTable("mem://t/in"), defaults), checkpoint{})
	m.until(9)
	m.close()
	slices.Sort(m.rows)
	if got := strings.Join(m.rows, " "); got != "a b c de f k0 k1 k2 k3" {
		t.Errorf("read %s", got)
	}
}
