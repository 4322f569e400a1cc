package simulate

import (
	"context"
	"iter"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state/snapshot"
)

// counting is the store of a job that counts how often the job came to its end.
type counting struct {
	*mem.Store
	dir   snapshot.Dir // of the job's checkpoints
	ends  int
	parts *multipart // nil: the memory's own uploads
}

var _ objstore.Resumer = (*counting)(nil)

// Create implements [objstore.Store].
func (s *counting) Create(ctx context.Context, key string) (objstore.Upload, error) {
	if s.parts == nil {
		return s.Store.Create(ctx, key)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.parts.create(key), nil
}

// Resume implements [objstore.Resumer].
func (s *counting) Resume(ctx context.Context, saved objstore.Saved, key string) (objstore.Upload, string, error) {
	if s.parts == nil {
		return s.Store.Resume(ctx, saved, key)
	}
	u, err := s.parts.resume(saved)
	if err != nil {
		return nil, "", err
	}
	return u, saved.Key, nil
}

// Commit implements [objstore.Store].
func (s *counting) Commit(ctx context.Context, p objstore.Pending, cond objstore.Condition) (objstore.Info, error) {
	if s.parts == nil {
		return s.Store.Commit(ctx, p, cond)
	}
	return s.parts.commit(ctx, func(data []byte) (objstore.Info, error) { return s.Store.Put(ctx, p.Key, data, cond) }, p)
}

// Abort implements [objstore.Store].
func (s *counting) Abort(ctx context.Context, p objstore.Pending) error {
	if s.parts == nil {
		return s.Store.Abort(ctx, p)
	}
	s.parts.abort(p.UploadID)
	return ctx.Err()
}

// Uploads implements [objstore.Store].
func (s *counting) Uploads(ctx context.Context, prefix string) iter.Seq2[objstore.PendingInfo, error] {
	if s.parts == nil {
		return s.Store.Uploads(ctx, prefix)
	}
	return s.parts.list(prefix)
}

// Put implements [objstore.Store].
func (s *counting) Put(ctx context.Context, key string, data []byte, cond objstore.Condition) (objstore.Info, error) {
	info, err := s.Store.Put(ctx, key, data, cond)
	if err == nil && key == s.dir.Prefix+snapshot.HeadName {
		if head, _, err := s.dir.ReadHead(ctx); err == nil && head.State == snapshot.Ended {
			s.ends++
		}
	}
	return info, err
}
