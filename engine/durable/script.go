package durable

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state/snapshot"
)

// Script remembers which jobs of a script have ended, so that a process that goes on with a script which was interrupted does not run them again: what
// they wrote is there. A script is known by its text; one that was changed begins anew. One goroutine uses it.
type Script struct {
	id     string
	dir    *snapshot.Dir // where the script's first job has its checkpoints; nil: none had any yet
	record snapshot.Script
	jobs   int // that have checkpoints, so far
}

// NewScript returns what remembers the jobs of a script.
func NewScript(text string) *Script {
	sum := sha256.Sum256([]byte(text))
	return &Script{id: hex.EncodeToString(sum[:12])}
}

// begin takes the script's next job, whose checkpoints lie below root, and returns by which name the job's head knows it. over says that it has ended
// before. anew says to forget what was.
func (s *Script) begin(ctx context.Context, root snapshot.Dir, anew bool) (part string, over bool, err error) {
	if s.dir == nil {
		record, err := root.ReadScript(ctx, s.id)
		if err != nil {
			return "", false, err
		}
		if record == nil || anew {
			var id [8]byte
			rand.Read(id[:]) // which never fails
			record = &snapshot.Script{Run: hex.EncodeToString(id[:])}
			if err := root.WriteScript(ctx, s.id, record); err != nil {
				return "", false, err
			}
		}
		s.dir, s.record = &root, *record
	}
	s.jobs++
	return fmt.Sprintf("%s/%d", s.record.Run, s.jobs), s.jobs <= s.record.Done, nil
}

// ended notes that the job that began last has ended.
func (s *Script) ended(ctx context.Context) error {
	s.record.Done = max(s.record.Done, s.jobs)
	return s.dir.WriteScript(ctx, s.id, &s.record)
}

// End forgets how far the script has come, since it has come to its end.
func (s *Script) End(ctx context.Context) error {
	if s.dir == nil {
		return nil
	}
	return s.dir.DeleteScript(ctx, s.id)
}

// skip reports whether the job has ended before as part of its script.
func (h *Handle) skip(root snapshot.Dir, anew bool) (bool, error) {
	part, over, err := h.opts.Script.begin(h.ctx, root, anew)
	if err != nil || over {
		return over, err
	}
	h.part = part
	head, _, err := h.dir.ReadHead(h.ctx)
	switch {
	case err == nil:
		return head.State == snapshot.Ended && head.Part == part, nil
	case objstore.KindOf(err) == objstore.NotFound:
		return false, nil
	}
	return false, err
}
