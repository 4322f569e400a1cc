package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// lookupJoin joins each row with the rows of an external table that have its key at that moment. The keys of a batch are looked up once
// each; with the hint 'async' several requests are under way at a time. A table that is held in full is read again in the background when its time
// has come.
type lookupJoin struct {
	Base
	*match
	op     *graph.LookupJoin
	ctx    *Context
	schema []column.Field // of the projected columns
	hint   lookupHint
	source connector.LookupSource
	values *expr.Projection
	filter *expr.Filter
	out    *joined

	full    connector.FullLookup // the source, if it is one
	cancel  context.CancelFunc
	work    sync.WaitGroup
	loading chan error // what came of the reading that is under way; nil: none is

	made    column.Batch  // keys by row
	keys    *column.Batch // the same of live rows
	groups  *state.Groups // the batch's distinct keys
	ids     []int32       // by live row
	found   *column.Batch // projected columns
	from    []int32       // by found row, its key
	sel     []int32       // found rows for which the filter is true
	start   []int32       // by key, where its rows begin in rows
	rows    []int32       // found rows by key
	missing []int32       // keys to look up again
	parts   []lookupPart  // requests under way
	pairs   [2][]int32    // live row; found row
}

// lookupPart is a request for some of a batch's keys.
type lookupPart struct {
	keys, found *column.Batch
	from        []int32
	first       int
	err         error
}

func newLookupJoin(op *graph.LookupJoin, in []column.Field, schema []column.Field) (Operator, error) {
	if op.Type != graph.InnerJoin && op.Type != graph.LeftJoin {
		return nil, fmt.Errorf("a lookup join of kind %s, want Inner or Left", op.Type)
	}
	o := &lookupJoin{op: op}
	for _, c := range op.Project {
		if c < len(op.Table.Columns) {
			o.schema = append(o.schema, op.Table.Columns[c])
		} else {
			o.schema = append(o.schema, op.Table.Metadata[c-len(op.Table.Columns)].Field)
		}
	}
	var err error
	if o.match, err = newMatch(&graph.Match{Type: op.Type, Cond: op.Cond}, [][]column.Field{in, o.schema}, schema); err != nil {
		return nil, err
	}
	if o.hint, err = readLookupHint(op.Hint); err != nil {
		return nil, err
	}
	o.out = newJoined(o.match, schema)
	return o, nil
}

func (o *lookupJoin) Open(c *Context) error {
	o.ctx = c
	spec, ok := connector.Lookup(o.op.Table.Connector)
	if !ok || spec.NewLookup == nil {
		return fmt.Errorf("table %s: connector '%s' cannot be looked up", o.op.Table.Name, o.op.Table.Connector)
	}
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	var list []expr.Expr
	var keys []int
	var fields []column.Field
	for _, k := range o.op.Keys {
		f := o.op.Table.Columns[k.Column]
		list, keys, fields = append(list, k.Value), append(keys, k.Column), append(fields, column.Field{Name: f.Name, Type: f.Type.Optional()})
	}
	if o.values, err = expr.CompileProjection(list, opts...); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if o.op.Filter != nil {
		if o.filter, err = expr.CompileFilter(o.op.Filter, opts...); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	}
	if err := o.match.open(c); err != nil {
		return err
	}
	o.keys, o.found, o.groups = column.NewBatch(fields, 0), column.NewBatch(o.schema, 0), state.NewGroups(types(fields))
	if o.source, err = spec.NewLookup(connector.LookupRequest{Env: c.Env, Table: o.op.Table, Project: o.op.Project, Keys: keys}); err != nil {
		return o.failed(err)
	}
	if o.full, ok = o.source.(connector.FullLookup); ok {
		if err := o.full.Load(c); err != nil {
			return errors.Join(o.failed(err), o.source.Close())
		}
		o.schedule()
	}
	return nil
}

// failed names the table of an error.
func (o *lookupJoin) failed(err error) error { return fmt.Errorf("table %s: %w", o.op.Table.Name, err) }

// schedule sets the timer for the next reading of a table that is held in full.
func (o *lookupJoin) schedule() {
	now := o.ctx.Now()
	if wait := o.full.Reload(now); wait > 0 {
		o.ctx.SetTimer(now.Add(wait))
	}
}

