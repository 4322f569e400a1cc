// Package mem keeps objects in memory, with the semantics of an S3 bucket: for tests, and for jobs whose
// data need not outlive the process.
//
// What enters and leaves is what [objstore.Store] says. Data handed in is copied, data handed out is
// shared and never changes. A [Store] is gone with the last reference to it.
package mem

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Store is one bucket in memory.
type Store struct {
	name string

	mu      sync.RWMutex
	objects map[string]object
	keys    []string // sorted
	uploads map[string]*upload
	serial  uint64
}

type object struct {
	info   objstore.Info
	data   pieces // never written to
	upload string // the upload that made it; empty for Put
}

var _ objstore.Store = (*Store)(nil)

// New returns an empty store. name stands in its URLs: mem://name/key.
func New(name string) *Store {
	return &Store{name: name, objects: map[string]object{}, uploads: map[string]*upload{}}
}

func (s *Store) String() string        { return "mem://" + s.name }
func (s *Store) URL(key string) string { return "mem://" + s.name + "/" + key }

func (s *Store) fail(op, key string, kind objstore.Kind, reason string) error {
	return &objstore.Error{Op: op, URL: s.URL(key), Kind: kind, Reason: reason}
}

// check refuses what no store takes: an ended context and an empty key.
func (s *Store) check(ctx context.Context, op, key string) error {
	if ctx.Err() != nil {
		return objstore.ContextError(ctx, op, s.URL(key), "")
	}
	if key == "" {
		return s.fail(op, key, objstore.BadURL, "the key is empty")
	}
	return nil
}

// Head implements [objstore.Store].
func (s *Store) Head(ctx context.Context, key string) (objstore.Info, error) {
	o, err := s.find(ctx, key)
	return o.info, err
}

func (s *Store) find(ctx context.Context, key string) (object, error) {
	if err := s.check(ctx, "read", key); err != nil {
		return object{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if !ok {
		return object{}, s.fail("read", key, objstore.NotFound, "there is no such object")
	}
	return o, nil
}

// Get implements [objstore.Store].
func (s *Store) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	o, err := s.find(ctx, key)
	if err != nil {
		return nil, objstore.Info{}, err
	}
	from, to := min(max(r.Offset, 0), o.info.Size), o.info.Size
	if r.Length >= 0 {
		to = from + min(r.Length, to-from)
	}
	return &reader{o.data, from, to}, o.info, nil
}

// Put implements [objstore.Store].
func (s *Store) Put(ctx context.Context, key string, data []byte, cond objstore.Condition) (objstore.Info, error) {
	if err := s.check(ctx, "write", key); err != nil {
		return objstore.Info{}, err
	}
	copied := slices.Collect(slices.Chunk(bytes.Clone(data), pieceSize))
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store(key, copied, "", cond)
}

// store puts data under key if cond holds. s.mu is held.
func (s *Store) store(key string, data pieces, uploadID string, cond objstore.Condition) (objstore.Info, error) {
	old, exists := s.objects[key]
	switch {
	case cond.IfAbsent && exists:
		return objstore.Info{}, s.fail("write", key, objstore.PreconditionFailed, "the object exists already")
	case cond.IfMatch != "" && !exists:
		return objstore.Info{}, s.fail("write", key, objstore.PreconditionFailed, "the object to replace does not exist")
	case cond.IfMatch != "" && old.info.ETag != cond.IfMatch:
		return objstore.Info{}, s.fail("write", key, objstore.PreconditionFailed, "the object was changed by another writer")
	}
	if !exists {
		i, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Insert(s.keys, i, key)
	}
	s.serial++
	info := objstore.Info{Key: key, Size: data.size(), ModTime: time.Now(), ETag: "v" + strconv.FormatUint(s.serial, 10)}
	s.objects[key] = object{info: info, data: data, upload: uploadID}
	return info, nil
}

// Delete implements [objstore.Store].
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := s.check(ctx, "delete", key); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keys {
		if _, ok := s.objects[key]; ok {
			delete(s.objects, key)
			i, _ := slices.BinarySearch(s.keys, key)
			s.keys = slices.Delete(s.keys, i, i+1)
		}
	}
	return nil
}

// List implements [objstore.Store].
func (s *Store) List(ctx context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	// Keys up to StartAfter can be skipped at once, but for those that are rolled up.
	from := prefix
	if opts.Delimiter == "" && opts.StartAfter >= from {
		from = opts.StartAfter + "\x00"
	}
	return objstore.RollUp(s.recursive(ctx, prefix, from), prefix, opts)
}

