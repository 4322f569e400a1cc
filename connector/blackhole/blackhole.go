// Package blackhole is the sink that takes rows and drops them: the connector 'blackhole', for measuring what comes before.
package blackhole

import (
	"context"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/setting"
)

func init() {
	connector.Register(&connector.Spec{
		Name:      "blackhole",
		Doc:       "Takes rows of any kind and drops them.",
		Example:   "CREATE TABLE nowhere (\n  id BIGINT,\n  name STRING\n) WITH (\n  'connector' = 'blackhole'\n)",
		Guarantee: "None: nothing is kept.",
		Updates:   true,
		NewSink: func(req connector.SinkRequest) (connector.Sink, error) {
			_, err := setting.Check(nil, req.Table.Options)
			return sink{}, err
		},
	})
}

// sink is also its writers: there is nothing to keep.
type sink struct{}

var (
	_ connector.Sink   = sink{}
	_ connector.Writer = sink{}
)

func (sink) Prepare(context.Context) error                                   { return nil }
func (s sink) NewWriter(context.Context, int, int) (connector.Writer, error) { return s, nil }
func (sink) Commit(context.Context, []connector.Committable) error           { return nil }
func (sink) Abort(context.Context, []connector.Committable) error            { return nil }
func (sink) Finish(context.Context) error                                    { return nil }
func (sink) Write(context.Context, *column.Batch) error                      { return nil }
func (sink) Flush(context.Context, bool) ([]connector.Committable, error)    { return nil, nil }
func (sink) Close() error                                                    { return nil }
