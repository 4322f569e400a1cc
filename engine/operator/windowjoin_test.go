package operator

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// TestWindowJoinModel joins rows of the same window, which come in time, late or not at all.
func TestWindowJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawTimedMatch(t, allKinds...)
		for side := range m.in {
			m.in[side][2].Type = stamp
		}
		m.LeftKeys, m.RightKeys = []int{0, 2}, []int{0, 2}
		if m.NullSafe != nil {
			m.NullSafe = append(m.NullSafe, false)
		}
		op := &graph.WindowJoin{Match: m.Match, LeftEnd: 2, RightEnd: 2}
		var batches [2][]*column.Batch
		for side, in := range m.in {
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{})
			ends := column.NewVector(stamp, 0)
			for range all.Len {
				column.Append(ends, 5*rapid.Int64Range(0, 3).Draw(t, "window"))
			}
			all.Cols[2] = ends
			batches[side] = cutRows(t, in, all)
		}
		steps := withMarks(t, mixSteps(t, batches[:], true))
		now, late := int64(math.MinInt64), int64(0)
		var rows [2][]testRow
		var want []string
		fire := func() {
			var due [2][]testRow
			for side := range rows {
				rows[side] = slices.DeleteFunc(rows[side], func(r testRow) bool {
					if r.time-1 <= now {
						due[side] = append(due[side], r)
					}
					return r.time-1 <= now
				})
			}
			for _, s := range m.join(due[0], due[1]) {
				want = append(want, "+I "+s)
			}
		}
		for _, s := range steps {
			switch {
			case s.mark:
				now = s.time
				fire()
			case s.batch != nil:
				for _, r := range plainRows(s.batch) {
					if r.time-1 <= now {
						late++
					} else {
						rows[s.input] = append(rows[s.input], r)
					}
				}
			}
		}
		now = math.MaxInt64
		fire()
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		compareAny(t, c.out.rows, want)
		if c.late != late {
			t.Fatalf("%d rows are late, want %d", c.late, late)
		}
		for _, o := range c.tasks {
			if j := o.(*windowJoin); j.rows[0].Live()+j.rows[1].Live()+j.groups.Live()+j.due.Len() != 0 {
				t.Fatal("rows, keys or windows are left")
			}
		}
	})
}

// TestWindowJoinZoned: windows cut in local time are over when the zone's clock shows their end.
func TestWindowJoinZoned(t *testing.T) {
	settings := setting.New(setting.Engine)
	if err := settings.Set(setting.TimeZone.Key, "Europe/Berlin", "test"); err != nil {
		t.Fatal(err)
	}
	in := fields(column.Of(column.BigInt), stamp)
	end := time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC) // local
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], int64(1))
	column.Append(b.Cols[1], end.UnixMilli())
	b.Len = 1
	op := &graph.WindowJoin{Match: graph.Match{LeftKeys: []int{0, 1}, RightKeys: []int{0, 1}}, LeftEnd: 1, RightEnd: 1, Zoned: true}
	o, err := New(&graph.Node{Op: op, Schema: append(in, in...)}, [][]column.Field{in, in})
	c, out := testContext(), capture{}
	c.Env = connector.Env{Settings: settings}
	if err == nil {
		err = o.Open(c)
	}
	for side := 0; side < 2 && err == nil; side++ {
		err = o.Process(side, b, &out)
	}
	due := end.Add(-2 * time.Hour).UnixMilli()
	for i, want := range []int{0, 1} {
		if err == nil {
			err = o.Watermark(due-2+int64(i), &out)
		}
		if len(out.rows) != want {
			t.Errorf("%d rows at the watermark %d ms before the end, want %d", len(out.rows), 2-i, want)
		}
	}
	if err == nil {
		err = o.Process(0, b, &out)
	}
	if err != nil || c.Counters.Late.Load() != 1 {
		t.Error(err, c.Counters.Late.Load())
	}
}
