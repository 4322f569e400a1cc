package operator

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// limited is a context of an operator that keeps so many keys.
func limited(t fataler, most int, now *int64) *Context {
	t.Helper()
	var timers []int64
	c := idleContext(t, "0 ms", now, &timers)
	if err := c.Env.Settings.Set(setting.StateMaxKeys.Key, strconv.Itoa(most), "test"); err != nil {
		t.Fatal(err)
	}
	return c
}

// heldKeys counts the keys of an operator's tables; the largest number counts.
func heldKeys(t fataler, o Operator, key []int) (most int) {
	t.Helper()
	var w state.Writer
	if err := o.Snapshot(&w); err != nil {
		t.Fatal(err)
	}
	for _, table := range w.Tables {
		if !table.Keyed || table.Name == watermarkTable {
			continue
		}
		keys := map[string]bool{}
		for i := range table.Rows.Rows() {
			keys[keyText(table.Rows, key, table.Rows.Row(i))] = true
		}
		most = max(most, len(keys))
	}
	return most
}

// TestStateMaxKeys: each operator forgets the keys that did not change for the longest once there are too many, counts them, and goes on from a checkpoint with
// fewer. Where there is room for all keys, nothing differs.
func TestStateMaxKeys(t *testing.T) {
	for name, n := range stateful(t) {
		t.Run(name, func(t *testing.T) {
			key := []int{0}
			in := [][]column.Field{ttlInput}
			switch op := n.Op.(type) {
			case *graph.Join, *graph.TemporalJoin, *graph.MultiJoin:
				in = append(in, ttlInput)
			case *graph.Aggregate:
				key = op.Keys
			}
			_, one := n.Op.(*graph.Rank)
			one = one && len(n.Op.(*graph.Rank).Partition) == 0
			results := map[int][]string{}
			for _, most := range []int{0, 3, 100} {
				var now int64 = 100
				var out capture
				start := func(c *Context) Operator {
					t.Helper()
					o, err := New(n, in)
					if err == nil {
						err = o.Open(c)
					}
					if err != nil {
						t.Fatal(err)
					}
					return o
				}
				c := limited(t, most, &now)
				o := start(c)
				for i := range int64(50) {
					b := column.NewBatch(ttlInput, 0)
					column.Append(b.Cols[0], i%7)
					column.Append(b.Cols[1], i+1)
					column.Append(b.Cols[2], i)
					b.Len = 1
					for side := range in {
						if err := o.Process(side, b, &out); err != nil {
							t.Fatal(err)
						}
					}
					now++
					if err := o.Watermark(i+1, &out); err != nil {
						t.Fatal(err)
					}
					if held := heldKeys(t, o, key); most > 0 && held > most {
						t.Fatalf("%d keys are held, want at most %d", held, most)
					}
				}
				results[most] = out.rows
				if evicted := c.Counters.Evicted.Load(); (evicted > 0) != (most == 3 && !one) {
					t.Errorf("at most %d keys: %d were evicted", most, evicted)
				}
				if most != 3 || one {
					continue
				}
				var w state.Writer
				if err := o.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				c = limited(t, 1, &now)
				c.Restore = &state.Reader{Tables: w.Tables}
				if held := heldKeys(t, start(c), key); held != 1 || c.Counters.Evicted.Load() == 0 {
					t.Errorf("%d keys are held after a restart with one, and %d were evicted", held, c.Counters.Evicted.Load())
				}
			}
			if !slices.Equal(results[0], results[100]) {
				t.Errorf("results with room for all keys are\n%v, want\n%v", results[100], results[0])
			}
		})
	}
}

// TestMaxKeysShare: the shares of all subtasks are what was asked for, and each has one.
func TestMaxKeysShare(t *testing.T) {
	var now int64
	for _, c := range []struct{ most, hint, subtasks, want int }{{10, 0, 4, 10}, {3, 0, 4, 4}, {0, 0, 4, 0}, {7, 12, 5, 12}, {7, -1, 5, 0}, {8, 0, 1, 8}} {
		sum := 0
		for i := range c.subtasks {
			ctx := limited(t, c.most, &now)
			ctx.Parallelism, ctx.Subtask = c.subtasks, i
			sum += maxKeys(ctx, c.hint)
		}
		if sum != c.want {
			t.Errorf("%d keys, hint %d, %d subtasks: %d in all, want %d", c.most, c.hint, c.subtasks, sum, c.want)
		}
	}
}

// oldestFirst is the naive model of what is evicted: keys in the order of their last change.
type oldestFirst []int64

func (l *oldestFirst) remove(k int64) {
	*l = slices.DeleteFunc(*l, func(x int64) bool { return x == k })
}

