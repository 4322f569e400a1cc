package snapshot

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state"
)

// Dir is where snapshots lie: the checkpoints of one job with its head, or a savepoint.
type Dir struct {
	Store  objstore.Store
	Prefix string // of all keys; ends in "/" or is empty
	Codec  Codec
}

const (
	segmentsDir = "segments/"
	manifestOf  = "manifest" // of a savepoint
	// maxManifest bounds what a foreign object can make us read.
	maxManifest = 1 << 30
	// parallel is the number of requests at once.
	parallel = 8
	// maxReused bounds the memory for a segment that is kept for the next one.
	maxReused = 32 << 20
)

// encoded has memory for segments: much of it at once is slow to come by.
var encoded sync.Pool

// URL names an object of the directory.
func (d *Dir) URL(name string) string { return d.Store.URL(d.Prefix + name) }

// Tables are the tables of a snapshot: by operator, then by subtask; nil for subtasks that had none.
type Tables [][][]state.Table

// Release lets the rows of tables in layers go, which nobody may read any more.
func (t Tables) Release() {
	for _, operator := range t {
		for _, subtask := range operator {
			for i := range subtask {
				if l := subtask[i].Layers; l != nil {
					l.Release()
				}
			}
		}
	}
}

// Save writes a snapshot: first the segments, then, if there is none yet, the manifest, with which the snapshot exists. What the manifest says of
// tables is filled in. Segments whose bytes are known already, by their checksums, are not written again, nor are those of tables in layers that the
// snapshot before has. stem is what the names of segments begin with.
func (d *Dir) Save(ctx context.Context, name, stem string, m *Manifest, tables Tables, known map[string]Segment, before *Manifest) error {
	type place struct{ operator, table, segment int }
	var pieces []piece
	var places []place
	for i := range m.Operators {
		op := &m.Operators[i]
		op.Tables, op.Stateless = nil, nil
		for subtask, list := range tables[i] {
			if list == nil {
				op.Stateless = append(op.Stateless, subtask)
			}
			for k := range list {
				at, err := op.table(&list[k])
				if err != nil {
					return fmt.Errorf("subtask %d of %s: %w", subtask, op.Name, err)
				}
				to := &op.Tables[at]
				var more []piece
				var segments []Segment
				if list[k].Layers != nil && list[k].Rows == nil {
					s := spread(&list[k])
					if more, segments, err = s.pieces(subtask, m.MaxParallelism, before.tableOf(op.UID, to)); err != nil {
						return err
					}
				} else {
					more = cut(&list[k], subtask, m.MaxParallelism)
					segments = make([]Segment, len(more))
				}
				for n, p := range more {
					pieces = append(pieces, p)
					if p.layers == nil {
						p.at = n
					}
					places = append(places, place{i, at, len(to.Segments) + p.at})
				}
				to.Segments = append(to.Segments, segments...)
			}
		}
	}
	written, uploaded := make([]string, len(pieces)), atomic.Int64{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	encoding := make(chan struct{}, runtime.GOMAXPROCS(0)) // more at once would only take each other's caches, and tasks'
	for i := range pieces {
		g.Go(func() error {
			at := places[i]
			s := m.Operators[at.operator].Tables[at.table].Segments[at.segment]
			encoding <- struct{}{}
			memory, _ := encoded.Get().(*[]byte)
			if memory == nil {
				memory = new([]byte)
			}
			data, err := pieces[i].encode(d.Codec, &s, *memory)
			<-encoding
			pieces[i] = piece{}
			if err != nil {
				return err
			}
			if old, ok := known[s.SHA256]; ok && old.Size == s.Size {
				s.Object = old.Object
			} else {
				s.Object = fmt.Sprintf("%s%s-%d.parquet", segmentsDir, stem, i)
				written[i] = d.Prefix + s.Object
				if _, err := d.Store.Put(gctx, written[i], data, objstore.Condition{}); err != nil {
					return err
				}
				uploaded.Add(s.Size)
			}
			if cap(data) <= maxReused { // nobody has it any more; after an error a request might
				*memory = data
				encoded.Put(memory)
			}
			m.Operators[at.operator].Tables[at.table].Segments[at.segment] = s
			return nil
		})
	}
	err := g.Wait()
	m.Written = uploaded.Load()
	if err == nil {
		var data []byte
		if data, err = seal(manifestOf, m.version(), m); err == nil {
			_, err = d.Store.Put(ctx, d.Prefix+name, data, objstore.Condition{IfAbsent: true})
			if err != nil {
				return err // it may be there in spite of the error
			}
		}
	}
	if err != nil {
		d.discard(ctx, written)
	}
	return err
}

// discardPatience is how long it may take to delete what a failed snapshot has written: the store may be why it failed, and the job is to hear of it.
const discardPatience = 2 * time.Second

// discard deletes what a snapshot that failed has written. What stays is found when the job starts next.
func (d *Dir) discard(ctx context.Context, keys []string) {
	keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
	if len(keys) > 0 {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardPatience)
		defer cancel()
		_ = d.Store.Delete(ctx, keys...)
	}
}