// recursive lists all keys with prefix from from on, in pages, so that a listing sees writes made
// meanwhile and never holds the lock while the caller works.
func (s *Store) recursive(ctx context.Context, prefix, from string) iter.Seq2[objstore.Info, error] {
	return func(yield func(objstore.Info, error) bool) {
		const page = 1000
		for {
			if ctx.Err() != nil {
				yield(objstore.Info{}, objstore.ContextError(ctx, "list", s.URL(prefix), ""))
				return
			}
			infos := make([]objstore.Info, 0, page)
			s.mu.RLock()
			i, _ := slices.BinarySearch(s.keys, from)
			for ; i < len(s.keys) && len(infos) < page && strings.HasPrefix(s.keys[i], prefix); i++ {
				infos = append(infos, s.objects[s.keys[i]].info)
			}
			s.mu.RUnlock()
			for _, info := range infos {
				if !yield(info, nil) {
					return
				}
			}
			if len(infos) < page {
				return
			}
			from = infos[page-1].Key + "\x00"
		}
	}
}

// upload is an upload in progress or sealed. After Seal nothing in it changes.
type upload struct {
	store     *Store
	ctx       context.Context
	key, id   string
	initiated time.Time
	data      pieces
	saved     []pieces // data as it was at each Save
	sealed    bool
	aborted   bool
}

// Create implements [objstore.Store].
func (s *Store) Create(ctx context.Context, key string) (objstore.Upload, error) {
	if err := s.check(ctx, "write", key); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	u := &upload{store: s, ctx: ctx, key: key, id: fmt.Sprintf("upload-%d", s.serial), initiated: time.Now()}
	s.uploads[u.id] = u
	return u, nil
}

func (u *upload) Write(p []byte) (int, error) {
	if err := u.usable(u.ctx); err != nil {
		return 0, err
	}
	u.data.write(p)
	return len(p), nil
}

func (u *upload) usable(ctx context.Context) error {
	if u.sealed || u.aborted {
		return u.store.fail("write", u.key, objstore.Other, "the upload has ended")
	}
	return u.store.check(ctx, "write", u.key)
}

func (u *upload) Seal(ctx context.Context) (objstore.Pending, error) {
	if err := u.usable(ctx); err != nil {
		return objstore.Pending{}, err
	}
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	u.sealed = true
	size := u.data.size()
	return objstore.Pending{Key: u.key, UploadID: u.id, Size: size,
		Parts: []objstore.Part{{Number: 1, ETag: u.id, Size: size}}}, nil
}

func (u *upload) Abort(ctx context.Context) error {
	u.aborted = true
	return u.store.Abort(ctx, objstore.Pending{Key: u.key, UploadID: u.id})
}

// Commit implements [objstore.Store].
func (s *Store) Commit(ctx context.Context, p objstore.Pending, cond objstore.Condition) (objstore.Info, error) {
	if err := s.check(ctx, "commit", p.Key); err != nil {
		return objstore.Info{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.uploads[p.UploadID]
	if !ok || u.key != p.Key || !u.sealed {
		if o, exists := s.objects[p.Key]; exists && o.upload == p.UploadID && p.UploadID != "" {
			return o.info, nil // committed before
		}
		return objstore.Info{}, s.fail("commit", p.Key, objstore.NotFound, "the upload "+p.UploadID+" is unknown or was aborted")
	}
	info, err := s.store(p.Key, u.data, u.id, cond)
	if err == nil {
		delete(s.uploads, u.id)
	}
	return info, err
}

// Abort implements [objstore.Store].
func (s *Store) Abort(ctx context.Context, p objstore.Pending) error {
	if err := s.check(ctx, "abort", p.Key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.uploads, p.UploadID)
	return nil
}

// Uploads implements [objstore.Store].
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[objstore.PendingInfo, error] {
	return func(yield func(objstore.PendingInfo, error) bool) {
		if ctx.Err() != nil {
			yield(objstore.PendingInfo{}, objstore.ContextError(ctx, "list", s.URL(prefix), ""))
			return
		}
		s.mu.RLock()
		var found []objstore.PendingInfo
		for _, u := range s.uploads {
			if strings.HasPrefix(u.key, prefix) {
				found = append(found, objstore.PendingInfo{Key: u.key, UploadID: u.id, Initiated: u.initiated})
			}
		}
		s.mu.RUnlock()
		slices.SortFunc(found, func(a, b objstore.PendingInfo) int {
			return strings.Compare(a.Key+"\x00"+a.UploadID, b.Key+"\x00"+b.UploadID)
		})
		for _, p := range found {
			if !yield(p, nil) {
				return
			}
		}
	}
}