// Timer starts to read the table again, unless that is going on.
func (o *lookupJoin) Timer(time.Time, Output) error {
	if err := o.loaded(); err != nil {
		return err
	}
	if o.loading == nil {
		ctx, cancel := context.WithCancel(o.ctx)
		done := make(chan error, 1)
		o.cancel, o.loading = cancel, done
		o.work.Go(func() { done <- o.full.Load(ctx) })
	}
	o.schedule()
	return nil
}

// loaded looks whether the reading in the background has ended, and with what.
func (o *lookupJoin) loaded() error {
	select {
	case err := <-o.loading:
		o.cancel()
		o.loading = nil
		if err != nil {
			return o.failed(fmt.Errorf("reading it again: %w", err))
		}
	default:
	}
	return nil
}

func (o *lookupJoin) Close() error {
	if o.loading != nil {
		o.cancel()
	}
	o.work.Wait()
	return o.source.Close()
}

// SizeBytes implements [Sizer].
func (o *lookupJoin) SizeBytes() int {
	return o.keys.SizeBytes() + o.found.SizeBytes() + o.groups.SizeBytes() + o.out.sizeBytes()
}

func (o *lookupJoin) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := o.loaded(); err != nil {
		return err
	}
	if err := o.number(b); err != nil {
		return err
	}
	if err := o.look(); err != nil {
		return err
	}
	if o.filter != nil && o.found.Len > 0 {
		var err error
		if o.sel, err = o.filter.Select(o.found, o.sel); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	} else {
		o.sel = first(o.sel, o.found.Len)
	}
	o.order()
	return o.emit(b, out)
}

// number finds the distinct keys of a batch.
func (o *lookupJoin) number(b *column.Batch) error {
	if err := o.values.Eval(b, &o.made); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	n := b.Rows()
	o.keys.Reset()
	for i, v := range o.made.Cols {
		if v.Type.Kind == column.Null {
			for range n {
				o.keys.Cols[i].AppendNull()
			}
			continue
		}
		o.keys.Cols[i].AppendRows(v, b.Sel)
	}
	o.keys.Len = n
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	o.ids = o.ids[:n]
	o.groups.Reset()
	o.groups.Lookup(o.keys.Cols, nil, n, o.ids)
	return nil
}

// look asks for the rows of all keys, and where the hint says so again for those without any.
func (o *lookupJoin) look() error {
	o.found.Reset()
	o.from = o.from[:0]
	o.missing = o.missing[:0]
	for g := range o.groups.Len() { // a NULL equals nothing
		null := false
		for _, k := range o.groups.Keys() {
			null = null || k.IsNull(g)
		}
		if !null {
			o.missing = append(o.missing, int32(g))
		}
	}
	for attempt := 0; len(o.missing) > 0; attempt++ {
		if attempt > 0 {
			if attempt >= o.hint.attempts {
				return nil
			}
			if err := o.wait(); err != nil {
				return err
			}
		}
		before := len(o.from)
		if err := o.ask(); err != nil {
			return o.failed(err)
		}
		if o.hint.attempts == 0 {
			return nil
		}
		hit := map[int32]bool{} // misses are few, or attempts are
		for _, g := range o.from[before:] {
			hit[g] = true
		}
		left := o.missing[:0]
		for _, g := range o.missing {
			if !hit[g] {
				left = append(left, g)
			}
		}
		o.missing = left
	}
	return nil
}

// wait lets the delay of a retry pass.
func (o *lookupJoin) wait() error {
	t := time.NewTimer(o.hint.delay)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-o.ctx.Done():
		return context.Cause(o.ctx)
	}
}

// ask looks up the keys in missing, in as many requests at a time as the hint allows.
func (o *lookupJoin) ask() error {
	parts := 1
	if o.hint.async {
		parts = min(o.hint.capacity, len(o.missing))
	}
	for len(o.parts) < parts {
		o.parts = append(o.parts, lookupPart{keys: column.NewBatch(o.keyFields(), 0), found: column.NewBatch(o.schema, 0)})
	}
	var group sync.WaitGroup
	for i := range parts {
		p := &o.parts[i]
		p.first = i * len(o.missing) / parts
		rows := o.missing[p.first : (i+1)*len(o.missing)/parts]
		p.keys.Reset()
		p.found.Reset()
		for c, k := range o.groups.Keys() {
			p.keys.Cols[c].AppendRows(k, rows)
		}
		p.keys.Len = len(rows)
		if parts == 1 {
			o.request(p)
			continue
		}
		group.Go(func() { o.request(p) })
	}
	group.Wait()
	for i := range parts {
		p := &o.parts[i]
		if p.err != nil {
			return p.err
		}
		o.found.AppendRows(p.found, nil)
		for _, k := range p.from {
			o.from = append(o.from, o.missing[p.first+int(k)])
		}
	}
	return nil
}

