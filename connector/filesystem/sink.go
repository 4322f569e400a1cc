package filesystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
)

// limits are the sizes that writing goes by besides the user's. Tests make them small.
type limits struct {
	begin  int   // encoded bytes from which on a part is uploaded while it is written
	memory int64 // bytes that one writer's parts may hold before the largest are ended
	most   int64 // bytes of a part file, whatever the user allows: less than stores take
	now    func() time.Time
	giveUp time.Duration // for the clearing up of a writer that failed
}

var defaultLimits = limits{begin: 256 << 10, memory: 128 << 20, most: 4 << 40, now: time.Now, giveUp: 30 * time.Second}

// fileSize is the size that files are ended at where the user asks for one; a limit of 0 is none.
func (l limits) fileSize(asked int64) int64 {
	if l.most > 0 {
		return min(asked, l.most)
	}
	return asked
}

// sink is a directory of part files.
//
// Each writer uploads its part files without completing them; what [writer.Flush] returns are the uploads, and Commit completes them. Part files
// are named by job, sink, subtask and a counter, so no two have the same name and no two writers agree on anything.
type sink struct {
	config *config
	req    connector.SinkRequest
	limits limits
	keys   []column.Field // the partition columns

	packing    *packing // nil: part files are not compressed
	trigger    *trigger // nil: partitions are not committed
	compaction compaction
	progress   progress

	// Set by open.
	store objstore.Store // whose uploads can be resumed if it is an objstore.Resumer
	dir   string         // key of the directory, ending in "/" unless it is the store's root

	mu     sync.Mutex
	number map[int]*int // parts begun, by subtask: writers of the same subtask that follow each other go on counting
}

