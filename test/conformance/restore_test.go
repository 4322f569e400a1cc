package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/durable"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/state"
)

// runRestored runs a job in many pieces: after each row that it reads there is a checkpoint, the job is cancelled and goes on from there. Later in a
// long input the pieces grow.
func (v variant) runRestored(ctx context.Context, j *session.Job, opts job.Options) error {
	store := mem.New("b")
	objects := *opts.Env.Objects
	objects.Openers = maps.Clone(objects.Openers)
	objects.Openers["s3"] = func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
		return store, loc.Path, nil
	}
	opts.Env.Objects = &objects
	for key, text := range map[string]string{"execution.checkpointing.interval": "1 h", "execution.checkpointing.dir": "s3://b/checkpoints", "restart-strategy.type": "none"} {
		if err := opts.Env.Settings.Set(key, text, "conformance"); err != nil {
			return err
		}
	}
	p := &pace{stopped: make(chan struct{}, 1)}
	g, results := p.interpose(j.Graph)
	defer paces.Delete(fmt.Sprintf("%p", p))
	for piece := 0; ; piece++ {
		p.allow(1 << (piece / 12))
		opts.ID = fmt.Sprintf("%sp%d", j.ID, piece)
		opts.Parallelism = v.restored[piece%len(v.restored)]
		h, err := durable.Start(ctx, g, durable.Options{Name: "case", Job: opts})
		if err != nil {
			return fmt.Errorf("piece %d: %w", piece, err)
		}
		select {
		case <-p.stopped:
			_, err = h.TriggerCheckpoint(ctx)
			if err == nil {
				h.Cancel()
			}
		case <-h.Done():
		}
		_, ended := h.Wait()
		if ended == nil {
			return results.deliver()
		}
		if err != nil || !errors.Is(ended, job.ErrCancelled) {
			return errors.Join(err, ended)
		}
		results.cut()
		pieces.Add(1)
	}
}

// pieces counts the jobs that went on from a checkpoint.
var pieces atomic.Int64

// pace says how many rows the sources of a job may still read.
type pace struct {
	mu      sync.Mutex
	left    int
	stopped chan struct{} // has a value once there is nothing left to read
}

func (p *pace) allow(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = n
	select {
	case <-p.stopped:
	default:
	}
}

// take asks for a row.
func (p *pace) take() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == 0 {
		return false
	}
	if p.left--; p.left == 0 {
		p.stopped <- struct{}{}
	}
	return true
}

// interpose puts the pace before all sources of a graph, and a log in place of what takes its rows.
func (p *pace) interpose(g *graph.Graph) (*graph.Graph, *resultLog) {
	out, results := &graph.Graph{}, &resultLog{}
	for _, n := range g.Nodes {
		node := *n
		switch op := n.Op.(type) {
		case *graph.Scan:
			spec, ok := connector.Lookup(op.Table.Connector)
			if !ok || spec.NewSource == nil {
				break // the job says so
			}
			scan := *op
			scan.Table.Options = maps.Clone(op.Table.Options)
			name := fmt.Sprintf("%p", p)
			scan.Table.Options[pieceOption] = name
			paces.Store(name, &paced{p, spec})
			scan.Table.Connector = pieceConnector
			node.Op = &scan
		case *graph.Collect:
			node.Parallelism, results.to = 1, op.Deliver
			schema := g.Nodes[n.Inputs[0].From].Schema
			node.Op = &graph.Custom{New: func() any { return &logging{log: results, schema: schema} }}
		}
		out.Nodes = append(out.Nodes, &node)
	}
	return out, results
}

// resultLog keeps what a job gives, so that what comes after a checkpoint can be forgotten.
type resultLog struct {
	to      func(*column.Batch) error // nil: nobody wants it
	batches []*column.Batch
	mark    int  // what there was at the last checkpoint
	marked  bool // in this piece
}

// cut forgets what came after the checkpoint.
func (l *resultLog) cut() { l.batches, l.marked = l.batches[:l.mark], false }

func (l *resultLog) deliver() error {
	for _, b := range l.batches {
		if err := l.to(b); err != nil {
			return err
		}
	}
	return nil
}

// logging stands in the place of graph.Collect. Its state is the log.
type logging struct {
	operator.Base
	log    *resultLog
	schema []column.Field
}

func (o *logging) Process(_ int, p operator.Payload, _ operator.Output) error {
	b := column.NewBatch(o.schema, p.Rows())
	b.AppendRows(p.(*column.Batch), nil)
	o.log.batches = append(o.log.batches, b)
	return nil
}

