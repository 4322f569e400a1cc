package durable

import (
	"context"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/migrate"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state/snapshot"
)

// Compare says what would become of a snapshot's state if a job started from it. All of it is read and checked, and nothing is changed.
func Compare(ctx context.Context, g *graph.Graph, opts job.Options, path string) (*migrate.Report, error) {
	d, name, err := snapshot.Locate(ctx, opts.Env.Objects, path, Codec)
	if err != nil {
		return nil, err
	}
	_, c, err := load(ctx, d, name)
	if err != nil {
		return nil, err
	}
	return migrate.Compare(g, c, opts), nil
}
