package disk

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/millstream/millstream/objstore"
)

// upload writes one hidden file.
type upload struct {
	store *Store
	ctx   context.Context
	key   string
	id    string
	f     *os.File
	w     *bufio.Writer // before f, from the first Write on
	size  int64
	ended bool
}

// Create implements [objstore.Store].
func (s *Store) Create(ctx context.Context, key string) (objstore.Upload, error) {
	u, err := s.create(ctx, key)
	if err != nil {
		return nil, err
	}
	return u, nil
}

func (s *Store) create(ctx context.Context, key string) (*upload, error) {
	path, err := s.path(ctx, "write", key)
	if err != nil {
		return nil, err
	}
	var random [idLen / 2]byte
	rand.Read(random[:]) // never fails
	u := &upload{store: s, ctx: ctx, key: key, id: hex.EncodeToString(random[:])}
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return nil, &objstore.Error{Op: "write", URL: s.URL(key), Kind: objstore.BadURL, Reason: "there is a directory of that name", Hint: "write to a file in it"}
	}
	dir, base := filepath.Split(path)
	u.f, err = os.OpenFile(filepath.Join(dir, tempName(u.id, base)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.makeDir(filepath.Clean(dir)); err == nil {
			u.f, err = os.OpenFile(filepath.Join(dir, tempName(u.id, base)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		}
	}
	if err != nil {
		return nil, s.fail("write", key, err)
	}
	return u, nil
}

// makeDir makes a directory and its parents and makes their names durable.
func (s *Store) makeDir(dir string) error {
	parent := filepath.Dir(dir)
	err := os.Mkdir(dir, 0o777)
	if errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := s.makeDir(parent); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o777)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil // made by another writer meanwhile; if it is a file, the next step says so
	}
	if err != nil {
		return err
	}
	return s.syncDir(parent)
}

func (u *upload) Write(p []byte) (int, error) {
	if err := u.usable(u.ctx); err != nil {
		return 0, err
	}
	if u.w == nil {
		u.w = bufio.NewWriterSize(u.f, writeBuffer)
	}
	n, err := u.w.Write(p)
	u.size += int64(n)
	return n, u.store.fail("write", u.key, err)
}

// writeBuffer gathers small writes, in bytes.
const writeBuffer = 64 << 10

func (u *upload) usable(ctx context.Context) error {
	if u.ended {
		return &objstore.Error{Op: "write", URL: u.store.URL(u.key), Reason: "the upload has ended"}
	}
	if ctx.Err() != nil {
		return objstore.ContextError(ctx, "write", u.store.URL(u.key), "")
	}
	return nil
}

// Seal makes the hidden file durable, so that any process can rename it.
func (u *upload) Seal(ctx context.Context) (objstore.Pending, error) {
	if err := u.usable(ctx); err != nil {
		return objstore.Pending{}, err
	}
	if u.w != nil {
		if err := u.w.Flush(); err != nil {
			return objstore.Pending{}, u.store.fail("write", u.key, err)
		}
	}
	// The system's own clock for this ticks every few milliseconds: too coarse to tell two versions apart
	// that have the same size and, the second reusing the first one's, the same inode.
	if err := os.Chtimes(u.f.Name(), time.Time{}, time.Now()); err != nil {
		return objstore.Pending{}, u.store.fail("write", u.key, err)
	}
	if err := u.store.sync(u.f); err != nil {
		return objstore.Pending{}, u.store.fail("write", u.key, err)
	}
	fi, err := u.f.Stat()
	if err != nil {
		return objstore.Pending{}, u.store.fail("write", u.key, err)
	}
	if err := u.f.Close(); err != nil {
		return objstore.Pending{}, u.store.fail("write", u.key, err)
	}
	u.ended = true
	if err := u.store.syncDir(filepath.Dir(u.f.Name())); err != nil {
		return objstore.Pending{}, u.store.fail("write", u.key, err)
	}
	return objstore.Pending{Key: u.key, UploadID: u.id, Size: u.size,
		Parts: []objstore.Part{{Number: 1, ETag: info(u.key, fi).ETag, Size: u.size}}}, nil
}

func (u *upload) Abort(ctx context.Context) error {
	if !u.ended {
		u.ended = true
		_ = u.f.Close() // what the file holds no longer matters
	}
	return u.store.Abort(ctx, objstore.Pending{Key: u.key, UploadID: u.id})
}

// Put implements [objstore.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte, cond objstore.Condition) (objstore.Info, error) {
	u, err := s.create(ctx, key)
	if err != nil {
		return objstore.Info{}, err
	}
	var p objstore.Pending
	u.size = int64(len(data))
	if _, err = u.f.Write(data); err == nil {
		p, err = u.Seal(ctx)
	}
	err = s.fail("write", key, err)
	var in objstore.Info
	if err == nil {
		in, err = s.commit(ctx, "write", p, cond)
	}
	if err != nil {
		// Leave nothing behind, even if ctx has ended. That it failed is told either way; a hidden file
		// that cannot be removed is listed as an upload.
		_ = u.Abort(context.WithoutCancel(ctx))
	}
	return in, err
}