func (o *lookupJoin) keyFields() []column.Field {
	fields := make([]column.Field, len(o.keys.Cols))
	for i, v := range o.keys.Cols {
		fields[i].Type = v.Type
	}
	return fields
}

// request makes one request.
func (o *lookupJoin) request(p *lookupPart) {
	ctx := o.ctx.Context
	if o.hint.timeout > 0 {
		limited, cancel := context.WithTimeout(ctx, o.hint.timeout)
		defer cancel()
		ctx = limited
	}
	p.from, p.err = o.source.Rows(ctx, p.keys, p.found, p.from[:0])
	if p.err != nil && ctx.Err() != nil && o.ctx.Err() == nil {
		p.err = fmt.Errorf("the lookup took longer than %s, the timeout of its hint: %w", o.hint.timeout, p.err)
	}
}

// order lists the found rows of each key.
func (o *lookupJoin) order() {
	n := o.groups.Len()
	if cap(o.start) < n+2 {
		o.start = make([]int32, n+n/4+2)
	}
	start := o.start[:n+2]
	clear(start)
	for _, r := range o.sel {
		start[o.from[r]+2]++
	}
	for g := range n {
		start[g+2] += start[g+1]
	}
	if cap(o.rows) < len(o.sel) {
		o.rows = make([]int32, len(o.sel)+len(o.sel)/4)
	}
	o.rows = o.rows[:len(o.sel)]
	for _, r := range o.sel {
		g := o.from[r]
		o.rows[start[g+1]] = r
		start[g+1]++
	}
	o.start = start
}

// emit joins the batch's rows with what was found.
func (o *lookupJoin) emit(b *column.Batch, out Output) error {
	o.out.from = [2]rowSource{columns(b.Cols), columns(o.found.Cols)}
	for from := 0; from < len(o.ids); {
		begin := from
		left, right := o.pairs[0][:0], o.pairs[1][:0]
		for ; from < len(o.ids) && len(left) < ChunkRows; from++ {
			g := o.ids[from]
			for _, r := range o.rows[o.start[g]:o.start[g+1]] {
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

// lookupHint is what the hint LOOKUP says, with Flink's keys.
type lookupHint struct {
	async    bool
	capacity int           // requests at a time
	timeout  time.Duration // of a request; 0: none
	attempts int           // for a key that has no rows; 0: one
	delay    time.Duration // between two of them
}

// maxRequests is the most requests at a time, whatever a hint says.
const maxRequests = 64

func readLookupHint(hint map[string]string) (lookupHint, error) {
	h := lookupHint{capacity: maxRequests}
	bad := func(key, want string) error {
		return fmt.Errorf("the hint LOOKUP has '%s' = '%s', want %s", key, hint[key], want)
	}
	for key, text := range hint {
		var err error
		switch key {
		case "async":
			h.async = strings.EqualFold(text, "true")
			if !h.async && !strings.EqualFold(text, "false") {
				return h, bad(key, "true or false")
			}
		case "capacity":
			if _, err = fmt.Sscan(text, &h.capacity); err != nil || h.capacity <= 0 {
				return h, bad(key, "a number greater than 0")
			}
			h.capacity = min(h.capacity, maxRequests)
		case "timeout":
			if h.timeout, err = setting.ParseDuration(text); err != nil {
				return h, bad(key, "a duration such as 10s")
			}
		case "output-mode":
			if text != "ordered" && text != "allow_unordered" {
				return h, bad(key, "ordered or allow_unordered")
			}
		case "retry-predicate":
			if text != "lookup_miss" {
				return h, bad(key, "lookup_miss")
			}
		case "retry-strategy":
			if text != "fixed_delay" {
				return h, bad(key, "fixed_delay")
			}
		case "fixed-delay":
			if h.delay, err = setting.ParseDuration(text); err != nil {
				return h, bad(key, "a duration such as 10s")
			}
		case "max-attempts":
			if _, err = fmt.Sscan(text, &h.attempts); err != nil || h.attempts <= 0 {
				return h, bad(key, "a number greater than 0")
			}
			h.attempts++ // the first lookup is no attempt
		}
	}
	return h, nil
}
