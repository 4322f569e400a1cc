package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Run runs a job to its end as [durable.Run] does. Meanwhile other processes can reach it, unless execution.control-socket is false.
func Run(ctx context.Context, g *graph.Graph, opts durable.Options) (*job.Result, error) {
	if opts.Job.ID == "" {
		var id [16]byte
		rand.Read(id[:]) // which never fails
		opts.Job.ID = hex.EncodeToString(id[:])
	}
	if opts.Job.Clock == nil {
		opts.Job.Clock = clock.Real
	}
	started := opts.Job.Clock.Now()
	h, err := durable.Start(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	settings := opts.Job.Env.Settings
	if settings.Bool(setting.ControlSocket) {
		stop, err := Serve(h, Info{ID: opts.Job.ID, Name: opts.Name, Started: started, Savepoints: settings.Text(setting.SavepointDir)})
		switch {
		case err == nil:
			defer stop()
		case opts.Notify != nil:
			opts.Notify(fmt.Sprintf("the job runs, but cannot be reached by other processes, such as millstream stop: %v; set %s to false to do without",
				err, setting.ControlSocket.Key))
		}
	}
	return h.Wait()
}
