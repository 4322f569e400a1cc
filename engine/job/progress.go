package job

import (
	"time"

	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

// Progress is how far a job has come.
type Progress struct {
	Elapsed    time.Duration
	RowsIn     int64 // read by sources
	RowsOut    int64 // taken in by nodes that send to no other
	BytesIn    int64 // read by sources
	BytesTotal int64 // to be read in all; 0 if unknown
	BytesOut   int64 // written by sinks
	Skipped    int64
	Late       int64
	Evicted    int64 // keys of state that were forgotten because there were too many
	Left       int64 // files that sources left, or the rest of them, as they had changed
	State      int64 // bytes of operators' state
	// Selected is what queries that stores have computed for sources have moved.
	Selected   objstore.SelectStats
	Checkpoint int64       // the last one that was completed; 0: none
	Timing     task.Timing // of that
	Nodes      []NodeProgress
}

// NodeProgress is one node's part, over all its subtasks.
type NodeProgress struct {
	ID          int
	UID, Name   string
	Parallelism int
	RowsIn      int64
	RowsOut     int64
	BytesIn     int64
	BytesOut    int64
	Source      bool  // it reads a table, else it has inputs
	Skipped     int64 // malformed records of a source; of other nodes, rows that lacked a value
	Late        int64 // rows that came too late and were dropped
	Evicted     int64 // keys of state that were forgotten because there were too many
	Left        int64 // files that it left, or the rest of them, as they had changed
	State       int64 // bytes of state
	MaxState    int64 // the most bytes of state that each subtask had, added up
	Selected    objstore.SelectStats
}

// Progress returns how far the job has come.
func (h *Handle) Progress() Progress {
	p := Progress{Elapsed: h.opts.Clock.Now().Sub(h.started)}
	select {
	case <-h.done:
		p.Elapsed = h.result.Duration
	default:
	}
	if c := h.control.latest(); c != nil {
		p.Checkpoint, p.Timing = c.ID, c.Timing
	}
	for i := range h.plan.nodes {
		n := &h.plan.nodes[i]
		np := NodeProgress{ID: i, UID: n.uid, Name: n.Name, Parallelism: n.parallelism}
		for _, c := range h.counts[i] {
			np.RowsIn += c.RowsIn.Load()
			np.RowsOut += c.RowsOut.Load()
			np.BytesIn += c.BytesIn.Load()
			np.BytesOut += c.BytesOut.Load()
			np.Skipped += c.Skipped.Load()
			np.Late += c.Late.Load()
			np.Evicted += c.Evicted.Load()
			np.Left += c.Left.Load()
			np.State += c.State.Load()
			np.MaxState += c.State.Most()
			np.Selected = np.Selected.Plus(objstore.SelectStats{
				Scanned: c.SelectScanned.Load(), Processed: c.SelectProcessed.Load(), Returned: c.SelectReturned.Load()})
		}
		if _, np.Source = n.Op.(*graph.Scan); np.Source {
			p.RowsIn += np.RowsIn
			p.BytesIn += np.BytesIn
		}
		if n.consumers == 0 {
			p.RowsOut += np.RowsIn
			p.BytesOut += np.BytesOut
		}
		p.Skipped += np.Skipped
		p.Late += np.Late
		p.Evicted += np.Evicted
		p.Left += np.Left
		p.State += np.State
		p.Selected = p.Selected.Plus(np.Selected)
		p.Nodes = append(p.Nodes, np)
	}
	for _, s := range h.scans {
		if s.bytes == 0 && len(s.list) > 0 {
			p.BytesTotal = 0
			break
		}
		p.BytesTotal += s.bytes
	}
	return p
}

func (h *Handle) makeResult() *Result {
	p := h.Progress()
	return &Result{
		RowsIn: p.RowsIn, RowsOut: p.RowsOut, BytesIn: p.BytesIn, BytesOut: p.BytesOut,
		Skipped: p.Skipped, Left: p.Left, Late: p.Late, Duration: p.Elapsed, Nodes: p.Nodes,
	}
}

// showProgress reports until stop is closed.
func (h *Handle) showProgress(stop <-chan struct{}) {
	timer := h.opts.Clock.NewTimer()
	defer timer.Stop()
	for {
		timer.Set(h.opts.Clock.Now().Add(h.opts.ProgressInterval))
		select {
		case <-timer.C():
			h.opts.Progress(h.Progress())
		case <-stop:
			return
		}
	}
}
