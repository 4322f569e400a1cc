package operator

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// multiJoin joins several changelogs by a key that all have, without keeping anything between one join and the next. A row that comes or goes
// is walked through the inputs in the order of the joins: it begins as one tuple without rows, each input makes more of it by its rows of the
// key, and where the walk reaches the input that the row came from, the row itself is the only match.
//
// Where that input is joined by LEFT, a tuple that had no match there stood in the result with NULLs, and does so again when its last match
// goes: how many others match is counted among the rows that the input had at that moment, although the whole batch has been stored before.
//
// Tuples are numbers of rows, walked in batches and depth first, so that no more than a batch stands at each input; values are gathered for
// conditions and for the output only.
type multiJoin struct {
	joinState
	op    *graph.MultiJoin
	in    [][]column.Field
	steps []multiStep // by input; the first one has nothing but room
	outer bool        // some joins are LEFT
	own   int         // the input of the batch at work
	start tuples      // one for each of its changes
	from  []rowSource
	keys  []*column.Vector
	log   sideLog
	out   multiOutput
}

// newMultiJoin checks what is asked for against the inputs and the output.
func newMultiJoin(op *graph.MultiJoin, in [][]column.Field, schema []column.Field) (Operator, error) {
	if len(in) < 2 || len(op.Keys) != len(in) || len(op.Joins) != len(in)-1 || len(op.Sides) != len(in) {
		return nil, fmt.Errorf("a join of %d inputs has %d keys, %d joins and %d sides", len(in), len(op.Keys), len(op.Joins), len(op.Sides))
	}
	o := &multiJoin{op: op, in: in, outer: op.Outer(), steps: make([]multiStep, len(in)), from: make([]rowSource, len(in)), keys: make([]*column.Vector, len(op.Keys[0]))}
	width, kept := 0, true
	for i, fields := range in {
		width += len(fields)
		if len(op.Keys[i]) == 0 || len(op.Keys[i]) != len(op.Keys[0]) {
			return nil, fmt.Errorf("a join of several inputs has %d keys of input %d and %d of the first", len(op.Keys[i]), i, len(op.Keys[0]))
		}
		for k, c := range op.Keys[i] {
			if a, b := in[0][op.Keys[0][k]], fields[c]; !sameKeys(a.Type, b.Type) {
				return nil, fmt.Errorf("a join compares %s of type %s with %s of type %s", a.Name, a.Type, b.Name, b.Type)
			}
		}
		o.sides = append(o.sides, joinSide{name: "input " + strconv.Itoa(i)})
		o.steps[i].next.rows = make([][]int32, i+1)
		if i == 0 {
			continue
		}
		s := op.Joins[i-1]
		if s.Type != graph.InnerJoin && s.Type != graph.LeftJoin {
			return nil, fmt.Errorf("a join of several inputs is of kind %s, want Inner or Left", s.Type)
		}
		kept = kept && s.Type == graph.LeftJoin
		o.steps[i].outer, o.steps[i].present = s.Type == graph.LeftJoin, s.Present
	}
	if len(schema) != width {
		return nil, fmt.Errorf("the output of a join has %d columns, want %d", len(schema), width)
	}
	o.sides[0].keep = kept // a row whose key equals nothing is a result if it needs no match
	var keys []column.Type
	for _, c := range op.Keys[0] {
		keys = append(keys, in[0][c].Type)
	}
	o.groups = state.NewGroups(keys)
	o.out.init(in, schema)
	return o, nil
}

func (o *multiJoin) Open(c *Context) error {
	o.ctx = c
	for i := range o.sides {
		if i > 0 {
			if err := o.steps[i].open(c, o.op.Joins[i-1].Cond, o.in[:i+1]); err != nil {
				return err
			}
		}
		if err := o.joinState.open(&o.sides[i], o.op.Sides[i], o.in[i], o.op.Keys[i], false); err != nil {
			return err
		}
	}
	o.arm()
	return nil
}

// SizeBytes implements [Sizer].
func (o *multiJoin) SizeBytes() int {
	n := o.joinState.SizeBytes() + o.out.sizeBytes() + o.log.sizeBytes()
	for i := range o.steps {
		n += o.steps[i].sizeBytes()
	}
	return n
}

func (o *multiJoin) Process(input int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	now := o.tidy(share(b.Rows()))
	o.own = input
	o.take(b, now)
	for i := range o.sides {
		o.from[i] = o.sides[i].rows
	}
	if o.sides[input].mode != upserts {
		o.from[input] = columns(b.Cols)
	}
	o.out.kinded = !o.changes.plain || o.steps[input].outer
	o.start.change, o.start.kinds = first(o.start.change, len(o.changes.groups)), nil
	if o.out.kinded {
		o.start.kinds = o.changes.kinds
		if o.outer { // what a tuple takes the place of may be another one, so that there is no update
			for i, k := range o.start.kinds {
				if o.start.kinds[i] = column.Delete; k.Adds() {
					o.start.kinds[i] = column.Insert
				}
			}
		}
	}
	if err := o.walk(0, &o.start, out); err != nil {
		return err
	}
	if err := o.out.flush(o.from, out); err != nil {
		return err
	}
	o.sides[input].evict(&o.joinState)
	o.forget()
	o.arm()
	return nil
}

