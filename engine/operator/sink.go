package operator

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

// NewSink makes the sink of a node, to be shared by its subtasks through Context.Sink. batch says that the job is bounded and runs in
// batch mode; jobID is unique for this run. The caller calls the sink's Prepare once, before it opens any subtask.
func NewSink(op *graph.Sink, env connector.Env, batch bool, jobID string) (connector.Sink, error) {
	spec, ok := connector.Lookup(op.Table.Connector)
	if !ok {
		return nil, fmt.Errorf("table %s: there is no connector '%s' in this program; it has %s",
			op.Table.Name, op.Table.Connector, strings.Join(connector.Names(), ", "))
	}
	if spec.NewSink == nil {
		return nil, fmt.Errorf("table %s: connector '%s' cannot be written to", op.Table.Name, op.Table.Connector)
	}
	s, err := spec.NewSink(connector.SinkRequest{
		Env: env, Table: op.Table, Overwrite: op.Overwrite, Partition: op.Partition, Batch: batch, JobID: jobID,
	})
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", op.Table.Name, err)
	}
	return s, nil
}
