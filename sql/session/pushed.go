package session

import (
	"context"
	"strings"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

// pushedDown says for each table that a job reads what its source does with the conditions and the choice of columns, one to a line. A table of which the source says
// nothing is left out.
func (s *Session) pushedDown(ctx context.Context, g *graph.Graph) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, n := range g.Nodes {
		op, ok := n.Op.(*graph.Scan)
		if !ok {
			continue
		}
		spec, ok := connector.Lookup(op.Table.Connector)
		if !ok || spec.NewSource == nil {
			continue
		}
		source, err := spec.NewSource(connector.SourceRequest{Env: s.binder().Env, Table: op.Table, Project: op.Project, Filter: op.Filter, Limit: op.Limit})
		if err != nil {
			continue // the job will say what is wrong with it
		}
		if p, ok := source.(connector.Prober); ok {
			p.Probe(ctx)
		}
		text := source.PushedDown()
		if line := op.Table.Name + ": " + text + "\n"; text != "" && !seen[line] {
			seen[line] = true
			b.WriteString(line)
		}
	}
	return b.String()
}
