package operator

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/graph"
)

func TestDeduplicateModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Deduplicate{Keys: []int{0}, Time: rapid.SampledFrom([]int{-1, 1}).Draw(t, "time"), Last: rapid.Bool().Draw(t, "last")}
		op.UpdateBefore = rapid.Bool().Draw(t, "before")
		if rapid.IntRange(0, 3).Draw(t, "keys") == 0 {
			op.Keys = []int{0, 2}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		want, late := modelDeduplicate(op, in)
		checkTimed(t, &graph.Node{Op: op, Schema: windowInput}, windowInput, in, op.Keys, want, late)
	})
}

func modelDeduplicate(op *graph.Deduplicate, in *timedInput) (want []string, late int64) {
	b := in.rows
	timeOf := func(r int) int64 { return longAt(b.Cols[1], r) }
	rest := func(r int) string { return rowText(b, r)[2:] }
	kept := map[string]int{}
	done := map[string]bool{}
	fire := func(now int64) {
		var due []int
		for key, r := range kept {
			if timeOf(r) <= now && !done[key] {
				due, done[key] = append(due, r), true
			}
		}
		slices.SortFunc(due, func(a, b int) int { return cmp.Or(cmp.Compare(timeOf(a), timeOf(b)), cmp.Compare(a, b)) })
		for _, r := range due {
			want = append(want, "+I"+rest(r))
		}
	}
	for r := range b.Len {
		key := keyText(b, op.Keys, r)
		before, known := kept[key]
		switch {
		case op.Last && !known:
			kept[key] = r
			want = append(want, "+I"+rest(r))
		case op.Last:
			if op.Time >= 0 && timeOf(r) < timeOf(before) {
				continue
			}
			kept[key] = r
			if op.UpdateBefore {
				want = append(want, "-U"+rest(before))
			}
			want = append(want, "+U"+rest(r))
		case op.Time < 0:
			if !known {
				kept[key] = r
				want = append(want, "+I"+rest(r))
			}
		default:
			now := in.before(r)
			fire(now)
			if timeOf(r) <= now {
				late++
			} else if !done[key] && (!known || timeOf(r) < timeOf(before)) {
				kept[key] = r
			}
		}
	}
	if !op.Last && op.Time >= 0 {
		fire(math.MaxInt64)
	}
	return want, late
}

// TestDeduplicateTTL: a key that was not written for some time is new again.
func TestDeduplicateTTL(t *testing.T) {
	for _, last := range []bool{false, true} {
		rapid.Check(t, func(t *rapid.T) {
			op := &graph.Deduplicate{Keys: []int{0}, Time: -1, Last: last}
			c, _ := watermarkContext(t, "0 ms")
			if err := c.Env.Settings.Set("table.exec.state.ttl", "10 ms", "test"); err != nil {
				t.Fatal(err)
			}
			now := int64(1000)
			c.Now = func() time.Time { return time.UnixMilli(now) }
			o := open(t, &graph.Node{Op: op, Schema: windowInput}, windowInput, c)
			all := drawRows(t, windowInput, 30, drawOptions{})
			written := map[string]int64{}
			var want []string
			var got capture
			for _, b := range cutRows(t, windowInput, all) {
				now += rapid.Int64Range(0, 7).Draw(t, "pause")
				if rapid.Bool().Draw(t, "timer") {
					if err := o.Timer(time.UnixMilli(now), &got); err != nil {
						t.Fatal(err)
					}
				}
				for i := range b.Rows() {
					r := b.Row(i)
					key := textOf(b.Cols[0], r)
					since, known := written[key]
					known = known && now-since < 10
					switch {
					case !known:
						want = append(want, "+I"+rowText(b, r)[2:])
						written[key] = now
					case last:
						want = append(want, "+U"+rowText(b, r)[2:])
						written[key] = now
					}
				}
				if err := o.Process(0, b, &got); err != nil {
					t.Fatal(err)
				}
				mangle(b)
			}
			compareRows(t, got.rows, want)
		})
	}
}
