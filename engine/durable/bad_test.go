package durable

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
	"github.com/millstream/millstream/state/snapshot"
)

// A job that is told to start from what is no sound savepoint says which object is wrong, what is wrong with it and what to do, and does not start: no
// checkpoint of it is touched.
func TestBadSavepoints(t *testing.T) {
	leaktest.Check(t)
	w := newWorld(t, 2, 100)
	h, _, _ := w.begin(w.options(2), 198)
	url, err := h.Stop(t.Context(), false, "s3://b/savepoints")
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimPrefix(url, "mem://b/")
	var segment string
	for info, err := range w.inner.List(t.Context(), dir+"segments/", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		segment = info.Key
	}
	manifest := w.read(dir + "manifest")
	for name, c := range map[string]struct {
		key    string
		change func([]byte) []byte // nil: it is deleted
		path   string
		want   []string
	}{
		"segment with another byte":  {segment, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, url, []string{segment, "checksum", "--resume"}},
		"segment cut":                {segment, func(b []byte) []byte { return b[:len(b)-7] }, url, []string{segment, "bytes", "cut"}},
		"segment gone":               {segment, nil, url, []string{segment, "is not there", "--resume"}},
		"manifest cut":               {dir + "manifest", func(b []byte) []byte { return b[:len(b)-7] }, url, []string{"manifest", "cut"}},
		"manifest with another byte": {dir + "manifest", func(b []byte) []byte { b[len(b)-9] ^= 1; return b }, url, []string{"manifest", "checksum"}},
		"manifest of a newer version": {dir + "manifest", func(b []byte) []byte {
			return bytes.Replace(b, manifest[:bytes.IndexByte(manifest, '\n')], []byte("millstream-manifest 999 1 x"), 1)
		}, url, []string{"manifest", "version 999", "newer"}},
		"empty manifest":       {dir + "manifest", func([]byte) []byte { return nil }, url, []string{"manifest"}},
		"something else":       {dir + "manifest", func([]byte) []byte { return []byte("hello\n") }, url, []string{"manifest", "hello"}},
		"nothing":              {dir + "manifest", nil, url, []string{"neither a savepoint nor a job's checkpoint", "name a manifest"}},
		"a savepoint of Flink": {"flink/_metadata", func([]byte) []byte { return []byte{0x49, 0x60, 0xd9, 0x5f} }, "s3://b/flink", []string{"Apache Flink", "cannot be read here"}},
		"its file":             {"flink/_metadata", func([]byte) []byte { return []byte{0x49, 0x60, 0xd9, 0x5f} }, "s3://b/flink/_metadata", []string{"Apache Flink"}},
		"checkpoints of Flink": {"job/chk-7/_metadata", func([]byte) []byte { return []byte{0x49, 0x60, 0xd9, 0x5f} }, "s3://b/job", []string{"Apache Flink"}},
	} {
		old := w.read(c.key)
		if c.change == nil {
			if err := w.inner.Delete(t.Context(), c.key); err != nil {
				t.Fatal(err)
			}
		} else {
			storetest.Put(t, w.inner, c.key, c.change(bytes.Clone(old)))
		}
		_, err := Start(context.Background(), w.graph(), w.options(1, "execution.state-recovery.path", opened(c.path)))
		var e *snapshot.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: the error is %v", name, err)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error does not say %q: %v", name, part, err)
			}
		}
		if old != nil {
			storetest.Put(t, w.inner, c.key, old)
		}
	}
	last, _, hold := w.begin(w.options(1, "execution.state-recovery.path", opened(url)), 0)
	close(hold)
	w.done(last)
}

// read returns an object; nil if there is none.
func (w *world) read(key string) []byte {
	body, _, err := w.inner.Get(context.Background(), key, objstore.All)
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}
