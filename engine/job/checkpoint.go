package job

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// Checkpoint is the state of a whole job at one point of its input, in memory. It is not changed once made, and, if it is full, may be restored from
// more than once; others have of tables in layers what has changed.
type Checkpoint struct {
	ID             int64 // counts from 1 within a job, and on from the one restored
	MaxParallelism int
	Final          bool                  // of the end of all inputs: nothing is left to do but to commit
	Began          string                // id of the run that started without a checkpoint and that led to this one; "": not known
	Nodes          map[string]*NodeState // by UID
	Timing         task.Timing           // of the tasks: of each time the longest, and all bytes
}

// NodeState is one node's part.
type NodeState struct {
	Name     string
	Shape    string          // of the node, as graph.Node has it
	Finished bool            // the node had ended in all subtasks: it is not run again
	Subtasks [][]state.Table // by subtask; nil for those that had ended
	Splits   []connector.Split
	// Discovery is what the source has of the splits that it found, Splits and those read before; nil where all were known from the start.
	Discovery []byte
	// Committables are what a sink wrote and the checkpoint covers. They are committed once the checkpoint exists, and again when
	// a job is restored from it.
	Committables []connector.Committable
}

// began returns the id of the run that began what this run goes on with; its own if it starts from nothing.
func (h *Handle) began() string {
	if h.opts.Restore == nil {
		return h.id
	}
	return h.opts.Restore.Began
}

// restored returns what the checkpoint that the job starts from holds for a node; nil if there is nothing.
func (h *Handle) restored(n *planned) *NodeState {
	if h.opts.Restore == nil {
		return nil
	}
	return h.opts.Restore.Nodes[n.uid]
}

// checkRestore compares the checkpoint that the job starts from with the graph.
func (h *Handle) checkRestore() error {
	c := h.opts.Restore
	if c == nil {
		return nil
	}
	if c.MaxParallelism != h.plan.groups {
		return fmt.Errorf("checkpoint %d was taken with %d key groups, and the job has %d: set pipeline.max-parallelism to %d",
			c.ID, c.MaxParallelism, h.plan.groups, c.MaxParallelism)
	}
	if h.opts.Env.Settings.Bool(setting.IgnoreUnclaimedState) {
		return nil
	}
	known := map[string]bool{}
	for i := range h.plan.nodes {
		known[h.plan.nodes[i].uid] = true
	}
	var unclaimed []string
	for _, uid := range slices.Sorted(maps.Keys(c.Nodes)) {
		if s := c.Nodes[uid]; !known[uid] && s.Holds() {
			unclaimed = append(unclaimed, fmt.Sprintf("%s (uid '%s')", s.Name, uid))
		}
	}
	if len(unclaimed) > 0 {
		return fmt.Errorf("checkpoint %d has state of nodes that the job does not have: %s; set %s to true to go on without it",
			c.ID, strings.Join(unclaimed, ", "), setting.IgnoreUnclaimedState.Key)
	}
	return nil
}

// Holds reports whether anything would be lost without the state.
func (s *NodeState) Holds() bool {
	return len(s.Splits)+len(s.Discovery)+len(s.Committables) > 0 || slices.ContainsFunc(s.Subtasks, func(t []state.Table) bool { return len(t) > 0 })
}

// cut returns what a subtask gets of a node's state: of keyed tables the rows of its key groups; other tables go, whole, to
// the subtask of the same number, or are dealt in turn if there are fewer now.
func (s *NodeState) cut(subtask, parallelism, groups int) *state.Reader {
	if parallelism == len(s.Subtasks) {
		tables := slices.DeleteFunc(slices.Clone(s.Subtasks[subtask]), func(t state.Table) bool { return inflight.IsTable(&t) })
		for i := range tables {
			tables[i].Join()
		}
		return &state.Reader{Tables: tables}
	}
	r := &state.Reader{}
	for old, tables := range s.Subtasks {
		for i := range tables {
			t := &tables[i]
			if inflight.IsTable(t) {
				continue
			}
			t.Join()
			var rows []int32
			if !t.Keyed {
				if old%parallelism != subtask {
					continue
				}
			} else {
				rows = make([]int32, 0, t.Rows.Len)
				for i := range t.Rows.Rows() {
					row := t.Rows.Row(i)
					if state.Target(int(t.Groups[row]), groups, parallelism) == subtask {
						rows = append(rows, int32(row))
					}
				}
			}
			merge(r, t, rows)
		}
	}
	return r
}

