package operator

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// lookedUp is the table that the connector 'looked-up' has.
var lookedUp struct {
	sync.Mutex
	make func(req connector.LookupRequest) connector.LookupSource
}

func init() {
	connector.Register(&connector.Spec{Name: "looked-up", Doc: "For tests.", Guarantee: "None.",
		NewLookup: func(req connector.LookupRequest) (connector.LookupSource, error) { return lookedUp.make(req), nil }})
}

// testTable answers from rows, by comparing texts. Keys that a test wants to be missing at first are answered from the call of that number on.
type testTable struct {
	sync.Mutex
	req    connector.LookupRequest
	rows   *column.Batch
	late   int // calls that find nothing
	calls  int
	asked  []string
	closed bool
	err    error
}

func (s *testTable) Rows(ctx context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	s.Lock()
	defer s.Unlock()
	s.calls++
	if s.err != nil {
		return from, s.err
	}
	for k := range keys.Len {
		s.asked = append(s.asked, rowText(keys, k))
		if s.calls <= s.late {
			continue
		}
		for r := range s.rows.Len {
			same := true
			for i, c := range s.req.Keys {
				same = same && !keys.Cols[i].IsNull(k) && textOf(keys.Cols[i], k) == textOf(s.rows.Cols[c], r)
			}
			if same {
				for i, c := range s.req.Project {
					out.Cols[i].AppendRows(s.rows.Cols[c], []int32{int32(r)})
				}
				out.Len++
				from = append(from, int32(k))
			}
		}
	}
	return from, nil
}

func (s *testTable) Close() error { s.closed = true; return nil }

// TestLookupJoinModel looks rows up, with conditions, by one request or several at a time, and compares with two loops.
func TestLookupJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMatch(t, graph.InnerJoin, graph.LeftJoin)
		m.LeftKeys, m.RightKeys, m.NullSafe = []int{0}, []int{0}, nil
		op := &graph.LookupJoin{Type: m.Type, Cond: m.Cond, Project: []int{0, 1, 2}, Table: graph.Table{Name: "t", Connector: "looked-up", Columns: m.in[1]}}
		op.Keys = []graph.LookupKey{{Column: 0, Value: ref(0, m.in[0][0])}}
		table := drawRows(t, m.in[1], rapid.IntRange(0, 15).Draw(t, "table"), drawOptions{})
		right := testRows(table)
		if rapid.Bool().Draw(t, "filter") {
			op.Filter = call(t, ">", ref(1, m.in[1][1]), bigint(0))
			right = slices.DeleteFunc(right, func(r testRow) bool { return r.null[1] || r.b <= 0 })
		}
		unordered := false
		if rapid.Bool().Draw(t, "async") {
			op.Hint = map[string]string{"table": "t", "async": "true", "capacity": "3", "timeout": "1 min"}
			if unordered = rapid.Bool().Draw(t, "unordered"); unordered {
				op.Hint["output-mode"] = "allow_unordered"
			}
		}
		opts := drawOptions{}
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, m.in[0], rapid.IntRange(0, 25).Draw(t, "rows"), opts)
		var want []string
		for _, l := range testRows(all) {
			for _, s := range m.join([]testRow{l}, right) {
				want = append(want, lineOf(l.kind, s))
			}
		}
		var source *testTable
		lookedUp.Lock()
		defer lookedUp.Unlock()
		lookedUp.make = func(req connector.LookupRequest) connector.LookupSource {
			source = &testTable{req: req, rows: table}
			return source
		}
		got := run(t, &graph.Node{Op: op, Schema: m.schema}, m.in[0], cutRows(t, m.in[0], all), -1)
		if unordered {
			compareAny(t, got, want)
		} else {
			compareRows(t, got, want)
		}
		if !source.closed {
			t.Fatal("the lookup was not closed")
		}
	})
}

// lookupOnce runs one batch with the keys 1, 2, 1 and NULL through a lookup join.
func lookupOnce(t *testing.T, source connector.LookupSource, hint map[string]string) (Operator, *Context, func() ([]string, error)) {
	t.Helper()
	lookedUp.make = func(req connector.LookupRequest) connector.LookupSource {
		if s, ok := source.(*testTable); ok {
			s.req = req
		}
		return source
	}
	in, table := fields(column.Of(column.BigInt)), fields(column.Of(column.BigInt), column.Str())
	op := &graph.LookupJoin{Type: graph.LeftJoin, Project: []int{1}, Hint: hint, Table: graph.Table{Name: "t", Connector: "looked-up", Columns: table}}
	op.Keys = []graph.LookupKey{{Column: 0, Value: ref(0, in[0])}}
	o, err := New(&graph.Node{Op: op, Schema: append(in, table[1])}, [][]column.Field{in})
	if err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Now = func() time.Time { return time.UnixMilli(0) }
	if err := o.Open(c); err != nil {
		t.Fatal(err)
	}
	return o, c, func() ([]string, error) {
		b := column.NewBatch(in, 0)
		for _, k := range []int64{1, 2, 1} {
			column.Append(b.Cols[0], k)
		}
		b.Cols[0].AppendNull()
		b.Len = 4
		var out capture
		err := o.Process(0, b, &out)
		return out.rows, err
	}
}

// testRowsOf makes a table of keys 1, 2, … with texts.
func testRowsOf(texts ...string) *column.Batch {
	b := column.NewBatch(fields(column.Of(column.BigInt), column.Str()), 0)
	for i, s := range texts {
		column.Append(b.Cols[0], int64(i+1))
		b.Cols[1].AppendString(s)
		b.Len++
	}
	return b
}

