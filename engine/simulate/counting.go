package simulate

import (
	"context"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state/snapshot"
)

// counting is the store of a job that counts how often the job came to its end.
type counting struct {
	*mem.Store
	dir  snapshot.Dir // of the job's checkpoints
	ends int
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
