package snapshot

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/objstore"
)

// stem is what the names of a checkpoint's objects have in them: no two runs, and no two tries of a run, have the same.
func stem(epoch, id int64) string { return fmt.Sprintf("%d-%d", epoch, id) }

const checkpointPrefix = "chk-"

// Checkpoint writes a checkpoint and makes it one of those that count. It is complete when this returns nil; after [ErrFenced] it is not, and after
// any other error it may turn out to be. The run has taken care of what the runs before had left, of which only the last are remembered. At most retain are kept: older ones are deleted, for which nothing waits but the next call.
func (o *Owner) Checkpoint(ctx context.Context, m *Manifest, tables Tables, retain int) error {
	m.Epoch, m.Run, m.Job, m.Kind = o.head.Epoch, o.head.Run, o.head.Job, Checkpoint
	name := checkpointPrefix + stem(m.Epoch, m.ID)
	var current []*Manifest
	for _, r := range o.head.Retained {
		if known := o.manifests[r.Object]; known != nil {
			current = append(current, known)
		}
	}
	err := o.dir.Save(ctx, name, stem(m.Epoch, m.ID), m, tables, Known(current...), o.last)
	o.manifests[name] = m // also if it is only there in part: it is deleted with the next that succeeds
	if err != nil {
		return err
	}
	err = o.update(ctx, func(h *Head) {
		h.Retained = append(h.Retained, Ref{m.ID, name})
		h.Retained = h.Retained[max(0, len(h.Retained)-retain):]
		h.Origin = ""
		h.Leftover = h.Leftover[max(0, len(h.Leftover)-lingering):]
	})
	if err != nil {
		return err
	}
	o.last = m
	o.collect(ctx)
	return nil
}

// Resume tells the owner the manifest of the checkpoint, one of those retained, that the run has started from: the layers of its tables count on.
func (o *Owner) Resume(m *Manifest) { o.last = m }

// lingering is how many runs are still looked after once the run that follows them has cleared up: one that was replaced may not know yet, write on
// and be killed before it finds out.
const lingering = 16

// Restorable tells the owner the manifest of a retained checkpoint, which new ones may share segments with.
func (o *Owner) Restorable(r Ref, m *Manifest) { o.manifests[r.Object] = m }

// Drop takes checkpoints off the list, such as one that is damaged, or all, and deletes them.
func (o *Owner) Drop(ctx context.Context, drop func(Ref) bool) error {
	if err := o.update(ctx, func(h *Head) { h.Retained = slices.DeleteFunc(h.Retained, drop) }); err != nil {
		return err
	}
	o.collect(ctx)
	return nil
}

// End says that the job has ended with all its outputs visible, and deletes its checkpoints.
func (o *Owner) End(ctx context.Context) error {
	err := o.update(ctx, func(h *Head) { h.State, h.Retained, h.Origin = Ended, nil, "" })
	if err != nil {
		return err
	}
	o.collect(ctx)
	_ = o.sweep(ctx, o.head.Epoch) // nothing of this run is needed any more either
	return nil
}

// collect deletes those manifests that the head does not name any more, then the segments that no other refers to. Failing is no harm: what stays is
// deleted when the job starts next.
func (o *Owner) collect(ctx context.Context) {
	retained, complete := map[string]bool{}, true
	needed := map[string]bool{}
	for _, r := range o.head.Retained {
		retained[r.Object] = true
		if m := o.manifests[r.Object]; m != nil {
			maps.Copy(needed, m.objects())
		} else {
			complete = false // its segments are not known
		}
	}
	var manifests, segments []string
	for _, name := range slices.Sorted(maps.Keys(o.manifests)) {
		if retained[name] {
			continue
		}
		manifests = append(manifests, o.dir.Prefix+name)
		for object := range o.manifests[name].objects() {
			if complete && !needed[object] {
				segments = append(segments, o.dir.Prefix+object)
			}
		}
	}
	if len(manifests) == 0 || o.dir.Store.Delete(ctx, manifests...) != nil {
		return
	}
	slices.Sort(segments)
	segments = slices.Compact(segments)
	if len(segments) > 0 && o.dir.Store.Delete(ctx, segments...) != nil {
		return
	}
	for name := range o.manifests {
		if !retained[name] {
			delete(o.manifests, name)
		}
	}
}

// Sweep deletes what earlier runs left and no retained checkpoint refers to. It does nothing while one of them is not known, by
// [Owner.Restorable], for then its segments are not either.
func (o *Owner) Sweep(ctx context.Context) error { return o.sweep(ctx, o.head.Epoch-1) }

// sweep deletes what was written up to an epoch and is not referred to.
func (o *Owner) sweep(ctx context.Context, last int64) error {
	keep := map[string]bool{}
	for _, r := range o.head.Retained {
		m := o.manifests[r.Object]
		if m == nil {
			return nil
		}
		keep[r.Object] = true
		maps.Copy(keep, m.objects())
	}
	var old []string
	for info, err := range o.dir.Store.List(ctx, o.dir.Prefix, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(info.Key, o.dir.Prefix)
		if epoch, ours := epochOf(name); ours && epoch <= last && !keep[name] {
			old = append(old, info.Key)
		}
	}
	if len(old) == 0 {
		return nil
	}
	return o.dir.Store.Delete(ctx, old...)
}

// epochOf returns the epoch that a checkpoint's object was written in.
func epochOf(name string) (int64, bool) {
	rest, segment := strings.CutPrefix(name, segmentsDir)
	if !segment {
		var manifest bool
		if rest, manifest = strings.CutPrefix(name, checkpointPrefix); !manifest {
			return 0, false
		}
	}
	digits, _, found := strings.Cut(rest, "-")
	epoch, err := strconv.ParseInt(digits, 10, 64)
	return epoch, found && err == nil
}
