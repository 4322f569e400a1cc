package operator

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// TestWindowEmitModel shows results with each row, before a window is complete or after that or both.
func TestWindowEmitModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop)
		op := &graph.WindowAggregate{Window: w, Calls: windowCalls(t, graph.Cumulate), Keys: []int{0}, Properties: startEnd}
		op.EmitEarly, op.EmitLate = rapid.Bool().Draw(t, "early"), rapid.Bool().Draw(t, "late")
		lateness := int64(rapid.IntRange(0, 9).Draw(t, "lateness"))
		op.AllowedLateness = time.Duration(lateness) * time.Millisecond
		op.EmitEarly = op.EmitEarly || !op.EmitLate && lateness == 0
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{})
		b := in.rows
		type group struct {
			span
			key   string
			rows  []windowRow
			shown string
		}
		groups := map[string]*group{}
		var want []string
		late := int64(0)
		show := func(g *group) {
			text := fmt.Sprintf("%s%s %d %d %d", g.key, windowResult(b, g.rows, op.Calls), g.start, g.end, g.end-1)
			switch {
			case g.shown == "":
				want = append(want, "+I"+text)
			case g.shown != text:
				want = append(want, "-U"+g.shown, "+U"+text)
			}
			g.shown = text
		}
		fire := func(now int64) {
			for _, g := range groups {
				if g.end-1 <= now {
					show(g)
				}
			}
		}
		for r := range b.Len {
			at, now := longAt(b.Cols[1], r), in.before(r)
			fire(now)
			missed := 0
			spans := spansOf(&w, at)
			for _, s := range spans {
				if s.end-1+lateness <= now {
					missed++
					continue
				}
				id := fmt.Sprint(s, keyText(b, op.Keys, r))
				g := groups[id]
				if g == nil {
					g = &group{span: s, key: keyText(b, op.Keys, r)}
					groups[id] = g
				}
				g.rows = append(g.rows, windowRow{r: r, time: at, sign: 1})
				if op.EmitEarly || g.end-1 <= now {
					show(g)
				}
			}
			if missed > 0 && missed == len(spans) { // once, however many windows it comes too late for
				late++
			}
		}
		fire(math.MaxInt64)
		checkRows(t, &graph.Node{Op: op, Schema: windowOutputOf(op, windowInput)}, windowInput, in, op.Keys, want, late, false)
	})
}

// TestWindowEmitDelay shows what has changed when the delay has passed.
func TestWindowEmitDelay(t *testing.T) {
	in := windowInput[:2]
	op := &graph.WindowAggregate{Window: graph.Window{Type: graph.Tumble, Size: 100, Time: 1}, Keys: []int{0}, Calls: []expr.Aggregate{{Func: lookupAggregate(t, "COUNT"), Filter: -1, T: column.Of(column.BigInt).Required()}}, Properties: startEnd[:2],
		EmitEarly: true, Early: 5 * time.Millisecond}
	c := testContext()
	now, timers := int64(0), map[int64]bool{}
	c.Now = func() time.Time { return time.UnixMilli(now) }
	c.SetTimer = func(at time.Time) { timers[at.UnixMilli()] = true }
	o := open(t, &graph.Node{Op: op, Schema: windowOutputOf(op, in)}, in, c)
	var got capture
	for now = range int64(20) {
		if timers[now] {
			if err := o.Timer(time.UnixMilli(now), &got); err != nil {
				t.Fatal(err)
			}
		}
		if now == 1 || now == 3 || now == 8 {
			b := column.NewBatch(in, 0)
			column.Append(b.Cols[0], int32(7))
			column.Append(b.Cols[1], int64(50))
			b.Len = 1
			if err := o.Process(0, b, &got); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := o.Watermark(99, &got); err != nil {
		t.Fatal(err)
	}
	compareRows(t, got.rows, []string{"+I 7 2 0 100", "-U 7 2 0 100", "+U 7 3 0 100"})
}
