package durable

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/migrate"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state/snapshot"
)

// resume says from what a run starts; its zero value is the last checkpoint.
type resume struct {
	never bool
	path  string
}

// from reads the settings, which are about the first run.
func (h *Handle) from() resume {
	settings := h.opts.Job.Env.Settings
	return resume{never: settings.Enum(setting.Resume) == "never", path: settings.Text(setting.SavepointPath)}
}

// claim makes a run the job's owner and returns what it starts from; nil for nothing.
func (h *Handle) claim(run string, from resume) (c *job.Checkpoint, err error) {
	defer func() {
		if h.owner != nil {
			h.claimed = append(h.claimed, run) // also one that failed and may have been written
		}
	}()
	var change func(*snapshot.Head)
	switch {
	case from.path != "":
		// All is read before anybody is fenced.
		d, name, err := snapshot.Locate(h.ctx, h.opts.Job.Env.Objects, from.path, Codec)
		if err != nil {
			return nil, err
		}
		m, c, err := load(h.ctx, d, name)
		if err != nil {
			return nil, err
		}
		if c, err = h.fit(c); err != nil {
			return nil, fmt.Errorf("%s: %w", d.URL(name), err)
		}
		own := d.Prefix == h.dir.Prefix && d.Store.String() == h.dir.Store.String()
		change = func(head *snapshot.Head) {
			c.ID = max(c.ID, lastID(head))
			if head.Retained, head.Origin = nil, from.path; own {
				head.Retained, head.Origin = []snapshot.Ref{{ID: m.ID, Object: name}}, ""
			}
		}
		if h.owner, err = h.dir.Claim(h.ctx, h.opts.Name, run, h.claimed, h.marked(change)); err != nil {
			return nil, err
		}
		if own {
			h.owner.Restorable(snapshot.Ref{ID: m.ID, Object: name}, m)
			h.buildOn(m, c)
		}
		h.sweep()
		h.opts.Notify("the job goes on from " + d.URL(name) + ", " + describe(c))
		return c, nil
	case from.never:
		change = func(head *snapshot.Head) { head.Retained, head.Origin = nil, "" }
	default:
		if err := h.peek(); err != nil {
			return nil, err
		}
		change = nil
	}
	owner, err := h.dir.Claim(h.ctx, h.opts.Name, run, h.claimed, h.marked(change))
	if err != nil {
		return nil, err
	}
	h.owner = owner
	if c, err = h.newest(); err != nil {
		return nil, err
	}
	if c, err = h.fit(c); err != nil {
		return nil, fmt.Errorf("%s: %w; --resume never starts without state", h.dir.URL(""), err)
	}
	h.sweep()
	if c != nil {
		h.opts.Notify("the job goes on from " + describe(c))
	}
	return c, nil
}

// marked adds to a change of the head of which script the job is a part.
func (h *Handle) marked(change func(*snapshot.Head)) func(*snapshot.Head) {
	return func(head *snapshot.Head) {
		head.Part = h.part
		if change != nil {
			change(head)
		}
	}
}

func lastID(head *snapshot.Head) (id int64) {
	for _, r := range head.Retained {
		id = max(id, r.ID)
	}
	return id
}

// peek looks at the newest checkpoint before the job is claimed, so that a program that cannot read it does not take the job from one that can.
func (h *Handle) peek() error {
	head, _, err := h.dir.ReadHead(h.ctx)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if n := len(head.Retained); n > 0 {
		if _, err := h.dir.Load(h.ctx, head.Retained[n-1].Object); err != nil && !snapshot.IsDamaged(err) {
			return err
		}
	}
	return nil
}

// newest returns the newest checkpoint that can be used. Those that cannot are taken off the list.
func (h *Handle) newest() (*job.Checkpoint, error) {
	head := h.owner.Head()
	if len(head.Retained) == 0 {
		if head.Origin == "" {
			return nil, nil
		}
		d, name, err := snapshot.Locate(h.ctx, h.opts.Job.Env.Objects, head.Origin, Codec)
		if err != nil {
			return nil, err
		}
		_, c, err := load(h.ctx, d, name)
		return c, err
	}
	var found *job.Checkpoint
	var broken []error
	damaged := map[string]bool{}
	for i := len(head.Retained) - 1; i >= 0; i-- {
		ref := head.Retained[i]
		var m *snapshot.Manifest
		var c *job.Checkpoint
		var err error
		if found == nil {
			m, c, err = load(h.ctx, h.dir, ref.Object)
		} else {
			m, err = h.dir.Load(h.ctx, ref.Object) // to know its segments
		}
		switch {
		case err == nil:
			h.owner.Restorable(ref, m)
			if found == nil {
				found = c
				h.buildOn(m, c)
				for _, b := range broken {
					h.opts.Notify(fmt.Sprintf("checkpoint damaged: %v; the job goes on from the one before, checkpoint %d: outputs that were made after it come again",
						b, ref.ID))
				}
			}
		case !snapshot.IsDamaged(err):
			return nil, err
		default:
			damaged[ref.Object] = true
			if found == nil {
				broken = append(broken, err)
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no checkpoint of the job '%s' can be used: %w", head.Job, errors.Join(broken...))
	}
	found.ID = lastID(&head)
	if len(damaged) > 0 {
		if err := h.owner.Drop(h.ctx, func(r snapshot.Ref) bool { return damaged[r.Object] }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// buildOn makes the run's checkpoints build on the one that it starts from, which lies where they will.
func (h *Handle) buildOn(m *snapshot.Manifest, c *job.Checkpoint) {
	h.owner.Resume(m)
	for _, n := range c.Nodes {
		for _, tables := range n.Subtasks {
			for i := range tables {
				if l := tables[i].Layers; l != nil {
					l.Own = true
				}
			}
		}
	}
}

// fit makes of a checkpoint one that the job as it is now can start from.
func (h *Handle) fit(c *job.Checkpoint) (*job.Checkpoint, error) {
	if c == nil {
		return nil, nil
	}
	r := migrate.Compare(h.graph, c, h.opts.Job)
	if err := r.Err(h.opts.Job.Env.Settings.Bool(setting.IgnoreUnclaimedState)); err != nil {
		return nil, err
	}
	for _, change := range r.Changed() {
		h.opts.Notify("state is migrated: " + change)
	}
	return r.Checkpoint(), nil
}

// sweep deletes what earlier runs left. That it fails is no reason not to run.
func (h *Handle) sweep() {
	if err := h.owner.Sweep(h.ctx); err != nil && h.ctx.Err() == nil {
		h.opts.Notify(fmt.Sprintf("what earlier runs left in %s could not be deleted: %v", h.dir.URL(""), err))
	}
}

// kept returns what a run starts from where checkpoints are kept in memory.
func (h *Handle) kept(from resume) (*job.Checkpoint, error) {
	if h.memory != nil {
		return h.memory, nil
	}
	if from.path != "" {
		d, name, err := snapshot.Locate(h.ctx, h.opts.Job.Env.Objects, from.path, Codec)
		if err != nil {
			return nil, err
		}
		if _, h.origin, err = load(h.ctx, d, name); err != nil {
			return nil, err
		}
		if h.origin, err = h.fit(h.origin); err != nil {
			return nil, fmt.Errorf("%s: %w", d.URL(name), err)
		}
		h.opts.Notify("the job goes on from " + d.URL(name) + ", " + describe(h.origin))
	}
	return h.origin, nil
}