func (l *oldestFirst) touch(k int64) {
	l.remove(k)
	*l = append(*l, k)
}

// TestAggregateMaxKeysModel counts in a map from which the key that changed the longest ago goes, with a changelog for each row and with one for each bundle.
func TestAggregateMaxKeysModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, _ := expr.LookupAggregate("SUM")
		in := []column.Field{{Name: "k", Type: column.Of(column.BigInt)}, {Name: "v", Type: column.Of(column.BigInt)}}
		op := &graph.Aggregate{
			Keys: []int{0}, Updates: true, UpdateBefore: true, Changes: graph.Retract,
			Calls: []expr.Aggregate{{Func: f, Args: []int{1}, Filter: -1, T: column.Of(column.BigInt), Retracts: true, Distinct: rapid.Bool().Draw(t, "distinct")}},
		}
		distinct := op.Calls[0].Distinct
		n := &graph.Node{Op: op, Schema: []column.Field{in[0], {Name: "s", Type: column.Of(column.BigInt)}}}
		most, restarts := rapid.IntRange(1, 5).Draw(t, "keys"), rapid.Bool().Draw(t, "restarts")
		var now int64 = 100
		o := open(t, n, in, limited(t, most, &now))
		var out capture
		var want []string
		counts := map[int64]int64{}
		var order oldestFirst
		evict := func() {
			for len(order) > most {
				delete(counts, order[0])
				order = order[1:]
			}
		}
		value := func(k int64) int64 { // of all rows of a key: a key's rows sum up to that, or to so many of it
			if distinct && counts[k] > 0 {
				return k + 1
			}
			return counts[k] * (k + 1)
		}
		for range rapid.IntRange(1, 40).Draw(t, "batches") {
			if restarts && rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				var w state.Writer
				if err := o.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				most = rapid.IntRange(1, 5).Draw(t, "keys")
				c := limited(t, most, &now)
				c.Restore = &state.Reader{Tables: w.Tables}
				o = open(t, n, in, c)
				evict()
			}
			rows := 1 // the order of what came at the same time is not part of a checkpoint
			if !restarts {
				rows = rapid.IntRange(1, 6).Draw(t, "rows")
			}
			b := column.NewBatch(in, rows)
			var came []int64
			for range rows {
				k := rapid.Int64Range(0, 7).Draw(t, "key")
				kind := column.Insert
				if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
					kind = column.Delete
				}
				column.Append(b.Cols[0], k)
				column.Append(b.Cols[1], k+1)
				b.Len++
				b.AddKinds(b.Len)[b.Len-1] = kind
				came = append(came, k)
				before := value(k)
				switch {
				case kind == column.Insert:
					if counts[k]++; counts[k] == 1 {
						want = append(want, fmt.Sprint("+I ", k, " ", value(k)))
					} else if value(k) != before {
						want = append(want, fmt.Sprint("-U ", k, " ", before), fmt.Sprint("+U ", k, " ", value(k)))
					}
				case counts[k] == 1:
					want = append(want, fmt.Sprint("-D ", k, " ", before))
					delete(counts, k)
				case counts[k] > 1:
					if counts[k]--; value(k) != before {
						want = append(want, fmt.Sprint("-U ", k, " ", before), fmt.Sprint("+U ", k, " ", value(k)))
					}
				}
			}
			for _, k := range came {
				if order.remove(k); counts[k] > 0 {
					order.touch(k)
				}
			}
			evict()
			if err := o.Process(0, b, &out); err != nil {
				t.Fatal(err)
			}
			now++
			if held := heldKeys(t, o, op.Keys); held != len(counts) {
				t.Fatalf("%d keys are held, want %d", held, len(counts))
			}
		}
		compareRows(t, out.rows, want)
	})
}

