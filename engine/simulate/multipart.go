package simulate

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// multipart has uploads as S3 has them: in numbered parts, which whoever knows the upload's id may send and complete. One that is gone on with stays the same, also
// while the process that has begun it still writes; the memory's own are copied.
type multipart struct {
	store *mem.Store

	mu        sync.Mutex
	serial    int
	uploads   map[string]*parts
	completed map[string]string // by key: the ETags of the parts
}

// parts is an upload as the store has it.
type parts struct {
	key       string
	initiated time.Time
	data      map[int][]byte
	etags     map[int]string
}

const (
	partBytes = 64 << 10 // what is shorter is no part but the last
	partRoom  = 1000     // numbers that who goes on leaves to those before him
)

func newMultipart(store *mem.Store) *multipart {
	return &multipart{store: store, uploads: map[string]*parts{}, completed: map[string]string{}}
}

func (m *multipart) gone(op, key, id string) error {
	return &objstore.Error{Op: op, URL: m.store.URL(key), Kind: objstore.NotFound, Reason: "the upload " + id + " is unknown, or was completed or aborted"}
}

func (m *multipart) create(key string) *partUpload {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.serial++
	id := fmt.Sprint("multipart-", m.serial)
	m.uploads[id] = &parts{key: key, initiated: time.Now(), data: map[int][]byte{}, etags: map[int]string{}}
	return &partUpload{store: m, key: key, id: id}
}

func (m *multipart) resume(saved objstore.Saved) (*partUpload, error) {
	m.mu.Lock()
	p := m.uploads[saved.UploadID]
	if p == nil {
		m.mu.Unlock()
		return nil, m.gone("resume", saved.Key, saved.UploadID)
	}
	u := &partUpload{store: m, key: saved.Key, id: saved.UploadID, sent: slices.Clone(saved.Parts), size: saved.Size}
	for n := range p.data {
		u.number = max(u.number, n)
	}
	u.number += partRoom
	m.mu.Unlock()
	_, err := u.Write(saved.Tail)
	return u, err
}

// put stores a part.
func (m *multipart) put(u *partUpload, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.uploads[u.id]
	if p == nil {
		return m.gone("write", u.key, u.id)
	}
	m.serial++
	u.number++
	p.data[u.number], p.etags[u.number] = bytes.Clone(data), fmt.Sprint("etag-", m.serial)
	u.sent = append(u.sent, objstore.Part{Number: u.number, ETag: p.etags[u.number], Size: int64(len(data))})
	u.size += int64(len(data))
	return nil
}

// commit completes an upload of those parts that p names.
func (m *multipart) commit(ctx context.Context, put func(data []byte) (objstore.Info, error), p objstore.Pending) (objstore.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := fmt.Sprint(p.Parts)
	u := m.uploads[p.UploadID]
	if u == nil {
		if m.completed[p.Key] == list {
			return m.store.Head(ctx, p.Key)
		}
		return objstore.Info{}, m.gone("commit", p.Key, p.UploadID)
	}
	var data []byte
	for _, part := range p.Parts {
		if u.etags[part.Number] != part.ETag {
			return objstore.Info{}, &objstore.Error{Op: "commit", URL: m.store.URL(p.Key), Kind: objstore.Other, Reason: fmt.Sprintf("part %d is another", part.Number)}
		}
		data = append(data, u.data[part.Number]...)
	}
	info, err := put(data)
	if err == nil {
		delete(m.uploads, p.UploadID)
		m.completed[p.Key] = list
	}
	return info, err
}

func (m *multipart) abort(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.uploads, id)
}

func (m *multipart) list(prefix string) iter.Seq2[objstore.PendingInfo, error] {
	return func(yield func(objstore.PendingInfo, error) bool) {
		m.mu.Lock()
		var found []objstore.PendingInfo
		for id, p := range maps.All(m.uploads) {
			if strings.HasPrefix(p.key, prefix) {
				found = append(found, objstore.PendingInfo{Key: p.key, UploadID: id, Initiated: p.initiated})
			}
		}
		m.mu.Unlock()
		slices.SortFunc(found, func(a, b objstore.PendingInfo) int {
			return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.UploadID, b.UploadID))
		})
		for _, p := range found {
			if !yield(p, nil) {
				return
			}
		}
	}
}

// partUpload is an upload as one who writes to it has it.
type partUpload struct {
	store  *multipart
	key    string
	id     string
	number int
	sent   []objstore.Part
	size   int64
	buf    []byte
}

var (
	_ objstore.Upload = (*partUpload)(nil)
	_ objstore.Saver  = (*partUpload)(nil)
)

func (u *partUpload) Write(data []byte) (int, error) {
	u.buf = append(u.buf, data...)
	if len(u.buf) < partBytes {
		return len(data), nil
	}
	return len(data), u.flush()
}

func (u *partUpload) flush() error {
	err := u.store.put(u, u.buf)
	u.buf = u.buf[:0]
	return err
}

// Save implements [objstore.Saver].
func (u *partUpload) Save(context.Context) (*objstore.Saved, error) {
	return &objstore.Saved{Pending: objstore.Pending{Key: u.key, UploadID: u.id, Parts: slices.Clone(u.sent), Size: u.size}, Tail: bytes.Clone(u.buf)}, nil
}

func (u *partUpload) Seal(context.Context) (objstore.Pending, error) {
	if len(u.buf) > 0 || len(u.sent) == 0 {
		if err := u.flush(); err != nil {
			return objstore.Pending{}, err
		}
	}
	return objstore.Pending{Key: u.key, UploadID: u.id, Parts: u.sent, Size: u.size}, nil
}

func (u *partUpload) Abort(context.Context) error {
	u.store.abort(u.id)
	return nil
}
