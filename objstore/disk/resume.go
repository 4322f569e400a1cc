package disk

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

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
	if u.w != nil {
		if err := u.w.Flush(); err != nil {
			return nil, u.store.fail("write", u.key, err)
		}
	}
	if err := u.store.sync(u.f); err != nil {
		return nil, u.store.fail("write", u.key, err)
	}
	if err := u.store.syncDir(filepath.Dir(u.f.Name())); err != nil {
		return nil, u.store.fail("write", u.key, err)
	}
	return &objstore.Saved{Pending: objstore.Pending{Key: u.key, UploadID: u.id, Size: u.size}}, nil
}

// Resume implements [objstore.Resumer]. The bytes are copied to a new hidden file: whoever wrote the old one may still be writing to it.
func (s *Store) Resume(ctx context.Context, saved objstore.Saved, key string) (objstore.Upload, string, error) {
	path, err := s.path(ctx, "resume", saved.Key)
	if err != nil {
		return nil, "", err
	}
	gone := &objstore.Error{Op: "resume", URL: s.URL(saved.Key), Kind: objstore.NotFound,
		Reason: "the upload " + saved.UploadID + " is unknown, or was completed or aborted"}
	if !validID(saved.UploadID) {
		return nil, "", gone
	}
	dir, base := filepath.Split(path)
	old, err := os.Open(filepath.Join(dir, tempName(saved.UploadID, base)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", gone
	}
	if err != nil {
		return nil, "", s.fail("resume", saved.Key, err)
	}
	defer old.Close()
	u, err := s.create(ctx, key)
	if err != nil {
		return nil, "", err
	}
	if _, err = io.CopyN(u, old, saved.Size); errors.Is(err, io.EOF) {
		err = &objstore.Error{Op: "resume", URL: s.URL(saved.Key), Kind: objstore.NotFound, Reason: "the upload " + saved.UploadID + " has lost bytes that were saved"}
	}
	if err == nil {
		_, err = u.Write(saved.Tail)
	}
	if err != nil {
		return nil, "", errors.Join(s.fail("resume", saved.Key, err), u.Abort(context.WithoutCancel(ctx)))
	}
	return u, key, nil
}