// merge adds rows of a table, all of them if rows is nil, to the one of the same name.
func merge(r *state.Reader, t *state.Table, rows []int32) {
	to := r.Table(t.Name)
	if to == nil {
		r.Tables = append(r.Tables, state.Table{Name: t.Name, Schema: t.Schema, Keyed: t.Keyed, Rows: column.NewBatch(t.Schema, len(rows))})
		to = &r.Tables[len(r.Tables)-1]
	}
	to.Rows.AppendRows(t.Rows, rows)
	for _, row := range rows {
		to.Groups = append(to.Groups, t.Groups[row])
	}
}

// progressOf follows what a scan's subtasks have read.
type progressOf struct {
	splits    []connector.Split   // not covered by a checkpoint as read
	done      map[string]int64    // splits read to their end, with the first checkpoint that covers this
	discovery connector.Discovery // finds splits while others are read; nil: all are known
}

// forget drops the splits that were read to their end, once they are many. It is called when no checkpoint is under way, so that all later ones cover
// this.
func (p *progressOf) forget() {
	if len(p.done) > 64 && len(p.done) > len(p.splits)/2 {
		p.splits = slices.DeleteFunc(p.splits, func(s connector.Split) bool { _, done := p.done[s.ID]; return done })
		clear(p.done)
	}
}

// rest returns the splits that are left to read after a checkpoint, with positions where reading has begun, and forgets the others.
func (p *progressOf) rest(checkpoint int64, reading map[string]connector.Split) []connector.Split {
	var rest, kept []connector.Split
	for _, split := range p.splits {
		if id, done := p.done[split.ID]; done && id <= checkpoint {
			delete(p.done, split.ID)
			continue
		}
		kept = append(kept, split)
		if at, begun := reading[split.ID]; begun {
			split = at
		}
		rest = append(rest, split)
	}
	p.splits = kept
	return rest
}

// gather makes the checkpoint of the reports of those tasks that took part and of those that had ended before. last holds the last reports
// of ended tasks, nil for others.
func (h *Handle) gather(id int64, reports map[int]*task.Report, last []*task.Report, scans map[int]*progressOf) (*Checkpoint, error) {
	c := &Checkpoint{ID: id, MaxParallelism: h.plan.groups, Began: h.began(), Nodes: map[string]*NodeState{}}
	reading := map[string]map[string]connector.Split{} // by uid, then by split
	held := false                                      // anything in flight
	for i := range h.plan.nodes {
		n := &h.plan.nodes[i]
		c.Nodes[n.uid] = &NodeState{Name: n.Name, Shape: n.Shape, Finished: true, Subtasks: make([][]state.Table, n.parallelism)}
		reading[n.uid] = map[string]connector.Split{}
	}
	for i, d := range h.tasks {
		r, takesPart := reports[i]
		if !takesPart {
			r = last[i]
		} else {
			c.Timing.Add(r.Timing)
		}
		for stage, node := range d.nodes {
			s := c.Nodes[h.plan.nodes[node].uid]
			if takesPart {
				s.Finished = false
				s.Subtasks[d.subtask] = r.Stages[stage].Tables
				held = held || inflight.Holds(s.Subtasks[d.subtask:d.subtask+1])
			}
		}
		for _, split := range r.Reading {
			reading[h.plan.nodes[d.nodes[0]].uid][split.ID] = split
		}
	}
	if !held {
		c.withoutInFlight()
	}
	for i := range h.plan.nodes {
		n := &h.plan.nodes[i]
		if _, scan := n.Op.(*graph.Scan); scan {
			if s := c.Nodes[n.uid]; s.Finished {
				s.Splits = nil
			} else {
				s.Splits = scans[i].rest(id, reading[n.uid])
				if d := scans[i].discovery; d != nil {
					var err error
					if s.Discovery, err = d.State(); err != nil {
						return nil, fmt.Errorf("%s: %w", n.Name, err)
					}
				}
			}
		}
	}
	return c, nil
}