func newSink(req connector.SinkRequest, l limits) (*sink, error) {
	c, err := configure(req.Env, req.Table)
	if err != nil {
		return nil, err
	}
	if req.Now != nil {
		l.now = req.Now
	}
	s := &sink{config: c, req: req, limits: l, number: map[int]*int{}}
	if s.trigger, err = newTrigger(c); err != nil {
		return nil, err
	}
	if s.packing, err = newPacking(c); err != nil {
		return nil, err
	}
	if s.compaction, err = newCompaction(c, l); err != nil {
		return nil, err
	}
	s.progress.committed, s.progress.orphans = map[int]map[string]bool{}, map[string]*partition{}
	for _, p := range req.Table.PartitionBy {
		s.keys = append(s.keys, req.Table.Columns[p])
	}
	switch {
	case c.format.NewEncoder == nil && c.format.NewFile == nil:
		return nil, fmt.Errorf("the format '%s' cannot be written", c.format.Name)
	case objstore.HasGlob(c.path):
		return nil, fmt.Errorf("option 'path': '%s' is a pattern, and a sink needs a directory", c.path)
	case c.values.Memory(fileSizeOption) == 0:
		return nil, fmt.Errorf("option '%s': a part file must be larger than 0 bytes", fileSizeOption.Key)
	}
	if c.format.NewEncoder != nil {
		if _, err := c.format.NewEncoder(c.formatConfig()); err != nil {
			return nil, err
		}
	}
	if c.format.NewFile != nil {
		if _, err := c.format.NewFile(io.Discard, c.formatConfig()); err != nil {
			return nil, err
		}
	}
	if c.env.Objects != nil {
		if err := s.open(context.Background()); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Takes implements [connector.ChangelogSink].
func (s *sink) Takes() graph.Changes { return s.config.changes }

// WaitsForWatermarks implements [connector.EventTimeSink].
func (s *sink) WaitsForWatermarks() bool { return s.trigger != nil && s.trigger.byTime }

// open finds store and directory, without going to the network.
func (s *sink) open(ctx context.Context) (err error) {
	s.store, s.dir, err = s.config.open(ctx)
	s.dir = objstore.GlobText(s.dir) // as the source reads it
	if s.dir != "" && s.dir[len(s.dir)-1] != '/' {
		s.dir += "/"
	}
	return err
}

// extension is what the names of part files end with.
func (s *sink) extension() string {
	if s.packing != nil {
		return s.config.format.Extension + s.packing.extension
	}
	return s.config.format.Extension
}

// prefix is what the names of this run's part files begin with. Those of an overwrite also name the run that began it: whoever goes on with it must tell
// them from what they replace.
func (s *sink) prefix() string {
	p := "part-" + s.req.JobID + "-"
	if s.req.Overwrite && s.req.Began != "" && s.req.Began != s.req.JobID {
		p += s.req.Began + "-"
	}
	return p
}

// own reports whether a file was written by an overwrite that this run is, or goes on with.
func (s *sink) own(base string) bool {
	began := s.req.Began
	if began == "" {
		began = s.req.JobID
	}
	base = given(base)
	base = given(base)
	return strings.HasPrefix(base, "part-") && strings.Contains(base, "-"+began+"-")
}

// mark stands behind the prefix where a job has several sinks, which may write to the same directory.
func (s *sink) mark() string {
	if s.req.Number == 0 {
		return ""
	}
	return fmt.Sprintf("%d-", s.req.Number)
}

// Prepare finds out whether the directory can be written to, by beginning an upload. What an overwrite replaces is removed by Commit, once that
// which replaces it is there.
func (s *sink) Prepare(ctx context.Context) error {
	if s.req.Overwrite && !s.req.Batch {
		return errors.New("INSERT OVERWRITE replaces what is there once, so it needs a job in batch mode: SET 'execution.runtime-mode' = 'batch'")
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	if s.dir != "" {
		// Whoever may write may still not be allowed to read: other errors are for the upload to find.
		if _, err := s.store.Head(ctx, s.dir[:len(s.dir)-1]); err == nil {
			return &objstore.Error{Op: "write", URL: s.store.URL(s.dir), Kind: objstore.BadURL, Reason: "there is a file of that name",
				Hint: "give 'path' a directory: a sink writes part files below it"}
		}
	}
	probe, err := s.store.Create(ctx, s.dir+s.prefix()+"probe")
	var e *objstore.Error
	if errors.As(err, &e) {
		about := *e
		about.URL = s.store.URL(s.dir)
		return &about
	}
	if err != nil {
		return err
	}
	return probe.Abort(ctx)
}

func (s *sink) NewWriter(_ context.Context, subtask, _ int) (connector.Writer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.number[subtask] == nil {
		s.number[subtask] = new(int)
	}
	return newWriter(s, subtask, s.number[subtask])
}

// finished is a part file that waits to be completed: what a committable is.
type finished struct {
	objstore.Pending
	// Kept says that an earlier checkpoint has the upload as one to go on with, so that it is not to be discarded if this one is of no use.
	Kept bool `json:",omitempty"`
	// Replaced are uploads that this one was resumed from, which nobody needs once it is completed.
	Replaced []objstore.Pending `json:",omitempty"`
	// Merge is the size up to which the part is merged with others before it becomes visible; 0: it becomes visible as it is.
	Merge int64 `json:",omitempty"`
	// Apart says that it is merged with files of the same writer alone.
	Apart bool `json:",omitempty"`
}

// committable is what a writer hands over: a part file or, if Status is there, what it knows of partitions.
type committable struct {
	finished
	Status *status `json:",omitempty"`
}

// uploads decodes committables.
func uploads(list []connector.Committable) (all []finished, known []*status, err error) {
	for _, text := range list {
		var c committable
		if err := json.Unmarshal(text, &c); err != nil {
			return nil, nil, fmt.Errorf("a part file that waits to be completed cannot be read from the checkpoint: %w", err)
		}
		if c.Status != nil {
			known = append(known, c.Status)
			continue
		}
		all = append(all, c.finished)
	}
	return all, known, nil
}

// parallel is the number of requests that Commit, Abort and Flush make at once.
const parallel = 16

func (s *sink) Commit(ctx context.Context, list []connector.Committable) error {
	all, known, err := uploads(list)
	if err != nil {
		return err
	}
	if s.store == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	plain, merged := bins(all)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, p := range plain {
		g.Go(func() error {
			// Names are never given twice, so whatever has the name is either this very part, which Commit takes for success, or not ours to replace.
			_, err := s.store.Commit(gctx, p.Pending, objstore.Condition{IfAbsent: true})
			if err != nil {
				return err
			}
			for _, old := range p.Replaced {
				if err := s.store.Abort(gctx, old); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := s.mergeAll(ctx, merged); err != nil {
		return err
	}
	if s.req.Overwrite {
		if err := s.replaceAll(ctx, all); err != nil {
			return err
		}
	}
	return s.commitPartitions(ctx, known)
}

// replaceAll deletes what the directories of files held before this job wrote to them.
func (s *sink) replaceAll(ctx context.Context, all []finished) error {
	touched := map[string]bool{}
	for _, p := range all {
		dir, _, _ := cutLast(p.Key)
		if dir += "/"; !touched[dir] {
			touched[dir] = true
			if err := s.replace(ctx, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace deletes what a directory held before this job wrote to it.
func (s *sink) replace(ctx context.Context, dir string) error {
	if dir == "/" && s.dir == "" {
		dir = "" // the root of the store
	}
	var old []string
	for info, err := range s.store.List(ctx, dir, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		below := info.Key[len(dir):]
		_, base, _ := cutLast(below)
		if hidden(below, nil) || s.own(base) {
			continue
		}
		old = append(old, info.Key)
	}
	if len(old) == 0 {
		return nil
	}
	return s.store.Delete(ctx, old...)
}

func (s *sink) Abort(ctx context.Context, list []connector.Committable) error {
	all, _, err := uploads(list)
	if err != nil {
		return err
	}
	if s.store == nil {
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	var lost []objstore.Pending
	var hidden []string // of a commit that went wrong
	for _, p := range all {
		if !p.Kept {
			lost = append(lost, p.Pending)
		}
		if p.Merge > 0 {
			hidden = append(hidden, p.Key)
		}
	}
	err = s.abort(ctx, lost)
	if len(hidden) > 0 {
		err = errors.Join(err, s.store.Delete(ctx, hidden...))
	}
	return err
}

// abort discards uploads, as many as it can.
func (s *sink) abort(ctx context.Context, all []objstore.Pending) error {
	var g errgroup.Group
	g.SetLimit(parallel)
	errs := make([]error, len(all))
	for i, p := range all {
		g.Go(func() error {
			errs[i] = s.store.Abort(ctx, p)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return errors.Join(errs...)
}

// Finish empties a table without partitions that is overwritten by a job without rows. Partitions that got no row stay as they are.
func (s *sink) Finish(ctx context.Context) error {
	if !s.req.Overwrite || len(s.keys) > 0 {
		return nil
	}
	return s.replace(ctx, s.dir)
}
