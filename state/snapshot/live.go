package snapshot

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/state"
)

// Live counts the rows of a table of a snapshot. Where the manifest does not tell, since deltas replace rows, the ids of the deltas and of the spans that those rows
// stand in are read, and nothing else of them is decoded.
func (d *Dir) Live(ctx context.Context, t *Table) (rows int64, err error) {
	deltas := make([]*loaded, len(t.Segments))
	fetch, fctx := errgroup.WithContext(ctx)
	fetch.SetLimit(parallel)
	for k := range t.Segments {
		s := &t.Segments[k]
		if !s.Delta {
			rows += int64(s.Rows)
		} else if s.Object != "" {
			fetch.Go(func() (err error) {
				deltas[k], err = d.ids(fctx, s)
				return err
			})
		}
	}
	if err := fetch.Wait(); err != nil {
		return 0, err
	}
	more := make([]int64, len(t.Segments))
	spans, sctx := errgroup.WithContext(ctx)
	spans.SetLimit(parallel)
	for k := range t.Segments {
		if s := &t.Segments[k]; !s.Delta && s.Number > 0 {
			spans.Go(func() (err error) {
				more[k], err = d.grown(sctx, t, s, deltas)
				return err
			})
		}
	}
	err = spans.Wait()
	for _, n := range more {
		rows += n
	}
	return rows, err
}

// grown returns how many rows more than it holds itself a span of the base has with what the deltas say.
func (d *Dir) grown(ctx context.Context, t *Table, s *Segment, deltas []*loaded) (n int64, err error) {
	l := &state.Layers{Base: []state.Span{{Number: s.Number, From: s.From, To: s.To}}}
	var list []int
	for k, part := range deltas {
		if x := &t.Segments[k]; part != nil && x.Subtask == s.Subtask && x.Part == s.Part {
			l.Deltas, list = append(l.Deltas, state.Span{Number: x.Number}), append(list, k)
		}
	}
	changes := changesOf(l, deltas, list, 0)
	for _, c := range changes {
		if c.row >= 0 {
			n++
		}
	}
	if len(changes) == 0 || s.Object == "" {
		return n, nil
	}
	base, err := d.ids(ctx, s)
	if err != nil {
		return 0, err
	}
	for _, id := range base.ids { // both ascend
		for len(changes) > 0 && changes[0].id < id {
			changes = changes[1:]
		}
		if len(changes) > 0 && changes[0].id == id {
			n--
		}
	}
	return n, nil
}

// ids reads the ids of a segment of a table in layers.
func (d *Dir) ids(ctx context.Context, s *Segment) (*loaded, error) {
	data, err := d.fetch(ctx, s)
	if err != nil {
		return nil, err
	}
	url := d.URL(s.Object)
	b, err := s.columns(ctx, d.Codec, url, data, s.storedFields(nil, false)[:1])
	if err != nil {
		return nil, err
	}
	out := &loaded{}
	return out, out.takeIDs(s, url, b)
}