func (o *logging) Snapshot(*state.Writer) error {
	o.log.mark, o.log.marked = len(o.log.batches), true
	return nil
}

// EndInput marks the end, unless there was a checkpoint before: one that comes later covers a task that has ended.
func (o *logging) EndInput(int, operator.Output) error {
	if !o.log.marked {
		o.log.mark = len(o.log.batches)
	}
	return nil
}

const (
	pieceConnector = "in-pieces"
	pieceOption    = "pace"
)

// paced is the connector of a table that is read in pieces.
type paced struct {
	pace *pace
	spec *connector.Spec
}

var paces sync.Map // *paced by the option's text

func init() {
	connector.Register(&connector.Spec{
		Name: pieceConnector, Doc: "Another connector's table, row by row.", Guarantee: "Exactly once.",
		Options: []*setting.Option{{Key: pieceOption, Type: setting.String, Doc: "which"}},
		NewSource: func(req connector.SourceRequest) (connector.Source, error) {
			found, _ := paces.Load(req.Table.Options[pieceOption])
			p := found.(*paced)
			req.Table.Options = maps.Clone(req.Table.Options)
			delete(req.Table.Options, pieceOption)
			req.Table.Connector = p.spec.Name
			inner, err := p.spec.NewSource(req)
			if err != nil {
				return nil, err
			}
			if _, discovers := inner.(connector.Discoverer); discovers {
				return inner, nil
			}
			return &pacedSource{inner, p.pace}, nil
		},
	})
}

type pacedSource struct {
	connector.Source
	pace *pace
}

// at is a position: rows behind one of the inner source.
type at struct {
	Split connector.Split
	Rows  int
}

func (a at) split() connector.Split {
	return connector.Split{ID: a.Split.ID, State: []byte(encode(map[string]any{"state": string(a.Split.State), "rows": a.Rows})), Size: a.Split.Size}
}

func (s *pacedSource) Splits(ctx context.Context, parallelism int) ([]connector.Split, error) {
	list, err := s.Source.Splits(ctx, parallelism)
	for i := range list {
		list[i] = at{list[i], 0}.split()
	}
	return list, err
}

func (s *pacedSource) Open(ctx context.Context, split connector.Split) (connector.Reader, error) {
	var from struct {
		State string
		Rows  int
	}
	if err := decode(string(split.State), &from); err != nil {
		return nil, err
	}
	inner := connector.Split{ID: split.ID, State: []byte(from.State), Size: split.Size}
	r, err := s.Source.Open(ctx, inner)
	if err != nil {
		return nil, err
	}
	return &pacedReader{Reader: r, pace: s.pace, at: at{inner, from.Rows}, skip: from.Rows}, nil
}

// pacedReader gives one row at a time.
type pacedReader struct {
	connector.Reader
	pace  *pace
	at    at
	skip  int // rows of the inner reader to leave out
	batch *column.Batch
	live  []int32 // rows of batch not yet given
	piece column.Batch
	done  bool
}

func (r *pacedReader) Position() connector.Split { return r.at.split() }

func (r *pacedReader) Poll() (*column.Batch, connector.Status, error) {
	for len(r.live) == 0 {
		if r.done {
			return nil, connector.Done, nil
		}
		r.at = at{r.Reader.Position(), 0}
		b, status, err := r.Reader.Poll()
		if err != nil {
			return nil, status, err
		}
		r.done = status == connector.Done
		if b != nil {
			r.batch, r.live = b, r.live[:0]
			for i := range b.Rows() {
				r.live = append(r.live, int32(b.Row(i)))
			}
		}
		left := min(r.skip, len(r.live))
		r.live, r.skip, r.at.Rows = r.live[left:], r.skip-left, r.at.Rows+left
		if len(r.live) == 0 && status == connector.Wait {
			r.at.Rows += r.skip
			return nil, status, nil
		}
	}
	if !r.pace.take() {
		return nil, connector.Wait, nil
	}
	r.piece = *r.batch
	r.piece.Sel = slices.Clone(r.live[:1])
	r.live = r.live[1:]
	r.at.Rows++
	switch {
	case len(r.live) > 0:
	case r.done:
		return &r.piece, connector.Done, nil
	default:
		r.at = at{r.Reader.Position(), 0}
	}
	return &r.piece, connector.Ready, nil
}
