package operator

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// TestBundleModel: with mini-batch each group shows one change for the rows between two flushes.
func TestBundleModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, false)
		op.Updates, op.UpdateBefore = true, rapid.Bool().Draw(t, "before")
		size := rapid.IntRange(1, 20).Draw(t, "size")
		c, timers := watermarkContext(t, "0 ms")
		for key, value := range map[string]string{"enabled": "true", "allow-latency": "5 ms", "size": fmt.Sprint(size)} {
			if err := c.Env.Settings.Set("table.exec.mini-batch."+key, value, "test"); err != nil {
				t.Fatal(err)
			}
		}
		n := &graph.Node{Op: op, Schema: outputOf(op, in)}
		o := open(t, n, in, c)
		all := drawRows(t, in, rapid.IntRange(0, 60).Draw(t, "rows"), drawOptions{kinds: anyKind})
		groups, shown := map[string]*modelGroup{}, map[string]string{}
		var touched, want []string
		flush := func() {
			for _, key := range touched {
				before, known := shown[key]
				g := groups[key]
				switch {
				case g.rows == 0 && known:
					want = append(want, "-D"+before)
					delete(shown, key)
				case g.rows > 0 && !known:
					shown[key] = g.result(op.Calls)
					want = append(want, "+I"+shown[key])
				case g.rows > 0:
					after := g.result(op.Calls)
					if after != before && op.UpdateBefore {
						want = append(want, "-U"+before)
					}
					if after != before {
						want = append(want, "+U"+after)
					}
					shown[key] = after
				}
				if g.rows == 0 {
					delete(groups, key)
				}
			}
			touched = nil
		}
		var got capture
		held, r := 0, -1
		for _, b := range cutRows(t, in, all) {
			for range b.Rows() {
				r++
				key := keyText(all, op.Keys, r)
				if groups[key] == nil {
					groups[key] = newModelGroup(key, len(op.Calls))
				}
				if !slices.Contains(touched, key) {
					touched = append(touched, key)
				}
				if all.Kind(r).Adds() {
					groups[key].take(op.Calls, all, r, 1)
				} else if groups[key].rows > 0 {
					groups[key].take(op.Calls, all, r, -1)
				}
			}
			if held += b.Rows(); held >= size {
				held = 0
				flush()
			}
			if err := o.Process(0, b, &got); err != nil {
				t.Fatal(err)
			}
			mangle(b)
			if held > 0 && len(*timers) == 0 {
				t.Fatal("no timer bounds the latency")
			}
			var err error
			switch rapid.IntRange(0, 5).Draw(t, "event") {
			case 0:
				err = o.Watermark(7, &got)
			case 1:
				err = o.Timer(time.UnixMilli(5), &got)
			case 2:
				var w state.Writer
				if err = o.(Drainer).Drain(&got); err == nil {
					err = o.Snapshot(&w)
				}
				c.Restore = &state.Reader{Tables: w.Tables}
				o = open(t, n, in, c)
			default:
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			held = 0
			flush()
		}
		flush()
		if err := o.EndInput(0, &got); err != nil {
			t.Fatal(err)
		}
		if got.problem != "" {
			t.Fatal(got.problem)
		}
		compareRows(t, got.rows, want)
	})
}

// TestAggregateTTL: a group for which no row came for some time begins anew, also after a restore.
func TestAggregateTTL(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := windowInput
		op := &graph.Aggregate{Keys: []int{0}, Updates: true, UpdateBefore: true, Calls: windowCalls(t, graph.Cumulate)[:2]}
		n := &graph.Node{Op: op, Schema: outputOf(op, in)}
		c, timers := watermarkContext(t, "0 ms")
		setting := "10 ms"
		if rapid.Bool().Draw(t, "hint") { // it goes before the setting
			setting, op.TTL = rapid.SampledFrom([]string{"0 ms", "3 ms", "1 h"}).Draw(t, "setting"), 10*time.Millisecond
		}
		if err := c.Env.Settings.Set("table.exec.state.ttl", setting, "test"); err != nil {
			t.Fatal(err)
		}
		now := int64(1000)
		c.Now = func() time.Time { return time.UnixMilli(now) }
		o := open(t, n, in, c)
		all := drawRows(t, in, 30, drawOptions{})
		rows, last := map[string][]windowRow{}, map[string]int64{}
		var want []string
		var got capture
		at := 0
		for _, b := range cutRows(t, in, all) {
			now += rapid.Int64Range(0, 7).Draw(t, "pause")
			switch rapid.IntRange(0, 4).Draw(t, "event") {
			case 0:
				if len(*timers) > 0 {
					if err := o.Timer(time.UnixMilli(now), &got); err != nil {
						t.Fatal(err)
					}
				}
			case 1:
				var w state.Writer
				if err := o.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				checkTables(t, w.Tables)
				c.Restore = &state.Reader{Tables: w.Tables}
				o = open(t, n, in, c)
			}
			for range b.Rows() {
				key := textOf(all.Cols[0], at)
				since, known := last[key]
				if known && now-since >= 10 {
					rows[key] = nil
				}
				text := func() string { return " " + key + windowTwo(all, rows[key]) }
				before := text()
				first := len(rows[key]) == 0
				rows[key] = append(rows[key], windowRow{r: at, sign: 1})
				if last[key] = now; first {
					want = append(want, "+I"+text())
				} else if before != text() {
					want = append(want, "-U"+before, "+U"+text())
				}
				at++
			}
			if err := o.Process(0, b, &got); err != nil {
				t.Fatal(err)
			}
			mangle(b)
		}
		compareRows(t, got.rows, want)
		now = math.MaxInt32
		if err := o.Timer(time.UnixMilli(now), &got); err != nil {
			t.Fatal(err)
		}
		if live := o.(*aggregate).state.groups.Live(); len(*timers) > 0 && live > 0 {
			t.Fatalf("%d groups outlive the timer", live)
		}
	})
}

// windowTwo is COUNT(*) and SUM of rows.
func windowTwo(b *column.Batch, rows []windowRow) string {
	sum, has := int64(0), false
	for _, row := range rows {
		if !b.Cols[2].IsNull(row.r) {
			sum += longAt(b.Cols[2], row.r)
			has = true
		}
	}
	if !has {
		return fmt.Sprintf(" %d NULL", len(rows))
	}
	return fmt.Sprintf(" %d %d", len(rows), sum)
}
