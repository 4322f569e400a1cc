package job

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// deployed is a task and where it stands.
type deployed struct {
	task    *task.Task
	nodes   []int // by stage
	subtask int
}

// scan is a source with its splits.
type scan struct {
	node   int
	source connector.Source
	list   []connector.Split
	splits *task.Splits
	bytes  int64 // 0 if unknown

	discovery connector.Discovery // nil: all splits are in the list
}

// nodeCounters are the counters of a node's subtasks.
type nodeCounters []*operator.Counters

// openScans makes all sources and lists their splits, at the same time.
func (h *Handle) openScans() error {
	for i := range h.plan.nodes {
		n := &h.plan.nodes[i]
		op, ok := n.Op.(*graph.Scan)
		if !ok {
			continue
		}
		s, err := newSource(op, h.opts.Env)
		if err != nil {
			return err
		}
		h.scans = append(h.scans, &scan{node: i, source: s})
	}
	errs := make([]error, len(h.scans))
	var group sync.WaitGroup
	for i, s := range h.scans {
		group.Go(func() { errs[i] = h.guard(s.node, func() error { return h.list(s) }) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func newSource(op *graph.Scan, env connector.Env) (connector.Source, error) {
	spec, ok := connector.Lookup(op.Table.Connector)
	if !ok {
		return nil, fmt.Errorf("table %s: there is no connector '%s' in this program; it has %s",
			op.Table.Name, op.Table.Connector, strings.Join(connector.Names(), ", "))
	}
	if spec.NewSource == nil {
		return nil, fmt.Errorf("table %s: connector '%s' cannot be read", op.Table.Name, op.Table.Connector)
	}
	s, err := spec.NewSource(connector.SourceRequest{Env: env, Table: op.Table, Project: op.Project, Filter: op.Filter, Limit: op.Limit})
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", op.Table.Name, err)
	}
	return s, nil
}

// list finds what a scan is to read: its splits, or what a checkpoint left of them.
func (h *Handle) list(s *scan) (err error) {
	n := &h.plan.nodes[s.node]
	op := n.Op.(*graph.Scan)
	from := h.restored(n)
	if from != nil {
		s.list = from.Splits
	}
	if d, ok := s.source.(connector.Discoverer); ok && (from == nil || !from.Finished) {
		return h.startDiscovery(s, d, from)
	}
	if from == nil {
		if s.list, err = s.source.Splits(h.ctx, n.parallelism); err != nil {
			return err
		}
	}
	if h.opts.Schedule != 0 && from == nil {
		draw := h.draw(n.ID, -1)
		s.list = slices.Clone(s.list)
		for i := range s.list {
			j := i + draw(len(s.list)-i)
			s.list[i], s.list[j] = s.list[j], s.list[i]
		}
	}
	for _, split := range s.list {
		if split.Size == 0 {
			s.bytes = 0
			break
		}
		s.bytes += split.Size
	}
	s.splits = task.NewSplits(h.ctx, s.source, s.list, n.parallelism, op.Limit < 0)
	return nil
}

// deploy makes the tasks and connects them.
func (h *Handle) deploy() error {
	p := h.plan
	h.counts = make([]nodeCounters, len(p.nodes))
	h.sinks, h.aligned = map[int]connector.Sink{}, map[string]*task.Alignment{}
	for i := range p.nodes {
		n := &p.nodes[i]
		if op, ok := n.Op.(*graph.Sink); ok {
			if op.Overwrite && h.began() == "" { // nobody can tell what is this job's own
				going := *op
				going.Overwrite = false
				op = &going
			}
			s, err := operator.NewSink(op, connector.SinkRequest{
				Env: h.opts.Env, Batch: h.opts.Batch, JobID: h.id, Began: h.began(), Number: len(h.sinks), Now: h.opts.Clock.Now,
			})
			if err != nil {
				return err
			}
			h.sinks[i] = s
		}
	}
	byChain, quota := make([][]*task.Task, len(p.chains)), h.quota()
	for c, nodes := range p.chains {
		head := &p.nodes[nodes[0]]
		for subtask := range head.parallelism {
			t, err := h.newTask(nodes, subtask)
			if err != nil {
				return err
			}
			t.Quota = quota
			byChain[c] = append(byChain[c], t)
			h.tasks = append(h.tasks, &deployed{t, nodes, subtask})
		}
	}
	for _, nodes := range p.chains {
		head := &p.nodes[nodes[0]]
		for input, edge := range head.Inputs {
			if err := h.connect(head, input, edge, byChain); err != nil {
				return err
			}
			for _, t := range byChain[head.chain] {
				t.Edges = append(t.Edges, h.mayOvertake(edge))
			}
		}
		for subtask, t := range byChain[head.chain] {
			if err := h.replay(head, subtask, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// draw returns a source of numbers that follows from the seed of the schedule, for one goroutine.
func (h *Handle) draw(node, subtask int) func(n int) int {
	r := rand.New(rand.NewPCG(h.opts.Schedule, uint64(node)<<32|uint64(uint32(subtask)))) //nolint:gosec // chance is for tests
	return r.IntN
}

// newTask makes one subtask of a chain.
func (h *Handle) newTask(nodes []int, subtask int) (*task.Task, error) {
	p, settings := h.plan, h.opts.Env.Settings
	head := &p.nodes[nodes[0]]
	t := &task.Task{
		Space: make(chan struct{}, 1), Clock: h.opts.Clock, Urgent: &h.urgent,
		AtLeastOnce: settings.Enum(setting.CheckpointMode) == "AT_LEAST_ONCE", BatchRows: h.opts.BatchRows,
	}
	if h.opts.Turn != nil {
		who := fmt.Sprintf("task %d/%d", head.ID, subtask)
		t.Turn = func() { h.turn(who) }
	}
	if len(head.Inputs) > 0 {
		t.Gate = exchange.NewGate()
	}
	if h.opts.Schedule != 0 {
		t.Draw = h.draw(head.ID, subtask)
		if t.Gate != nil {
			t.Gate.Draw = t.Draw
		}
	}
	position := map[int]int{}
	for k, id := range nodes {
		position[id] = k
	}
	for _, id := range nodes {
		n := &p.nodes[id]
		stage, err := h.newStage(n, subtask)
		if err != nil {
			return nil, err
		}
		for _, next := range n.next {
			stage.Next = append(stage.Next, position[next])
		}
		t.Stages = append(t.Stages, stage)
	}
	if op, ok := head.Op.(*graph.Scan); ok {
		for _, s := range h.scans {
			if s.node == head.ID {
				t.Source = &task.Source{
					Splits: s.splits, Bounded: s.source.Bounded(), Growing: s.discovery != nil, Limit: op.Limit,
					IdleTimeout: idleTimeout(op, settings),
					Spare:       s.source.Bounded() && s.discovery == nil && subtask >= len(s.list),
				}
				t.Source.Member = h.align(op, t)
				if from := h.restored(head); h.settling && (from == nil || !from.Finished) {
					t.Source.Held = true
				}
			}
		}
	}
	return t, nil
}

// align makes a source that makes watermarks, and reads something, a member of its table's group.
func (h *Handle) align(op *graph.Scan, t *task.Task) *task.Member {
	a := op.Table.Alignment
	marks := func(s *task.Stage) bool { _, ok := s.Operator.(operator.Watermarker); return ok }
	if a.Group == "" || t.Source.Spare || !slices.ContainsFunc(t.Stages, marks) {
		return nil
	}
	group := h.aligned[a.Group]
	if group == nil {
		group = &task.Alignment{}
		h.aligned[a.Group] = group
	}
	return group.Join(a.MaxDrift)
}

// idleTimeout is after which time without rows a source does not hold event time back.
func idleTimeout(op *graph.Scan, v setting.Values) time.Duration {
	if op.Table.IdleTimeout != 0 {
		return op.Table.IdleTimeout
	}
	return v.Duration(setting.SourceIdleTimeout)
}

// newStage makes a node's operator and context for one subtask.
func (h *Handle) newStage(n *planned, subtask int) (*task.Stage, error) {
	counters := &operator.Counters{}
	h.counts[n.ID] = append(h.counts[n.ID], counters)
	stage := &task.Stage{Context: &operator.Context{
		Context: h.ctx, Name: fmt.Sprintf("%s[%d] (%d/%d)", n.Name, n.ID, subtask+1, n.parallelism), UID: n.uid,
		Subtask: subtask, Parallelism: n.parallelism, MaxParallelism: h.plan.groups, Inputs: len(n.Inputs),
		Env: h.opts.Env, Counters: counters,
	}}
	if _, scan := n.Op.(*graph.Scan); scan {
		return stage, nil
	}
	var in [][]column.Field
	for _, e := range n.Inputs {
		in = append(in, h.plan.sent(e))
	}
	op, err := operator.New(n.Node, in)
	if err != nil {
		return nil, err
	}
	stage.Operator = op
	if _, sink := n.Op.(*graph.Sink); sink {
		stage.Context.Sink = h.sinks[n.ID]
	} else if c, ok := op.(operator.Committer); ok && subtask == 0 {
		if h.sinks[n.ID] = c.Sink(); h.sinks[n.ID] == nil {
			return nil, fmt.Errorf("%s: the operator commits to the outside and has no sink", n.Name)
		}
	}
	switch from := h.restored(n); {
	case from == nil:
	case from.Finished:
		stage.Operator = finished{}
	default:
		stage.Context.Restore = from.cut(subtask, n.parallelism, h.plan.groups)
	}
	return stage, nil
}

// connect lays the queues of one edge.
func (h *Handle) connect(to *planned, input int, edge graph.Edge, byChain [][]*task.Task) error {
	p := h.plan
	from := &p.nodes[edge.From]
	edge.Ship = p.ship(edge, to)
	if edge.NewPacker == nil {
		switch {
		case from.Schema == nil:
			return fmt.Errorf("node '%s' sends values that are no batches to '%s' in another task and has no packer for them", from.Name, to.Name)
		case edge.Ship == graph.Hash && len(edge.Keys) == 0 && to.parallelism > 1:
			return fmt.Errorf("node '%s' ships to '%s' by hash and has no keys", from.Name, to.Name)
		}
	}
	stage := 0
	for k, id := range p.chains[from.chain] {
		if id == from.ID {
			stage = k
		}
	}
	for i, sender := range byChain[from.chain] {
		var channels []*exchange.Channel
		for k, receiver := range byChain[to.chain] {
			if edge.Ship != graph.Forward || i == k {
				channels = append(channels, receiver.Gate.Connect(input, sender.Space))
				receiver.Silent = append(receiver.Silent, sender.Source != nil && sender.Source.Spare)
			}
		}
		var packer operator.Packer
		if edge.NewPacker == nil {
			packer = exchange.NewPacker(edge, p.sent(edge), len(channels), p.groups)
		} else {
			made := edge.NewPacker(exchange.Lots(edge.Ship, len(channels)), p.groups)
			ok := false
			if packer, ok = made.(operator.Packer); !ok {
				return fmt.Errorf("the packer from '%s' to '%s' is a %T, which is none", from.Name, to.Name, made)
			}
		}
		s := exchange.NewSender(h.ctx, edge.Ship, packer, channels, sender.Space)
		s.Turn, s.Draw = sender.Turn, sender.Draw
		if edge.Late > 0 {
			sender.Stages[stage].AddLate(s, edge.Late-1, len(p.sent(from.Inputs[edge.Late-1])))
		} else {
			sender.Stages[stage].Add(s)
		}
	}
	return nil
}

// finished stands for an operator that had ended before the checkpoint that a job starts from: all that it had to emit was emitted.
type finished struct{ operator.Base }

func (finished) Process(int, operator.Payload, operator.Output) error {
	return errors.New("rows came for an operator that had ended before the checkpoint which the job goes on from")
}