// take stores a batch's rows, and notes how its input changed meanwhile where that is to be known.
func (o *multiJoin) take(b *column.Batch, now int64) {
	s, counted := &o.sides[o.own], o.steps[o.own].outer
	for k, c := range o.op.Keys[o.own] {
		o.keys[k] = b.Cols[c]
	}
	last := !counted && s.mode == appends // remembering rows is pointless once all others have ended
	for i := range o.sides {
		last = last && (i == o.own || o.sides[i].ended)
	}
	o.find(o.keys, b, last)
	o.meet(now)
	nulls := false
	for _, v := range o.keys {
		if !v.HasNulls() {
			continue
		}
		for i := range b.Rows() {
			if v.IsNull(b.Row(i)) {
				o.matched[i], nulls = state.None, true
			}
		}
	}
	switch {
	case last:
		o.pass(b)
	case counted:
		o.log.begin(s.rows, o.groups, o.ids)
		o.store(s, b, now, nulls)
		o.log.note(&o.changes)
	default:
		o.store(s, b, now, nulls)
	}
}

// walk takes tuples that have the rows of the inputs before level through those that are left.
func (o *multiJoin) walk(level int, t *tuples, out Output) error {
	if level == len(o.in) {
		return o.out.add(t, o.from, out)
	}
	if level == o.own {
		return o.enter(t, out)
	}
	s := &o.steps[level]
	ids := s.ids[:0]
	for k, c := range t.change {
		g := o.changes.groups[c]
		if !s.follows(t, k) {
			g = state.None
		}
		ids = append(ids, g)
	}
	s.ids = ids
	for from := 0; from < len(ids); {
		begin := from
		from, s.pairs[0], s.pairs[1] = o.sides[level].rows.Pairs(ids, from, ChunkRows, s.pairs[0][:0], s.pairs[1][:0])
		if err := s.test(o.from, t); err != nil {
			return err
		}
		s.next.reset()
		if !s.outer {
			for i, k := range s.pairs[0] {
				s.next.add(t, k, s.pairs[1][i])
			}
		} else {
			at := 0
			for k := begin; k < from; k++ {
				if at == len(s.pairs[0]) || int(s.pairs[0][at]) != k {
					s.next.add(t, int32(k), column.Missing)
				}
				for ; at < len(s.pairs[0]) && int(s.pairs[0][at]) == k; at++ {
					s.next.add(t, int32(k), s.pairs[1][at])
				}
			}
		}
		if len(s.next.change) == 0 {
			continue
		}
		if err := o.walk(level+1, &s.next, out); err != nil {
			return err
		}
	}
	return nil
}

// enter takes tuples into the input whose rows have changed.
func (o *multiJoin) enter(t *tuples, out Output) error {
	s := &o.steps[o.own]
	s.pairs[0], s.pairs[1] = s.pairs[0][:0], s.pairs[1][:0]
	for k, c := range t.change {
		if s.follows(t, k) {
			s.pairs[0], s.pairs[1] = append(s.pairs[0], int32(k)), append(s.pairs[1], o.changes.rows[c])
		}
	}
	if err := s.test(o.from, t); err != nil {
		return err
	}
	var others []int32
	if s.outer {
		var err error
		if others, err = o.others(t); err != nil {
			return err
		}
	}
	s.next.reset()
	for i, k := range s.pairs[0] {
		alone := s.outer && others[i] == 0
		adds := alone && o.changes.kinds[t.change[k]].Adds()
		if adds {
			s.next.put(t, k, column.Missing, column.Delete)
		}
		s.next.add(t, k, s.pairs[1][i])
		if alone && !adds {
			s.next.put(t, k, column.Missing, column.Insert)
		}
	}
	if len(s.next.change) == 0 {
		return nil
	}
	return o.walk(o.own+1, &s.next, out)
}