// TestLookupRetry: keys without rows are looked up again as often as the hint says, and no others; a key stands in one request once.
func TestLookupRetry(t *testing.T) {
	lookedUp.Lock()
	defer lookedUp.Unlock()
	hint := map[string]string{"retry-predicate": "lookup_miss", "retry-strategy": "fixed_delay", "fixed-delay": "1 ms", "max-attempts": "2"}
	for late, want := range [][]string{{`+I 1 "a"`, "+I 2 NULL", `+I 1 "a"`, "+I NULL NULL"}, {`+I 1 "a"`, "+I 2 NULL", `+I 1 "a"`, "+I NULL NULL"},
		{`+I 1 "a"`, "+I 2 NULL", `+I 1 "a"`, "+I NULL NULL"}, {"+I 1 NULL", "+I 2 NULL", "+I 1 NULL", "+I NULL NULL"}} {
		source := &testTable{rows: testRowsOf("a"), late: late}
		_, _, process := lookupOnce(t, source, hint)
		got, err := process()
		if err != nil {
			t.Fatal(err)
		}
		compareRows(t, got, want)
		asked := []string{"+I 1", "+I 2", "+I 2", "+I 2"}
		if late > 0 {
			asked = []string{"+I 1", "+I 2", "+I 1", "+I 2", "+I 2"}
		}
		if late > 1 {
			asked = []string{"+I 1", "+I 2", "+I 1", "+I 2", "+I 1", "+I 2"}
		}
		compareRows(t, source.asked, asked)
	}
}

// TestLookupErrors: what fails names the table; hints are checked.
func TestLookupErrors(t *testing.T) {
	lookedUp.Lock()
	defer lookedUp.Unlock()
	_, _, process := lookupOnce(t, &testTable{err: errors.New("no connection")}, nil)
	if _, err := process(); err == nil || err.Error() != "table t: no connection" {
		t.Error(err)
	}
	for key, text := range map[string]string{"async": "perhaps", "capacity": "0", "timeout": "soon", "output-mode": "any", "retry-predicate": "x",
		"retry-strategy": "x", "fixed-delay": "x", "max-attempts": "-1"} {
		_, err := readLookupHint(map[string]string{key: text})
		if err == nil || !strings.Contains(err.Error(), "'"+key+"' = '"+text+"'") {
			t.Errorf("%s = %s: %v", key, text, err)
		}
	}
}

// fullTestTable is a table held in full, of which each reading finds another version.
type fullTestTable struct {
	testTable
	versions []*column.Batch
	loads    int
	fail     error
}

func (s *fullTestTable) Load(context.Context) error {
	s.Lock()
	defer s.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.rows = s.versions[s.loads]
	s.loads++
	return nil
}

func (s *fullTestTable) Reload(_, _ time.Time) time.Duration { return time.Minute }

// TestLookupReload: a table held in full is read before the first row and again when its time has come; a reading that fails ends the job.
func TestLookupReload(t *testing.T) {
	lookedUp.Lock()
	defer lookedUp.Unlock()
	source := &fullTestTable{versions: []*column.Batch{testRowsOf("a"), testRowsOf("b", "c")}}
	source.req = connector.LookupRequest{Project: []int{1}, Keys: []int{0}}
	var timers []time.Time
	lookedUp.make = func(connector.LookupRequest) connector.LookupSource { return source }
	in, table := fields(column.Of(column.BigInt)), fields(column.Of(column.BigInt), column.Str())
	op := &graph.LookupJoin{Project: []int{1}, Table: graph.Table{Name: "t", Connector: "looked-up", Columns: table}}
	op.Keys = []graph.LookupKey{{Column: 0, Value: expr.CastTo(ref(0, in[0]), table[0].Type)}}
	o, err := New(&graph.Node{Op: op, Schema: append(in, table[1])}, [][]column.Field{in})
	if err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Now = func() time.Time { return time.UnixMilli(0) }
	c.SetTimer = func(at time.Time) { timers = append(timers, at) }
	if err := o.Open(c); err != nil {
		t.Fatal(err)
	}
	var out capture
	process := func() error {
		b := column.NewBatch(in, 0)
		column.Append(b.Cols[0], int64(1))
		column.Append(b.Cols[0], int64(2))
		b.Len = 2
		return o.Process(0, b, &out)
	}
	if err := process(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := o.Timer(time.UnixMilli(0).Add(time.Minute), &out); err != nil {
			t.Fatal(err)
		}
		o.(*lookupJoin).work.Wait()
		if source.fail == nil { // the end of a reading is seen without a row
			if err := o.(Resumer).Resume(&out); err != nil {
				t.Fatal(err)
			}
		}
		source.fail = errors.New("gone")
		if len(out.rows) == 1 {
			err = process()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	compareRows(t, out.rows, []string{`+I 1 "a"`, `+I 1 "b"`, `+I 2 "c"`})
	if err := process(); err == nil || err.Error() != "table t: reading it again: gone" {
		t.Error(err)
	}
	if len(timers) != 2 || timers[0] != time.UnixMilli(0).Add(time.Minute) {
		t.Errorf("timers at %v", timers)
	}
	if err := o.Close(); err != nil || !source.closed {
		t.Error(err, source.closed)
	}
}