// TestJoinMaxKeysModel joins lists by key, of which those go whose last row came the longest ago, on either side by its own number.
func TestJoinMaxKeysModel(t *testing.T) {
	type row struct{ k, v, serial int64 }
	in := []column.Field{{Name: "k", Type: column.Of(column.BigInt)}, {Name: "v", Type: column.Of(column.BigInt)}}
	rapid.Check(t, func(t *rapid.T) {
		retracts := rapid.Bool().Draw(t, "retracts")
		op := &graph.Join{Match: graph.Match{Type: graph.InnerJoin, LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true}
		var n graph.Op = op
		side := graph.Side{}
		if retracts {
			side.Changes = graph.Retract
		}
		draw := func() (most [2]int) {
			for s := range most {
				most[s] = rapid.IntRange(1, 4).Draw(t, "keys")
				op.Sides[s] = side
				op.Sides[s].MaxKeys = most[s]
			}
			return most
		}
		several := rapid.Bool().Draw(t, "multi-join")
		start := func(c *Context) Operator {
			if several {
				n = &graph.MultiJoin{Keys: [][]int{{0}, {0}}, Joins: []graph.MultiStep{{Type: graph.InnerJoin}}, Sides: op.Sides[:]}
			}
			o, err := New(&graph.Node{Op: n, Schema: append(in[:2:2], in...)}, [][]column.Field{in, in})
			if err == nil {
				err = o.Open(c)
			}
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		most := draw()
		var now int64 = 100
		o := start(limited(t, 0, &now))
		var out capture
		var want []string
		var rows [2][]row
		var order [2]oldestFirst
		serial := int64(0)
		evict := func(s int) {
			for len(order[s]) > most[s] {
				rows[s] = slices.DeleteFunc(rows[s], func(r row) bool { return r.k == order[s][0] })
				order[s] = order[s][1:]
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "batches") {
			if rapid.IntRange(0, 6).Draw(t, "restart") == 0 {
				var w state.Writer
				if err := o.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				most = draw()
				c := limited(t, 0, &now)
				c.Restore = &state.Reader{Tables: w.Tables}
				o = start(c)
				for s := range rows { // of rows that were taken back nothing is known any more
					order[s] = nil
					for _, r := range rows[s] {
						order[s].touch(r.k)
					}
					evict(s)
				}
			}
			s := rapid.IntRange(0, 1).Draw(t, "side")
			b := column.NewBatch(in, 0)
			for range rapid.IntRange(1, 5).Draw(t, "rows") {
				serial++
				r, kind := row{rapid.Int64Range(0, 6).Draw(t, "key"), rapid.Int64Range(0, 2).Draw(t, "value"), serial}, column.Insert
				if retracts && rapid.IntRange(0, 3).Draw(t, "back") == 0 {
					kind = column.Delete
				}
				column.Append(b.Cols[0], r.k)
				column.Append(b.Cols[1], r.v)
				if b.Len++; retracts {
					b.AddKinds(b.Len)[b.Len-1] = kind
				}
				if kind == column.Insert {
					rows[s] = append(rows[s], r)
					order[s].touch(r.k)
				} else {
					for i := len(rows[s]) - 1; i >= 0; i-- {
						if rows[s][i].k == r.k && rows[s][i].v == r.v {
							rows[s] = slices.Delete(rows[s], i, i+1)
							break
						}
					}
					if !slices.ContainsFunc(rows[s], func(x row) bool { return x.k == r.k }) {
						order[s].remove(r.k)
					}
				}
				for _, x := range rows[1-s] {
					if x.k == r.k {
						var pair [2]row
						pair[s], pair[1-s] = r, x
						want = append(want, fmt.Sprint(kind, " ", pair[0].k, " ", pair[0].v, " ", pair[1].k, " ", pair[1].v))
					}
				}
			}
			if err := o.Process(s, b, &out); err != nil {
				t.Fatal(err)
			}
			evict(s)
			now++
		}
		compareRows(t, out.rows, want)
	})
}

// TestFirstRowsBounds: keys that have come are known after a restart, whether they had a bound and whether they have one then.
func TestFirstRowsBounds(t *testing.T) {
	n := &graph.Node{Op: &graph.Deduplicate{Keys: []int{0}, Time: -1}, Schema: ttlInput}
	var now int64 = 100
	var restored *state.Reader
	for _, most := range []int{0, 100, 0, 0, 7, 2, 0} {
		c := limited(t, most, &now)
		c.Restore = restored
		o := open(t, n, ttlInput, c)
		var out capture
		b := column.NewBatch(ttlInput, 5)
		for i := range int64(5) {
			column.Append(b.Cols[0], i)
			column.Append(b.Cols[1], i)
			column.Append(b.Cols[2], i)
			b.Len++
		}
		if err := o.Process(0, b, &out); err != nil {
			t.Fatal(err)
		}
		switch passed := len(out.rows); {
		case restored == nil && passed != 5, restored != nil && most != 2 && passed > 3, restored != nil && most > 2 && passed > 0:
			t.Errorf("at most %d keys: %d rows pass, of 5", most, passed)
		case most == 2 && passed != 3: // all but those that were kept when it began
			t.Errorf("at most 2 keys: %d rows pass, want 3", passed)
		}
		var w state.Writer
		if err := o.Snapshot(&w); err != nil {
			t.Fatal(err)
		}
		restored = &state.Reader{Tables: w.Tables}
	}
}