// others counts, for each pair at the input at work, the other rows of the input that the pair's tuple matched when its change came.
func (o *multiJoin) others(t *tuples) ([]int32, error) {
	s, l := &o.steps[o.own], &o.log
	counts := l.counts[:0]
	if s.cond == nil {
		for _, k := range s.pairs[0] {
			counts = append(counts, l.others[t.change[k]])
		}
		l.counts = counts
		return counts, nil
	}
	source := o.from[o.own]
	o.from[o.own] = o.sides[o.own].rows
	for from, tuple := 0, s.pairs[0]; from < len(tuple); {
		left, right, of := l.pairs[0][:0], l.pairs[1][:0], l.of[:0]
		for ; from < len(tuple) && len(left) < ChunkRows; from++ {
			counts = append(counts, 0)
			right = l.present(o.sides[o.own].rows, t.change[tuple[from]], o.changes.groups, right)
			for len(left) < len(right) {
				left, of = append(left, tuple[from]), append(of, int32(from))
			}
		}
		l.pairs, l.of = [2][]int32{left, right}, of
		kept, err := s.filter(o.from, t, l.pairs)
		if err != nil {
			return nil, err
		}
		for _, p := range kept {
			counts[of[p]]++
		}
	}
	l.counts, o.from[o.own] = counts, source
	return counts, nil
}

// sideLog is how the rows of a join's input changed in the course of a batch: what was there at any of its changes.
type sideLog struct {
	born   []int32 // by change, rows of the table before this one had come
	others []int32 // by change, how many rows of its key were there beside its own
	tally  []int32 // by group
	gone   []int32 // by group, the last of its changes that took a row away; None: none did
	before []int32 // by change, the one before it in that list
	rows   []int32 // by change, the row that it took away

	counts, of []int32
	pairs      [2][]int32
}

// begin counts the rows of the groups of a batch.
func (l *sideLog) begin(t *state.Rows, groups *state.Groups, ids []int32) {
	for len(l.tally) < groups.Len() {
		l.tally, l.gone = append(l.tally, 0), append(l.gone, state.None)
	}
	for _, g := range ids {
		l.tally[g], l.gone[g] = int32(t.Count(g)), state.None
	}
	l.born = append(l.born[:0], int32(t.Len()))
}

// note follows the batch's changes.
func (l *sideLog) note(c *rowChanges) {
	next := l.born[0]
	l.born, l.others, l.before, l.rows = l.born[:0], l.others[:0], l.before[:0], l.rows[:0]
	for i, g := range c.groups {
		row, before, count := c.stored[i], int32(state.None), int32(0)
		adds := c.kinds[i].Adds()
		if adds && row >= 0 {
			next = row
		}
		l.born = append(l.born, next)
		if g >= 0 {
			if !adds && row >= 0 {
				l.tally[g]--
				before, l.gone[g] = l.gone[g], int32(i)
			}
			count = l.tally[g]
			if adds && row >= 0 {
				l.tally[g]++
				next = row + 1
			}
		}
		l.others, l.before, l.rows = append(l.others, count), append(l.before, before), append(l.rows, row)
	}
}

// present adds to list the rows of a change's group that were there when it came, but for its own.
func (l *sideLog) present(t *state.Rows, change int32, groups, list []int32) []int32 {
	g, n := groups[change], len(list)
	list = t.AppendGroup(g, list)
	kept := list[:n]
	for _, r := range list[n:] {
		if r < l.born[change] {
			kept = append(kept, r)
		}
	}
	for at := l.gone[g]; at > change; at = l.before[at] {
		if r := l.rows[at]; r < l.born[change] {
			kept = append(kept, r)
		}
	}
	return kept
}

func (l *sideLog) sizeBytes() int {
	n := 0
	for _, list := range [...][]int32{l.born, l.others, l.tally, l.gone, l.before, l.rows, l.counts, l.of, l.pairs[0], l.pairs[1]} {
		n += cap(list) * 4
	}
	return n
}

// tuples are rows of the first inputs of a join, which belong together.
type tuples struct {
	change []int32          // by tuple, the change that it comes of
	kinds  []column.RowKind // by tuple; empty: all are inserts
	rows   [][]int32        // by input and tuple; column.Missing: none
}

func (t *tuples) reset() {
	t.change, t.kinds = t.change[:0], t.kinds[:0]
	for i := range t.rows {
		t.rows[i] = t.rows[i][:0]
	}
}

// add adds tuple k of from with a row of one more input.
func (t *tuples) add(from *tuples, k, row int32) {
	last := len(t.rows) - 1
	t.change = append(t.change, from.change[k])
	if len(from.kinds) > 0 {
		t.kinds = append(t.kinds, from.kinds[k])
	}
	for i, list := range from.rows {
		t.rows[i] = append(t.rows[i], list[k])
	}
	t.rows[last] = append(t.rows[last], row)
}

// put is add with another kind.
func (t *tuples) put(from *tuples, k, row int32, kind column.RowKind) {
	t.add(from, k, row)
	t.kinds[len(t.kinds)-1] = kind
}

func (t *tuples) sizeBytes() int {
	n := cap(t.change)*4 + cap(t.kinds)
	for _, list := range t.rows {
		n += cap(list) * 4
	}
	return n
}

// follows reports whether tuple k has rows of all inputs that must have one.
func (s *multiStep) follows(t *tuples, k int) bool {
	return !slices.ContainsFunc(s.present, func(input int) bool { return t.rows[input][k] < 0 })
}
