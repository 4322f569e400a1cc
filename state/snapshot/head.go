package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Head says which checkpoints of a job count, and which run may write. It is the one object that is ever replaced, always under the condition
// that it is the one that was read: so of several processes one goes on, and the others find out before they commit anything.
type Head struct {
	Job    string `json:"job"`
	Epoch  int64  `json:"epoch"`          // counts the runs; a greater one fences those before
	Run    string `json:"run"`            // id of the run whose turn it is
	Serial int64  `json:"serial"`         // counts the writes of a run, so that no two heads are the same
	State  string `json:"state"`          // Running or Ended
	Part   string `json:"part,omitempty"` // of which run of a script the job is which part
	// Retained are the completed checkpoints, the oldest first.
	Retained []Ref `json:"retained,omitempty"`
	// Origin is the snapshot from outside that the job started from; it counts as long as there is no checkpoint.
	Origin string `json:"origin,omitempty"`
	// Leftover are runs whose sinks may have left something unfinished.
	Leftover []string  `json:"leftover,omitempty"`
	Updated  time.Time `json:"updated"`
}

// States of a job in its head.
const (
	Running = "running"
	Ended   = "ended" // with all its outputs visible: the next run starts anew
)

// Ref names a checkpoint.
type Ref struct {
	ID     int64  `json:"id"`
	Object string `json:"object"` // the manifest, beside the head
}

// HeadName is the object's name in a job's directory.
const HeadName = "head"

// maxHead bounds what a foreign object can make us read.
const maxHead = 16 << 20

// ErrFenced says that another process goes on with the job.
var ErrFenced = errors.New("another process has taken over the job")

// ReadHead reads a job's head and the ETag under which it may be replaced. An absent head is an error of kind [objstore.NotFound].
func (d *Dir) ReadHead(ctx context.Context) (*Head, string, error) {
	body, info, err := d.Store.Get(ctx, d.Prefix+HeadName, objstore.All)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	if info.Size > maxHead {
		return nil, "", &Error{Object: d.URL(HeadName), Reason: "the object is far too large for a head", Hint: headHint, Damaged: true}
	}
	data, err := readAll(body, info.Size)
	if err != nil {
		return nil, "", err
	}
	h := &Head{}
	if err := unseal(d.URL(HeadName), HeadName, data, h); err != nil {
		var e *Error
		if errors.As(err, &e) && e.Damaged {
			e.Hint = headHint
		}
		return nil, "", err
	}
	return h, info.ETag, nil
}

const headHint = "delete it to start without state, or name a manifest beside it by --resume PATH after that"

// Owner is the right to write a job's checkpoints. Its methods are called by one goroutine at a time.
type Owner struct {
	dir    *Dir
	head   Head
	etag   string
	serial int64
	// manifests are those of checkpoints that the head names or may name.
	manifests map[string]*Manifest
	last      *Manifest // of the last checkpoint of this run, or of the one that it started from
}

// Claim makes a run the owner of a job: whoever was before cannot complete another checkpoint. change may change the new head. If after is not empty,
// the run follows one of those, in the same process, and must not take the job from any other: that is [ErrFenced].
func (d *Dir) Claim(ctx context.Context, job, run string, after []string, change func(*Head)) (*Owner, error) {
	const tries = 20
	for try := 1; ; try++ {
		next, cond := Head{Job: job}, objstore.Condition{IfAbsent: true}
		old, etag, err := d.ReadHead(ctx)
		switch {
		case err == nil:
			if old.Job != job {
				return nil, &Error{Object: d.URL(HeadName), Reason: fmt.Sprintf("it belongs to the job '%s' and not to '%s'", old.Job, job),
					Hint: "set pipeline.name or execution.checkpointing.dir so that each job has a directory of its own"}
			}
			if len(after) > 0 && old.Run != run && !slices.Contains(after, old.Run) {
				return nil, fencedBy(old)
			}
			next, cond = *old, objstore.Condition{IfMatch: etag}
			if !slices.Contains(next.Leftover, old.Run) {
				next.Leftover = append(slices.Clone(next.Leftover), old.Run)
			}
		case objstore.KindOf(err) != objstore.NotFound:
			return nil, err
		case len(after) > 0:
			return nil, fmt.Errorf("%w: %s was deleted", ErrFenced, d.URL(HeadName))
		}
		next.Epoch++
		next.Run, next.Serial = run, 1
		if change != nil {
			change(&next)
		}
		next.State, next.Updated = Running, time.Now().UTC()
		info, err := d.put(ctx, &next, cond)
		if err != nil {
			// The answer may have been lost.
			got, now, again := d.ReadHead(ctx)
			switch {
			case again == nil && got.Run == run && got.Epoch == next.Epoch:
				info.ETag = now
			case objstore.KindOf(err) == objstore.PreconditionFailed && try < tries:
				continue
			default:
				return nil, err
			}
		}
		return &Owner{dir: d, head: next, etag: info.ETag, serial: 1, manifests: map[string]*Manifest{}}, nil
	}
}

func (d *Dir) put(ctx context.Context, h *Head, cond objstore.Condition) (objstore.Info, error) {
	data, err := seal(HeadName, plainVersion, h)
	if err != nil {
		return objstore.Info{}, err
	}
	return d.Store.Put(ctx, d.Prefix+HeadName, data, cond)
}

// Head returns what the head says.
func (o *Owner) Head() Head { return o.head }

// update replaces the head. After [ErrFenced] it is another's. After any other error it may have been replaced or not: the next call finds
// out.
func (o *Owner) update(ctx context.Context, change func(*Head)) error {
	const tries = 5
	for try := 1; ; try++ {
		next := o.head
		next.Retained, next.Leftover = slices.Clone(next.Retained), slices.Clone(next.Leftover)
		change(&next)
		o.serial++
		next.Serial, next.Updated = o.serial, time.Now().UTC()
		info, err := o.dir.put(ctx, &next, objstore.Condition{IfMatch: o.etag})
		if err == nil {
			o.head, o.etag = next, info.ETag
			return nil
		}
		got, etag, again := o.dir.ReadHead(ctx)
		switch {
		case objstore.KindOf(again) == objstore.NotFound:
			return fmt.Errorf("%w: %s was deleted", ErrFenced, o.dir.URL(HeadName))
		case again != nil:
			return err
		case got.Epoch != o.head.Epoch || got.Run != o.head.Run:
			return fencedBy(got)
		}
		o.head, o.etag = *got, etag
		switch {
		case got.Serial == next.Serial:
			return nil
		case objstore.KindOf(err) != objstore.PreconditionFailed || try == tries:
			return err
		}
	}
}

func fencedBy(h *Head) error {
	return fmt.Errorf("%w: the run %s, at %v", ErrFenced, h.Run, h.Updated.Format(time.RFC3339))
}
