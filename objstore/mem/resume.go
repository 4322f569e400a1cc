package mem

import (
	"context"
	"slices"

	"github.com/millstream/millstream/objstore"
)

var (
	_ objstore.Resumer = (*Store)(nil)
	_ objstore.Saver   = (*upload)(nil)
)

// Save implements [objstore.Saver].
func (u *upload) Save(ctx context.Context) (*objstore.Saved, error) {
	if err := u.usable(ctx); err != nil {
		return nil, err
	}
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	u.saved = append(u.saved, slices.Clone(u.data)) // bytes that are there stay as they are
	return &objstore.Saved{Pending: objstore.Pending{Key: u.key, UploadID: u.id, Size: u.data.size()}}, nil
}

// Resume implements [objstore.Resumer]. The bytes are copied to a new upload.
func (s *Store) Resume(ctx context.Context, saved objstore.Saved, key string) (objstore.Upload, string, error) {
	if err := s.check(ctx, "resume", saved.Key); err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	var data pieces
	u, found := s.uploads[saved.UploadID]
	if found {
		i := slices.IndexFunc(u.saved, func(d pieces) bool { return d.size() == saved.Size })
		if found = i >= 0; found {
			data = u.saved[i]
		}
	}
	s.mu.RUnlock()
	if !found {
		return nil, "", s.fail("resume", saved.Key, objstore.NotFound, "the upload "+saved.UploadID+" is unknown, or was completed or aborted")
	}
	created, err := s.Create(ctx, key)
	if err != nil {
		return nil, "", err
	}
	to := created.(*upload)
	for _, piece := range data {
		to.data.write(piece)
	}
	to.data.write(saved.Tail)
	return to, key, nil
}
