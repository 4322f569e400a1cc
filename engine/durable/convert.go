package durable

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot"
)

// toManifest describes a checkpoint in memory.
func toManifest(name string, c *job.Checkpoint) (*snapshot.Manifest, snapshot.Tables) {
	m := &snapshot.Manifest{Job: name, ID: c.ID, Created: time.Now().UTC(), MaxParallelism: c.MaxParallelism, Final: c.Final, Began: c.Began, InFlight: c.HasInFlight()}
	var tables snapshot.Tables
	for _, uid := range slices.Sorted(maps.Keys(c.Nodes)) {
		n := c.Nodes[uid]
		op := snapshot.Operator{UID: uid, Name: n.Name, Shape: n.Shape, Finished: n.Finished, Parallelism: len(n.Subtasks), Discovery: n.Discovery}
		for _, s := range n.Splits {
			op.Splits = append(op.Splits, snapshot.Split{ID: s.ID, State: s.State, Size: s.Size})
		}
		for _, x := range n.Committables {
			op.Committables = append(op.Committables, x)
		}
		m.Operators = append(m.Operators, op)
		tables = append(tables, n.Subtasks)
	}
	return m, tables
}

// load reads all of a snapshot.
func load(ctx context.Context, d *snapshot.Dir, name string) (*snapshot.Manifest, *job.Checkpoint, error) {
	m, err := d.Load(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	tables, err := d.Tables(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	c := &job.Checkpoint{ID: m.ID, MaxParallelism: m.MaxParallelism, Final: m.Final, Began: m.Began, Nodes: map[string]*job.NodeState{}}
	for i := range m.Operators {
		op := &m.Operators[i]
		n := &job.NodeState{Name: op.Name, Shape: op.Shape, Finished: op.Finished, Subtasks: tables[i], Discovery: op.Discovery}
		for _, s := range op.Splits {
			n.Splits = append(n.Splits, connector.Split{ID: s.ID, State: s.State, Size: s.Size})
		}
		for _, x := range op.Committables {
			n.Committables = append(n.Committables, x)
		}
		c.Nodes[op.UID] = n
	}
	return m, c, nil
}

// rowsOf counts the rows of tables.
func rowsOf(c *job.Checkpoint) (n int) {
	for _, node := range c.Nodes {
		for _, list := range node.Subtasks {
			n += rows(list)
		}
	}
	return n
}

func rows(list []state.Table) (n int) {
	for i := range list {
		n += list[i].Rows.Rows()
	}
	return n
}

// describe says what a job goes on from.
func describe(c *job.Checkpoint) string {
	if c.Final {
		return fmt.Sprintf("checkpoint %d, of the end of its input", c.ID)
	}
	return fmt.Sprintf("checkpoint %d with %d rows of state", c.ID, rowsOf(c))
}
