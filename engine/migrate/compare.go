package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// Verdict is what becomes of an operator's state.
type Verdict string

// What becomes of state.
const (
	Kept       Verdict = "kept"
	Migrated   Verdict = "migrated"   // it is changed so that the operator can go on with it
	New        Verdict = "new"        // the operator has no state there and starts empty
	Dropped    Verdict = "dropped"    // no operator takes it
	Impossible Verdict = "impossible" // the operator cannot go on with it
)

// Operator is an operator of the job, or one of the checkpoint that the job does not have.
type Operator struct {
	Name    string
	UID     string // in the job; empty of one that it does not have
	From    string // the uid of the state; empty of one that is new
	Verdict Verdict
	// Notes say what changes, and why, one thing each.
	Notes []string
	// Empty says that nothing is lost when the state is dropped: there is none.
	Empty bool
}

// Report says what a restore would do.
type Report struct {
	Operators []Operator
	moved     *job.Checkpoint
}

// Compare finds out what becomes of a checkpoint's state in a graph. opts are those that the job would run with.
func Compare(g *graph.Graph, c *job.Checkpoint, opts job.Options) *Report {
	r := &Report{moved: &job.Checkpoint{ID: c.ID, MaxParallelism: c.MaxParallelism, Final: c.Final, Began: c.Began, Nodes: maps.Clone(c.Nodes)}}
	groups := opts.MaxParallelism
	if groups == 0 {
		groups = opts.Env.Settings.Int(setting.MaxParallelism)
	}
	if groups != c.MaxParallelism {
		r.add(Operator{Name: "the job", Verdict: Impossible, Notes: []string{fmt.Sprintf("it has %d key groups, and the state %d: set %s to %d",
			groups, c.MaxParallelism, setting.MaxParallelism.Key, c.MaxParallelism)}})
	}
	from := pair(g, c)
	for _, n := range g.Nodes {
		uid := job.UIDOf(n)
		old, found := from[uid]
		switch {
		case found:
			r.operator(g, n, uid, old, c.Nodes[old], opts)
		case keeps(n):
			note := "it starts empty"
			if _, scan := n.Op.(*graph.Scan); scan {
				note = "it is read from the beginning"
			}
			r.add(Operator{Name: n.Name, UID: uid, Verdict: New, Notes: []string{note}})
		}
	}
	taken := map[string]bool{}
	for _, old := range from {
		taken[old] = true
	}
	for _, old := range slices.Sorted(maps.Keys(c.Nodes)) {
		if s := c.Nodes[old]; !taken[old] && (s.Holds() || s.Shape != "") && !trivial(s.Name) {
			op := Operator{Name: s.Name, From: old, Verdict: Dropped, Empty: !s.Holds()}
			switch {
			case op.Empty:
				op.Notes = []string{"the job does not have it any more; it holds nothing"}
			default:
				op.Notes = []string{"the job has no operator with this uid, nor a changed one with the same kind, keys and inputs: " + holding(s)}
			}
			r.add(op)
		}
	}
	return r
}

func (r *Report) add(op Operator) { r.Operators = append(r.Operators, op) }

// trivial reports whether an operator that is gone need not be spoken of when it held nothing.
func trivial(name string) bool {
	kind, _, _ := strings.Cut(name, "(")
	return slices.Contains([]string{"Calc", "Union", "WatermarkAssigner", "LocalAggregate", "LocalWindowAggregate", "DropUpdateBefore", "Values"}, kind)
}

// keeps reports whether a node has state, or stands for a table.
func keeps(n *graph.Node) bool {
	switch n.Op.(type) {
	case *graph.Scan, *graph.Sink:
		return true
	}
	return stateful(n)
}

// holding says what an operator's state is.
func holding(s *job.NodeState) string {
	var parts []string
	if n := len(s.Splits); n > 0 {
		parts = append(parts, fmt.Sprintf("%d splits that are not read to their ends", n))
	}
	if n := len(s.Committables); n > 0 {
		parts = append(parts, fmt.Sprintf("%d outputs that are not visible yet", n))
	}
	rows := 0
	for _, list := range s.Subtasks {
		for i := range list {
			rows += list[i].Rows.Rows()
		}
	}
	return strings.Join(append(parts, fmt.Sprintf("%d rows of state", rows)), ", ")
}

