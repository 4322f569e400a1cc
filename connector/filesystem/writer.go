package filesystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state"
)

// writer writes the part files of one subtask: at most one at a time in each partition.
type writer struct {
	sink    *sink
	subtask int
	number  *int           // parts begun by the subtask
	encoder format.Encoder // nil: the format writes files with an index
	parts   map[string]*part
	sealed  []finished        // uploaded and not handed over
	held    []connector.Piece // open parts as the last Flush saved them
	bytes   int64             // of parts that were ended

	view    column.Batch // the columns that stand in the file
	keys    []*column.Vector
	groups  *state.Groups // distinct partitions
	dirs    []string      // by group
	group   []int32       // of each row of a batch
	count   []int32       // rows by group; zero between batches
	touched []int32       // groups that a batch has
	rows    []int32       // of a batch, ordered by group

	fileSize             int64
	rollover, inactivity time.Duration
	checkEvery           time.Duration
	keeps                bool // parts stay open across checkpoints
	pending              pending
	checked              time.Time
	now                  time.Time
}

func newWriter(s *sink, subtask int, number *int) (*writer, error) {
	v := s.config.values
	w := &writer{
		sink: s, subtask: subtask, number: number, parts: map[string]*part{},
		fileSize: s.limits.fileSize(v.Memory(fileSizeOption)), rollover: v.Duration(rolloverOption), inactivity: v.Duration(inactivityOption), checkEvery: v.Duration(checkOption),
		checked: s.limits.now(), pending: newPending(s.trigger),
	}
	_, resumes := s.store.(objstore.Resumer)
	w.keeps = s.config.format.NewEncoder != nil && s.packing == nil && s.compaction.size == 0 && resumes && !s.req.Batch && w.fileSize <= objstore.SavedRoom && v.Enum(visibilityOption) == "rolled"
	if s.config.format.NewEncoder != nil {
		e, err := s.config.format.NewEncoder(s.config.formatConfig())
		if err != nil {
			return nil, err
		}
		w.encoder = e
	}
	if len(s.keys) > 0 {
		types := make([]column.Type, len(s.keys))
		for i, k := range s.keys {
			types[i] = k.Type
		}
		w.groups = state.NewGroups(types)
		w.keys = make([]*column.Vector, len(types))
	}
	return w, nil
}

func (w *writer) Write(ctx context.Context, b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if err := w.takes(b); err != nil {
		return err
	}
	if err := w.Tick(ctx); err != nil {
		return err
	}
	w.view.Len, w.view.Kinds, w.view.Times = b.Len, b.Kinds, b.Times
	w.view.Cols = w.view.Cols[:0]
	for i, c := range b.Cols {
		if w.sink.config.place[i] >= 0 {
			w.view.Cols = append(w.view.Cols, c)
		}
	}
	if w.groups == nil {
		w.view.Sel = b.Sel
		return w.write(ctx, "")
	}
	for i, p := range w.sink.req.Table.PartitionBy {
		w.keys[i] = b.Cols[p]
	}
	w.partition(b.Sel, n)
	from := int32(0)
	for _, g := range w.touched {
		end := w.count[g]
		w.count[g] = 0
		w.view.Sel = w.rows[from:end]
		from = end
		if err := w.write(ctx, w.dirs[g]); err != nil {
			return err
		}
	}
	return w.bound(ctx)
}

// takes refuses rows of kinds that the format does not carry.
func (w *writer) takes(b *column.Batch) error {
	if b.Kinds == nil || w.sink.config.changes != graph.InsertOnly {
		return nil
	}
	for i := range b.Rows() {
		if kind := b.Kinds[b.Row(i)]; kind != column.Insert {
			return fmt.Errorf("files of format '%s' take inserts only, and got a row of kind %s", w.sink.config.format.Name, kind)
		}
	}
	return nil
}

// partition orders the rows of a batch by their partition: afterwards touched has the groups in the order in which they came, and count where the
// rows of each end in rows.
func (w *writer) partition(sel []int32, n int) {
	if cap(w.group) < n {
		w.group, w.rows = make([]int32, n), make([]int32, n)
	}
	group, rows := w.group[:n], w.rows[:n]
	w.groups.Lookup(w.keys, sel, n, group)
	for g := len(w.dirs); g < w.groups.Len(); g++ {
		dir := appendDir(nil, w.sink.keys, w.groups.Keys(), g, w.sink.config.values.Text(defaultNameOption), w.sink.config.zone)
		w.dirs = append(w.dirs, string(dir))
		w.count = append(w.count, 0)
	}
	w.touched = w.touched[:0]
	for _, g := range group {
		if w.count[g] == 0 {
			w.touched = append(w.touched, g)
		}
		w.count[g]++
	}
	at := int32(0)
	for _, g := range w.touched {
		w.count[g], at = at, at+w.count[g]
	}
	for i, g := range group {
		row := int32(i)
		if sel != nil {
			row = sel[i]
		}
		rows[w.count[g]] = row
		w.count[g]++
	}
}