// table finds, or adds, what the manifest says of a table. One that has other columns in another subtask would be two, of which one would be lost:
// operators find their tables by name.
func (o *Operator) table(t *state.Table) (int, error) {
	columns := columnsOf(t.Schema)
	for i := range o.Tables {
		if o.Tables[i].Name != t.Name {
			continue
		}
		if o.Tables[i].Keyed != t.Keyed || !reflect.DeepEqual(o.Tables[i].Columns, columns) {
			return 0, fmt.Errorf("its table '%s' has other columns than in another subtask: %v and %v", t.Name, columns, o.Tables[i].Columns)
		}
		return i, nil
	}
	o.Tables = append(o.Tables, Table{Name: t.Name, Keyed: t.Keyed, Columns: columns})
	return len(o.Tables) - 1, nil
}

// tableOf finds what a manifest says of a table of the same columns.
func (m *Manifest) tableOf(uid string, t *Table) *Table {
	if m == nil {
		return nil
	}
	for i := range m.Operators {
		if m.Operators[i].UID != uid {
			continue
		}
		for k := range m.Operators[i].Tables {
			if old := &m.Operators[i].Tables[k]; old.Name == t.Name && old.Keyed == t.Keyed && reflect.DeepEqual(old.Columns, t.Columns) {
				return old
			}
		}
	}
	return nil
}

// Load reads a manifest.
func (d *Dir) Load(ctx context.Context, name string) (*Manifest, error) {
	data, err := read(ctx, d.Store, d.Prefix+name, maxManifest)
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := unseal(d.URL(name), manifestOf, data, m); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, &Error{Object: d.URL(name), Reason: err.Error(), Hint: olderHint, Damaged: true}
	}
	return m, nil
}

// check finds what no program writes.
func (m *Manifest) check() error {
	if m.MaxParallelism < 1 || m.MaxParallelism > 32768 {
		return fmt.Errorf("it has %d key groups", m.MaxParallelism)
	}
	seen := map[string]bool{}
	for i := range m.Operators {
		op := &m.Operators[i]
		if seen[op.UID] {
			return fmt.Errorf("two operators have the uid '%s'", op.UID)
		}
		seen[op.UID] = true
		if op.Parallelism < 1 || op.Parallelism > 32768 {
			return fmt.Errorf("the operator '%s' has the parallelism %d", op.UID, op.Parallelism)
		}
		for t := range op.Tables {
			for _, s := range op.Tables[t].Segments {
				if s.Subtask < 0 || s.Subtask >= op.Parallelism || s.Rows < 0 || s.Gone < 0 || s.Size < 0 || slices.Contains(op.Stateless, s.Subtask) {
					return fmt.Errorf("the segment %s of the operator '%s' belongs to no subtask", s.Object, op.UID)
				}
				if !strings.HasPrefix(s.Object, segmentsDir) && (s.Object != "" || s.Number == 0 || s.Rows+s.Gone > 0) {
					return fmt.Errorf("the segment %s lies outside of the snapshot", s.Object)
				}
			}
		}
	}
	return nil
}

// Known returns the segments of snapshots, by checksum: what need not be written again.
func Known(list ...*Manifest) map[string]Segment {
	known := map[string]Segment{}
	for _, m := range list {
		for s := range m.segments() {
			known[s.SHA256] = *s
		}
	}
	return known
}

// objects returns the names of a snapshot's segments.
func (m *Manifest) objects() map[string]bool {
	set := map[string]bool{}
	for s := range m.segments() {
		if s.Object != "" { // the snapshot may not have come so far
			set[s.Object] = true
		}
	}
	return set
}

// Dispose deletes a savepoint: the manifest first, so that no half of it can be taken for one.
func (d *Dir) Dispose(ctx context.Context, name string, m *Manifest) error {
	if err := d.Store.Delete(ctx, d.Prefix+name); err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(m.objects()))
	for i := range keys {
		keys[i] = d.Prefix + keys[i]
	}
	if len(keys) == 0 {
		return nil
	}
	return d.Store.Delete(ctx, keys...)
}

// readAll reads a body of a known size.
func readAll(r io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	n, err := io.ReadFull(r, data)
	if err == io.ErrUnexpectedEOF || err == io.EOF { // what io.ReadFull itself returns
		err = nil // the size and the checksum tell
	}
	return data[:n], err
}