// pair finds the state of each node, by uid: that with the same uid, else the one of the same shape that nobody else has, if it is the only one and
// the node is the only one to want it.
func pair(g *graph.Graph, c *job.Checkpoint) map[string]string {
	from, taken := map[string]string{}, map[string]bool{}
	for _, n := range g.Nodes {
		if uid := job.UIDOf(n); c.Nodes[uid] != nil {
			from[uid], taken[uid] = uid, true
		}
	}
	wanting, having := map[string][]string{}, map[string][]string{}
	for _, n := range g.Nodes {
		if uid := job.UIDOf(n); n.Shape != "" && from[uid] == "" && stateful(n) {
			wanting[n.Shape] = append(wanting[n.Shape], uid)
		}
	}
	for uid, s := range c.Nodes {
		if !taken[uid] && s.Shape != "" && slices.ContainsFunc(s.Subtasks, func(t []state.Table) bool { return len(t) > 0 }) {
			having[s.Shape] = append(having[s.Shape], uid)
		}
	}
	for shape, uids := range wanting {
		if len(uids) == 1 && len(having[shape]) == 1 {
			from[uids[0]] = having[shape][0]
		}
	}
	return from
}

// operator compares a node with its state, and changes that where it must be changed.
func (r *Report) operator(g *graph.Graph, n *graph.Node, uid, old string, s *job.NodeState, opts job.Options) {
	op := Operator{Name: n.Name, UID: uid, From: old, Verdict: Kept}
	if old != uid {
		delete(r.moved.Nodes, old)
		r.moved.Nodes[uid] = s
		op.Verdict = Migrated
		op.Notes = append(op.Notes, "it is computed otherwise, over the same keys and inputs")
	}
	if !slices.ContainsFunc(s.Subtasks, func(t []state.Table) bool { return len(t) > 0 }) {
		if _, scan := n.Op.(*graph.Scan); scan || s.Holds() {
			r.add(op)
		}
		return
	}
	want, err := expected(g, n, opts)
	if err != nil {
		op.Verdict, op.Notes = Impossible, []string{err.Error()}
		r.add(op)
		return
	}
	now := time.Now()
	if opts.Clock != nil {
		now = opts.Clock.Now()
	}
	f := fitting{want: want, takesBack: takesBack(n.Op), now: now}
	f.inFlight(g, n, s, old != uid)
	out := *s
	out.Subtasks = make([][]state.Table, len(s.Subtasks))
	for i, list := range s.Subtasks {
		for k := range list {
			out.Subtasks[i] = append(out.Subtasks[i], f.table(&list[k], list))
		}
	}
	switch {
	case len(f.problems) > 0:
		op.Verdict, op.Notes = Impossible, f.problems
	case len(f.notes) > 0:
		op.Verdict, op.Notes = Migrated, append(op.Notes, f.notes...)
	}
	r.moved.Nodes[uid] = &out
	r.add(op)
}

// takesBack reports whether rows of a node's input may be taken back.
func takesBack(op graph.Op) bool {
	switch op := op.(type) {
	case *graph.Aggregate:
		return op.Changes != 0
	case *graph.WindowAggregate:
		return op.Changes != 0
	case *graph.Join:
		return op.Sides[0].Changes != 0 || op.Sides[1].Changes != 0
	case *graph.Rank:
		return op.Side.Changes != 0
	case *graph.Deduplicate:
		return op.Changes != 0
	case *graph.AssignWindows:
		return op.Changes != 0
	case *graph.TemporalJoin:
		return op.Changes != 0
	case *graph.Materialize, *graph.Normalize:
		return true
	}
	return false
}

// Err says why the job cannot be restored; nil if it can. State that would be lost is an error unless that is allowed.
func (r *Report) Err(allowDropped bool) error {
	var list []string
	dropped := false
	for _, op := range r.Operators {
		switch {
		case op.Verdict == Impossible:
			list = append(list, fmt.Sprintf("%s cannot go on with its state: %s", op.Name, strings.Join(op.Notes, "; ")))
		case op.Verdict == Dropped && !op.Empty && !allowDropped:
			dropped = true
			list = append(list, fmt.Sprintf("%s (uid '%s') is not part of the job any more, and its state would be lost: %s", op.Name, op.From, strings.Join(op.Notes, "; ")))
		}
	}
	if len(list) == 0 {
		return nil
	}
	text := strings.Join(list, "\n")
	if dropped {
		text += "\nset " + setting.IgnoreUnclaimedState.Key + " to true (--allowNonRestoredState) to go on without state that has no operator"
	}
	return fmt.Errorf("the state does not fit the job: %s", text)
}

// Checkpoint is the checkpoint that the job can start from, if Err has no objection.
func (r *Report) Checkpoint() *job.Checkpoint { return r.moved }

// Changed returns what was migrated, as a line each.
func (r *Report) Changed() (list []string) {
	for _, op := range r.Operators {
		if op.Verdict == Migrated {
			list = append(list, op.Name+": "+strings.Join(op.Notes, "; "))
		}
	}
	return list
}

// schemaOf returns the schemas of a node's inputs.
func schemaOf(g *graph.Graph, n *graph.Node) (in [][]column.Field) {
	for _, e := range n.Inputs {
		in = append(in, g.Nodes[e.From].Schema)
	}
	return in
}
