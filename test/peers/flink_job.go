package peers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Cancel ends a job and waits until it has ended.
func (c *FlinkCluster) Cancel(ctx context.Context, job string) error {
	refused := call(ctx, http.MethodPatch, c.REST+"/jobs/"+job+"?mode=cancel", nil, nil) // as of a job that has just ended
	for {
		var state struct{ State string }
		if err := getJSON(ctx, c.REST+"/jobs/"+job, &state); err != nil {
			return err
		}
		switch state.State {
		case "FINISHED", "FAILED", "CANCELED":
			return nil
		}
		if refused != nil {
			return refused
		}
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// Elapsed is how long a job has run.
func (c *FlinkCluster) Elapsed(ctx context.Context, job string) (time.Duration, error) {
	var state struct{ Duration int64 } // milliseconds
	err := getJSON(ctx, c.REST+"/jobs/"+job, &state)
	return time.Duration(state.Duration) * time.Millisecond, err
}

// Read is how many rows the slowest source of a running job has read.
func (c *FlinkCluster) Read(ctx context.Context, job string) (rows int64, err error) {
	var plan struct {
		Vertices []struct{ ID, Name string }
	}
	if err := getJSON(ctx, c.REST+"/jobs/"+job, &plan); err != nil {
		return 0, err
	}
	rows = -1
	for _, v := range plan.Vertices {
		if !strings.HasPrefix(v.Name, "Source: ") {
			continue
		}
		metrics := c.REST + "/jobs/" + job + "/vertices/" + v.ID + "/subtasks/metrics"
		var known []struct{ ID string }
		if err := getJSON(ctx, metrics, &known); err != nil {
			return 0, err
		}
		for _, m := range known {
			if !strings.HasPrefix(m.ID, "Source_") || !strings.HasSuffix(m.ID, ".numRecordsOut") {
				continue
			}
			var values []struct{ Sum float64 }
			if err := getJSON(ctx, metrics+"?agg=sum&get="+url.QueryEscape(m.ID), &values); err != nil {
				return 0, err
			}
			if len(values) == 1 && (rows < 0 || int64(values[0].Sum) < rows) {
				rows = int64(values[0].Sum)
			}
		}
	}
	if rows < 0 {
		return 0, errors.New("the job has no source that counts what it reads")
	}
	return rows, nil
}