// Commit implements [objstore.Store].
func (s *Store) Commit(ctx context.Context, p objstore.Pending, cond objstore.Condition) (objstore.Info, error) {
	return s.commit(ctx, "commit", p, cond)
}

func (s *Store) commit(ctx context.Context, op string, p objstore.Pending, cond objstore.Condition) (objstore.Info, error) {
	path, err := s.path(ctx, op, p.Key)
	if err != nil {
		return objstore.Info{}, err
	}
	if !validID(p.UploadID) || len(p.Parts) != 1 {
		return objstore.Info{}, s.unknownUpload(p)
	}
	dir, base := filepath.Split(path)
	temp := filepath.Join(dir, tempName(p.UploadID, base))
	unlock, err := lockDir(dir, cond.IfMatch != "")
	if errors.Is(err, fs.ErrNotExist) {
		return objstore.Info{}, s.unknownUpload(p)
	}
	if err != nil {
		return objstore.Info{}, s.fail(op, p.Key, err)
	}
	defer unlock()
	if err := s.publish(temp, path, p, cond); err != nil {
		return objstore.Info{}, s.fail(op, p.Key, err)
	}
	if err := s.syncDir(dir); err != nil {
		return objstore.Info{}, s.fail(op, p.Key, err)
	}
	return objstore.Info{Key: p.Key, Size: p.Size, ETag: p.Parts[0].ETag, ModTime: modTime(p.Parts[0].ETag)}, nil
}

// publish gives the hidden file its name, if cond holds. Under the directory's lock.
func (s *Store) publish(temp, path string, p objstore.Pending, cond objstore.Condition) error {
	current := "" // ETag of what is there now
	fi, err := os.Stat(path)
	switch {
	case err == nil:
		current = info(p.Key, fi).ETag
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if current == p.Parts[0].ETag {
		// Committed before. A crash between link and remove leaves the second name.
		return ignoreMissing(os.Remove(temp))
	}
	if _, err := os.Stat(temp); errors.Is(err, fs.ErrNotExist) {
		return s.unknownUpload(p)
	}
	switch {
	case cond.IfMatch != "" && current != cond.IfMatch:
		reason := "the file was changed by another writer"
		if current == "" {
			reason = "the file to replace does not exist"
		}
		return s.lost(p.Key, reason)
	case cond.IfAbsent:
		err := os.Link(temp, path)
		if errors.Is(err, fs.ErrExist) {
			return s.lost(p.Key, "the file exists already")
		}
		if err != nil {
			return err
		}
		return ignoreMissing(os.Remove(temp))
	}
	return os.Rename(temp, path)
}

func (s *Store) lost(key, reason string) error {
	return &objstore.Error{Op: "write", URL: s.URL(key), Kind: objstore.PreconditionFailed, Reason: reason}
}

func (s *Store) unknownUpload(p objstore.Pending) error {
	return &objstore.Error{Op: "commit", URL: s.URL(p.Key), Kind: objstore.NotFound,
		Reason: "the upload " + p.UploadID + " is unknown or was aborted"}
}

// Abort implements [objstore.Store].
func (s *Store) Abort(ctx context.Context, p objstore.Pending) error {
	path, err := s.path(ctx, "abort", p.Key)
	if err != nil {
		return err
	}
	if !validID(p.UploadID) {
		return nil
	}
	dir, base := filepath.Split(path)
	return s.fail("abort", p.Key, ignoreMissing(os.Remove(filepath.Join(dir, tempName(p.UploadID, base)))))
}

// Delete implements [objstore.Store]. Directories stay.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	touched := map[string]bool{}
	for _, key := range keys {
		path, err := s.path(ctx, "delete", key)
		if err != nil {
			return err
		}
		removed, err := remove(path)
		if err != nil {
			return s.fail("delete", key, err)
		}
		if removed {
			touched[filepath.Dir(path)] = true
		}
	}
	for dir := range touched {
		if err := s.syncDir(dir); err != nil {
			return s.fail("delete", "", ignoreMissing(err))
		}
	}
	return nil
}

// remove removes a file, not a directory, and reports whether there was one.
func remove(path string) (bool, error) {
	fi, err := os.Lstat(path)
	if isMissing(err) || err == nil && fi.IsDir() {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	unlock, err := lockDir(filepath.Dir(path), false)
	if err != nil {
		return false, err
	}
	defer unlock()
	return true, ignoreMissing(os.Remove(path))
}

func ignoreMissing(err error) error {
	if isMissing(err) {
		return nil
	}
	return err
}

func (s *Store) sync(f *os.File) error {
	if s.opts.NoSync {
		return nil
	}
	return f.Sync()
}

// syncDir makes the names in dir durable.
func (s *Store) syncDir(dir string) error {
	if s.opts.NoSync || !canSyncDir {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
