package operator

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// TestBoundedJoinForgets compares a join that forgets rows by their times with one that remembers them all, over streams in which those sides that it relies on
// bring only times after their own watermarks, behind which the merged one goes on while they are idle: the results are the same, and nothing is held in the
// end that is over.
func TestBoundedJoinForgets(t *testing.T) {
	millis, day := column.Sized(column.Timestamp, 3), column.Sized(column.IntervalDayTime, 3)
	in := [][]column.Field{fields(column.Of(column.BigInt), millis, column.Str()), fields(column.Str(), millis, column.Of(column.BigInt))}
	call := func(name string, args ...expr.Expr) expr.Expr {
		e, err := expr.NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	left, right := &expr.Column{Index: 1, Name: "l", T: millis}, &expr.Column{Index: 4, Name: "r", T: millis}
	rapid.Check(t, func(t *rapid.T) {
		back, ahead := int64(rapid.IntRange(-2, 4).Draw(t, "back")), int64(rapid.IntRange(-2, 4).Draw(t, "ahead"))
		match := graph.Match{LeftKeys: []int{0}, RightKeys: []int{2}, Cond: expr.And([]expr.Expr{
			call(">=", left, call("-", right, &expr.Literal{Value: back, T: day})), call("<=", left, call("+", right, &expr.Literal{Value: ahead, T: day})),
		})}
		if rapid.Bool().Draw(t, "null-safe") {
			match.NullSafe = []bool{true}
		}
		inserts := [2]graph.Side{{Changes: graph.InsertOnly}, {Changes: graph.InsertOnly}}
		bounded := graph.Join{Match: match, Updates: true, Sides: inserts}
		bounds := [2]*graph.JoinBound{{Column: 1, Delay: back}, {Column: 1, Delay: ahead}}
		which := rapid.IntRange(1, 3).Draw(t, "bounded sides")
		for side := range bounds {
			if which>>side&1 == 1 {
				bounded.Until[side] = bounds[side]
			}
		}
		var steps []step
		marks := []int64{0, 0}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0:
				steps = append(steps, step{restart: rapid.IntRange(1, 3).Draw(t, "parallelism")})
			case 1, 2:
				for side := range marks {
					marks[side] += int64(rapid.IntRange(0, 4).Draw(t, "on"))
				}
				steps = append(steps, step{mark: true, time: rapid.Int64Range(slices.Min(marks), slices.Max(marks)+9).Draw(t, "mark"), reached: slices.Clone(marks)})
			default:
				side := rapid.IntRange(0, 1).Draw(t, "side")
				// Rows of a side are forgotten because the other one has no late rows.
				from := int64(0)
				if bounded.Until[1-side] != nil {
					from = marks[side] + 1
				}
				b := column.NewBatch(in[side], 0)
				for range rapid.IntRange(1, 6).Draw(t, "rows") {
					for c, v := range b.Cols {
						switch {
						case c != 1:
							drawValue(t, v, true)
						case rapid.IntRange(0, 9).Draw(t, "no time") == 0:
							v.AppendNull()
						default:
							column.Append(v, from+int64(rapid.IntRange(0, 6).Draw(t, "time")))
						}
					}
					b.Len++
				}
				steps = append(steps, step{input: side, batch: b})
			}
		}
		for side := range in {
			steps = append(steps, step{input: side, end: true})
		}
		keys := [][]int{match.LeftKeys, match.RightKeys}
		schema := slices.Concat(in[0], in[1])
		again := slices.Clone(steps) // batches are destroyed
		for i, s := range again {
			if s.batch != nil {
				again[i].batch = column.NewBatch(in[s.input], 0)
				again[i].batch.AppendRows(s.batch, nil)
			}
		}
		got := runSteps(t, &graph.Node{Op: &bounded, Schema: schema}, in, keys, steps)
		want := runSteps(t, &graph.Node{Op: &graph.Join{Match: match, Updates: true, Sides: inserts}, Schema: schema}, in, keys, again)
		compareAny(t, got.out.rows, want.out.rows)
		for _, o := range got.tasks {
			for side, list := range o.(*boundedJoin).shelves {
				for _, f := range list {
					if bounded.Until[side] != nil && !got.follow { // a checkpoint may be at work on them
						t.Fatalf("%d rows of side %d are held", f.rows, side)
					}
				}
			}
		}
	})
}

// TestBoundedJoinSlabs joins more rows than a slab holds, first with a few rows of the other side and then with many: by running through slabs, and by indexes.
func TestBoundedJoinSlabs(t *testing.T) {
	in := [][]column.Field{fields(column.Of(column.BigInt), column.Sized(column.Timestamp, 3)), fields(column.Of(column.BigInt), column.Sized(column.Timestamp, 3))}
	op := &graph.Join{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true, Until: [2]*graph.JoinBound{{Column: 1, Delay: 10}, nil}}
	made, err := New(&graph.Node{Op: op, Schema: slices.Concat(in[0], in[1])}, in)
	if err == nil {
		err = made.Open(testContext())
	}
	if err != nil {
		t.Fatal(err)
	}
	o := made.(*boundedJoin)
	batch := func(from, n int, at int64) *column.Batch {
		b := column.NewBatch(in[0], n)
		for i := range n {
			column.Append(b.Cols[0], int64(from+i))
			column.Append(b.Cols[1], at)
		}
		b.Len = n
		return b
	}
	var out sumUp
	give := func(side int, b *column.Batch) {
		t.Helper()
		if err := o.Process(side, b, &out); err != nil {
			t.Fatal(err)
		}
	}
	const chunk, chunks = 1000, 40
	for i := range chunks {
		give(0, batch(i*chunk, chunk, int64(i)))
	}
	slabs := func() (list []*slab) {
		for _, f := range o.shelves[0] {
			list = append(list, f.slabs...)
		}
		return slices.DeleteFunc(list, func(s *slab) bool { return s == nil })
	}
	if n := len(slabs()); n != (chunk*chunks+slabRows-1)/slabRows {
		t.Errorf("%d rows stand in %d slabs", chunk*chunks, n)
	}
	want := int64(0)
	for i := range maxScans + 2 {
		give(1, batch(i*chunk, 3, 0))
		if want += 3; out.rows != want {
			t.Fatalf("%d pairs, want %d", out.rows, want)
		}
		if indexed := slabs()[0].heads != nil; indexed != (i >= maxScans) {
			t.Errorf("after %d times a slab has an index: %t", i+1, indexed)
		}
	}
	give(1, batch(0, chunk*chunks, 0))
	if want += chunk * chunks; out.rows != want {
		t.Fatalf("%d pairs, want %d", out.rows, want)
	}
	if err := o.Watermark(int64(chunks/2+10), &out); err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, s := range slabs() {
		held += len(s.hash)
	}
	if held >= chunk*chunks || held < chunk*chunks/2 {
		t.Errorf("%d rows are held of %d, of which half are over", held, chunk*chunks)
	}
}
