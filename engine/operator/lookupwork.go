package operator

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// lookup is the looking up of one batch's keys, each once: number, look, order and emit, in this order. Only look may be called elsewhere than by the
// task.
type lookup struct {
	keys    *column.Batch // of live rows
	groups  *state.Groups // the distinct keys
	ids     []int32       // by live row
	found   *column.Batch // projected columns
	from    []int32       // by found row, its key
	sel     []int32       // found rows for which the filter is true
	start   []int32       // by key, where its rows begin in rows
	rows    []int32       // found rows by key
	missing []int32       // keys to look up again
	parts   []lookupPart  // requests under way
}

// lookupPart is a request for some of a batch's keys.
type lookupPart struct {
	keys, found *column.Batch
	from        []int32
	first       int
	err         error
}

func (o *lookupJoin) newLookup() lookup {
	return lookup{keys: column.NewBatch(o.keyed, 0), found: column.NewBatch(o.schema, 0), groups: state.NewGroups(types(o.keyed))}
}

func (l *lookup) sizeBytes() int {
	return l.keys.SizeBytes() + l.found.SizeBytes() + l.groups.SizeBytes()
}

// number finds the distinct keys of a batch.
func (o *lookupJoin) number(l *lookup, b *column.Batch) error {
	if err := o.values.Eval(b, &o.made); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	n := b.Rows()
	l.keys.Reset()
	for i, v := range o.made.Cols {
		if v.Type.Kind == column.Null {
			for range n {
				l.keys.Cols[i].AppendNull()
			}
			continue
		}
		l.keys.Cols[i].AppendRows(v, b.Sel)
	}
	l.keys.Len = n
	l.ids = slices.Grow(l.ids[:0], n)[:n]
	l.groups.Reset()
	l.groups.Lookup(l.keys.Cols, nil, n, l.ids)
	return nil
}

// look asks for the rows of all keys, and where the hint says so again for those without any.
func (o *lookupJoin) look(ctx context.Context, l *lookup) error {
	l.found.Reset()
	l.from = l.from[:0]
	l.missing = l.missing[:0]
	for g := range l.groups.Len() { // a NULL equals nothing
		null := false
		for _, k := range l.groups.Keys() {
			null = null || k.IsNull(g)
		}
		if !null {
			l.missing = append(l.missing, int32(g))
		}
	}
	for attempt := 0; len(l.missing) > 0; attempt++ {
		if attempt > 0 {
			if attempt >= o.hint.attempts {
				return nil
			}
			if err := o.wait(ctx); err != nil {
				return err
			}
		}
		before := len(l.from)
		if err := o.ask(ctx, l); err != nil {
			return o.failed(err)
		}
		if o.hint.attempts == 0 {
			return nil
		}
		hit := map[int32]bool{} // misses are few, or attempts are
		for _, g := range l.from[before:] {
			hit[g] = true
		}
		l.missing = slices.DeleteFunc(l.missing, func(g int32) bool { return hit[g] })
	}
	return nil
}

// wait lets the delay of a retry pass.
func (o *lookupJoin) wait(ctx context.Context) error {
	t := time.NewTimer(o.hint.delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ask looks up the keys in missing, by one request or, where several may be under way, by as many as may.
func (o *lookupJoin) ask(ctx context.Context, l *lookup) error {
	parts := 1
	if o.slots != nil {
		parts = min(cap(o.slots), len(l.missing))
	}
	for len(l.parts) < parts {
		l.parts = append(l.parts, lookupPart{keys: column.NewBatch(o.keyed, 0), found: column.NewBatch(o.schema, 0)})
	}
	var group sync.WaitGroup
	for i := range parts {
		p := &l.parts[i]
		p.first = i * len(l.missing) / parts
		rows := l.missing[p.first : (i+1)*len(l.missing)/parts]
		p.keys.Reset()
		p.found.Reset()
		for c, k := range l.groups.Keys() {
			p.keys.Cols[c].AppendRows(k, rows)
		}
		p.keys.Len = len(rows)
		if o.slots == nil {
			o.request(ctx, p)
			continue
		}
		group.Go(func() {
			select {
			case o.slots <- struct{}{}:
				o.request(ctx, p)
				<-o.slots
			case <-ctx.Done():
				p.err = context.Cause(ctx)
			}
		})
	}
	group.Wait()
	for i := range parts {
		p := &l.parts[i]
		if p.err != nil {
			return p.err
		}
		l.found.AppendRows(p.found, nil)
		for _, k := range p.from {
			l.from = append(l.from, l.missing[p.first+int(k)])
		}
	}
	return nil
}

// request makes one request.
func (o *lookupJoin) request(ctx context.Context, p *lookupPart) {
	limited := ctx
	if o.hint.timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, o.hint.timeout)
		defer cancel()
	}
	p.from, p.err = o.source.Rows(limited, p.keys, p.found, p.from[:0])
	if p.err != nil && limited.Err() != nil && ctx.Err() == nil {
		p.err = fmt.Errorf("the lookup took longer than %s, its timeout: %w", o.hint.timeout, p.err)
	}
}

// order lists the found rows of each key, without those that the filter drops.
func (o *lookupJoin) order(l *lookup) error {
	switch {
	case o.filter == nil:
		l.sel = first(l.sel, l.found.Len)
	case l.found.Len == 0:
		l.sel = l.sel[:0]
	default:
		var err error
		if l.sel, err = o.filter.Select(l.found, l.sel); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	}
	n := l.groups.Len()
	start := slices.Grow(l.start[:0], n+2)[:n+2]
	clear(start)
	for _, r := range l.sel {
		start[l.from[r]+2]++
	}
	for g := range n {
		start[g+2] += start[g+1]
	}
	l.rows = slices.Grow(l.rows[:0], len(l.sel))[:len(l.sel)]
	for _, r := range l.sel {
		g := l.from[r]
		l.rows[start[g+1]] = r
		start[g+1]++
	}
	l.start = start
	return nil
}

// emit joins the batch's rows with what was found.
func (o *lookupJoin) emit(l *lookup, b *column.Batch, out Output) error {
	if err := o.order(l); err != nil {
		return err
	}
	o.out.from = [2]rowSource{columns(b.Cols), columns(l.found.Cols)}
	for from := 0; from < len(l.ids); {
		begin := from
		left, right := o.pairs[0][:0], o.pairs[1][:0]
		for ; from < len(l.ids) && len(left) < ChunkRows; from++ {
			g := l.ids[from]
			for _, r := range l.rows[l.start[g]:l.start[g+1]] {
				left, right = append(left, int32(from)), append(right, r)
			}
		}
		o.pairs = [2][]int32{left, right}
		if err := o.test(0, o.out.from, &o.pairs, b.Sel); err != nil {
			return err
		}
		left, right = o.pairs[0], o.pairs[1]
		at := 0
		for i := begin; i < from; i++ {
			r := b.Row(i)
			kind := b.Kind(r)
			if (at == len(left) || int(left[at]) != i) && o.op.Type == graph.LeftJoin {
				o.out.add(int32(r), column.Missing, kind)
			}
			for ; at < len(left) && int(left[at]) == i; at++ {
				o.out.add(int32(r), right[at], kind)
			}
		}
		if b.Kinds == nil {
			o.out.kinds = o.out.kinds[:0]
		}
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	return nil
}