// write adds the rows of the view to the partition's part.
func (w *writer) write(ctx context.Context, dir string) error {
	p := w.parts[dir]
	if p == nil {
		var err error
		if p, err = w.begin(ctx, dir); err != nil {
			return err
		}
		w.parts[dir] = p
	}
	p.last = w.now
	if err := p.write(ctx, &w.view); err != nil {
		return p.fail(err)
	}
	if p.size() >= w.fileSize {
		return w.end(ctx, dir)
	}
	return nil
}

// bound ends the largest parts while all of them hold too much memory.
func (w *writer) bound(ctx context.Context) error {
	for {
		var sum int64
		largest := ""
		for dir, p := range w.parts {
			m := p.memory()
			sum += m
			if largest == "" || m > w.parts[largest].memory() {
				largest = dir
			}
		}
		if sum <= w.sink.limits.memory || len(w.parts) < 2 {
			return nil
		}
		if err := w.end(ctx, largest); err != nil {
			return err
		}
	}
}

// Due implements [connector.TimedWriter].
func (w *writer) Due() time.Time {
	if len(w.parts) == 0 || w.sink.req.Batch {
		return time.Time{}
	}
	return w.checked.Add(w.checkEvery)
}

// Tick implements [connector.TimedWriter]: it ends the parts that are too old or had no rows for too long, if it is time to look for them.
func (w *writer) Tick(ctx context.Context) error {
	if w.now = w.sink.limits.now(); w.now.Sub(w.checked) < w.checkEvery {
		return nil
	}
	w.checked = w.now
	for _, dir := range slices.Sorted(maps.Keys(w.parts)) {
		p := w.parts[dir]
		if w.now.Sub(p.begun) >= w.rollover || w.now.Sub(p.last) >= w.inactivity {
			if err := w.end(ctx, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// end uploads the rest of a part.
func (w *writer) end(ctx context.Context, dir string) error {
	p := w.parts[dir]
	done, err := p.seal(ctx)
	if err != nil {
		return p.fail(err)
	}
	delete(w.parts, dir)
	w.sealed = append(w.sealed, done)
	w.bytes += done.Size
	return nil
}

// Flush ends parts, or saves them if they may stay open.
func (w *writer) Flush(ctx context.Context, whole bool) ([]connector.Committable, error) {
	dirs, now := slices.Sorted(maps.Keys(w.parts)), w.sink.limits.now()
	done := make([]*finished, len(dirs))
	held := make([]connector.Piece, len(dirs))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, dir := range dirs {
		p := w.parts[dir]
		g.Go(func() (err error) {
			if w.keeps && !whole && !w.pending.ready(dir, now) {
				if held[i], err = p.save(gctx); err != nil {
					return p.fail(err)
				}
			}
			if held[i] == nil {
				sealed, err := p.seal(gctx)
				if err != nil {
					return p.fail(err)
				}
				done[i] = &sealed
			}
			return nil
		})
	}
	err := g.Wait()
	for i, dir := range dirs {
		if done[i] != nil {
			delete(w.parts, dir)
			w.sealed = append(w.sealed, *done[i])
			w.bytes += done[i].Size
		}
	}
	w.held = slices.DeleteFunc(held, func(p connector.Piece) bool { return p == nil })
	if err != nil {
		return nil, err
	}
	list := make([]connector.Committable, len(w.sealed), len(w.sealed)+1)
	for i, p := range w.sealed {
		if list[i], err = json.Marshal(p); err != nil {
			return nil, err
		}
	}
	open := map[string]bool{}
	for dir := range w.parts {
		open[dir] = true
	}
	known, err := w.status(open)
	if err != nil {
		return nil, err
	}
	w.sealed = w.sealed[:0]
	return append(list, known...), nil
}

// BytesWritten implements [connector.WriteCounter].
func (w *writer) BytesWritten() int64 {
	n := w.bytes
	for _, p := range w.parts {
		n += p.written
	}
	return n
}

func (w *writer) Close() error {
	if len(w.parts) == 0 && len(w.sealed) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.sink.limits.giveUp)
	defer cancel()
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(w.parts)) {
		if p := w.parts[dir]; p.upload != nil && !p.kept {
			errs = append(errs, p.upload.Abort(ctx))
		}
	}
	var lost []objstore.Pending
	for _, p := range w.sealed {
		if !p.Kept {
			lost = append(lost, p.Pending)
		}
	}
	errs = append(errs, w.sink.abort(ctx, lost))
	clear(w.parts)
	w.sealed = nil
	return errors.Join(errs...)
}
