package filesystem

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
)

var (
	_ connector.StatefulWriter = (*writer)(nil)
	_ connector.TimedWriter    = (*writer)(nil)
)

// openPart is a part that stays open across a checkpoint, which holds this.
type openPart struct {
	objstore.Saved
	Replaced    []objstore.Pending `json:",omitempty"`
	Begun, Last time.Time
	// Partitions are there instead of a part: those that the writer follows.
	Partitions []*partition `json:",omitempty"`
}

// encode writes the length of what is JSON, that, and the tail.
func (o *openPart) encode() (connector.Piece, error) {
	plain := *o
	plain.Tail = nil
	head, err := json.Marshal(&plain)
	if err != nil {
		return nil, err
	}
	piece := binary.AppendUvarint(nil, uint64(len(head)))
	return append(append(piece, head...), o.Tail...), nil
}

func decodeOpen(piece connector.Piece) (*openPart, error) {
	n, k := binary.Uvarint(piece)
	if k <= 0 || n > uint64(len(piece)-k) {
		return nil, errors.New("it is cut off")
	}
	o := &openPart{}
	if err := json.Unmarshal(piece[k:k+int(n)], o); err != nil {
		return nil, err
	}
	o.Tail = piece[k+int(n):]
	return o, nil
}

// save stores what the part has and returns how to go on with it; nil if it has to be sealed instead. As long as there is no upload, the checkpoint takes
// all of it.
func (p *part) save(ctx context.Context) (connector.Piece, error) {
	p.ctx = ctx
	o := openPart{Begun: p.begun, Last: p.last, Replaced: p.replaced}
	if p.upload == nil {
		o.Key, o.Tail = p.key, p.buf
		return o.encode()
	}
	saver, ok := p.upload.(objstore.Saver)
	if !ok {
		return nil, nil
	}
	if err := p.drain(); err != nil {
		return nil, err
	}
	saved, err := saver.Save(ctx)
	if err != nil || saved == nil {
		return nil, err
	}
	p.kept, o.Saved, o.Replaced = true, *saved, others(p.replaced, saved.UploadID)
	return o.encode()
}

// others leaves out the upload that is gone on with: some stores do not need another one for that.
func others(list []objstore.Pending, id string) []objstore.Pending {
	return slices.DeleteFunc(slices.Clone(list), func(p objstore.Pending) bool { return p.UploadID == id })
}

// Held implements [connector.StatefulWriter].
func (w *writer) Held() ([]connector.Piece, error) {
	p, err := w.pending.piece()
	if err != nil || p == nil {
		return w.held, err
	}
	return append(w.held[:len(w.held):len(w.held)], p), nil
}

// Restore implements [connector.StatefulWriter]. Of several parts in one directory, which come from as many subtasks, all but one are ended: the
// writer has one in each.
func (w *writer) Restore(ctx context.Context, held []connector.Piece) error {
	w.now = w.sink.limits.now()
	for _, piece := range held {
		o, err := decodeOpen(piece)
		if err != nil {
			return fmt.Errorf("a part file that is open cannot be read from the checkpoint: %w", err)
		}
		if o.Partitions != nil {
			for _, p := range o.Partitions {
				w.pending.take(p)
			}
			continue
		}
		dir, ok := w.sink.relative(o.Key)
		if !ok {
			return fmt.Errorf("the checkpoint has the open part file %s, which is not in the table's directory %s any more: "+
				"take a savepoint before the table's path is changed", w.sink.store.URL(o.Key), w.sink.store.URL(w.sink.dir))
		}
		if w.parts[dir] != nil {
			if err := w.end(ctx, dir); err != nil {
				return err
			}
		}
		p, err := w.resume(ctx, dir, o)
		if err != nil {
			return err
		}
		w.parts[dir] = p
		if err := w.pending.add(dir, o.Begun); err != nil {
			return err
		}
		if !w.keeps || !strings.HasSuffix(o.Key, w.sink.extension()) { // the table is another now
			if err := w.end(ctx, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// resume goes on with a part of a directory. Whatever is begun for that bears the name of this run, also if an earlier one had named the part already: a run
// that was replaced and does not know it yet takes what bears the names of those before it, and that its checkpoint does not know, for left over.
func (w *writer) resume(ctx context.Context, dir string, o *openPart) (*part, error) {
	p := &part{writer: w, key: w.name(dir, "", extensionOf(o.Key)), begun: o.Begun, last: o.Last, ctx: ctx, replaced: o.Replaced}
	if o.UploadID == "" {
		p.buf = append(p.buf, o.Tail...)
		return p, nil
	}
	resumer, ok := w.sink.store.(objstore.Resumer)
	if !ok {
		return nil, fmt.Errorf("the checkpoint has the open part file %s, which this store cannot go on with", w.sink.store.URL(o.Key))
	}
	u, named, err := resumer.Resume(ctx, o.Saved, p.key)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil, fmt.Errorf("the part file %s was open when the checkpoint was taken and cannot be gone on with: a later checkpoint has "+
			"completed it, or something has removed it, such as a lifecycle rule for incomplete uploads; start from the latest checkpoint or "+
			"a savepoint, or end part files with checkpoints by '%s' = 'checkpoint': %w", w.sink.store.URL(o.Key), visibilityOption.Key, err)
	}
	if err != nil {
		return nil, err
	}
	p.upload, p.key, p.kept, p.written = u, named, true, o.Size+int64(len(o.Tail))
	p.replaced = append(p.replaced, o.Pending)
	return p, nil
}

// extensionOf returns what the name of a part file ends with: the table may have another format now.
func extensionOf(key string) string {
	_, base, _ := cutLast(key)
	base = base[strings.LastIndexByte(base, '-')+1:]
	return strings.TrimLeft(base, "0123456789")
}
