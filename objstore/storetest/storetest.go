// Package storetest is the suite that every [objstore.Store] must pass.
//
// A test of an implementation calls [Run] with a function that opens a fresh, empty store. What the suite
// checks is what the interface promises, and nothing about how it is kept: atomic visibility, conditional
// writes under contention, two-phase uploads finished by another process, listings, ranges, odd keys and
// the kinds of errors.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Suite describes the implementation under test.
type Suite struct {
	// Open returns an empty store; it may register its removal with t.Cleanup.
	Open func(t testing.TB) objstore.Store
	// Peer opens a second, independent access to the data of a store that Open returned, as another
	// process would. Nil: the store itself serves.
	Peer func(t testing.TB, s objstore.Store) objstore.Store
	// Keys are left out that the implementation cannot have; nil keeps all.
	SkipKey func(key string) bool
	// ListSize is the number of objects in the paging test; default 1100, more than one page of S3.
	ListSize int
}

// Run runs the suite.
func Run(t *testing.T, s Suite) {
	if s.Peer == nil {
		s.Peer = func(_ testing.TB, st objstore.Store) objstore.Store { return st }
	}
	if s.SkipKey == nil {
		s.SkipKey = func(string) bool { return false }
	}
	if s.ListSize == 0 {
		s.ListSize = 1100
	}
	t.Run("PutGetHead", s.putGetHead)
	t.Run("Ranges", s.ranges)
	t.Run("OddKeys", s.oddKeys)
	t.Run("NotFound", s.notFound)
	t.Run("Conditions", s.conditions)
	t.Run("ConcurrentIfAbsent", s.concurrentIfAbsent)
	t.Run("ConcurrentIfMatch", s.concurrentIfMatch)
	t.Run("Upload", s.upload)
	t.Run("UploadAbort", s.uploadAbort)
	t.Run("Resume", s.resume)
	t.Run("CommitByAnother", s.commitByAnother)
	t.Run("CommitConditions", s.commitConditions)
	t.Run("ConcurrentCommit", s.concurrentCommit)
	t.Run("Uploads", s.uploads)
	t.Run("AtomicOverwrite", s.atomicOverwrite)
	t.Run("List", s.list)
	t.Run("ListPaging", s.listPaging)
	t.Run("ListModel", s.listModel)
	t.Run("Delete", s.delete)
	t.Run("Cancelled", s.cancelled)
	t.Run("ReadAhead", s.readAhead)
}

// Context ends well before the test binary's own timeout, so that a hanging store fails one test.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// Bytes returns n bytes that are the same for the same seed.
func Bytes(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		v := r.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	return b[:n]
}

// Put writes an object or fails the test.
func Put(t testing.TB, s objstore.Store, key string, data []byte) objstore.Info {
	t.Helper()
	info, err := s.Put(Context(t), key, data, objstore.Condition{})
	if err != nil {
		t.Fatalf("Put(%q): %v", key, err)
	}
	return info
}

// Read returns a range of an object or fails the test.
func Read(t testing.TB, s objstore.Store, key string, r objstore.Range) ([]byte, objstore.Info) {
	t.Helper()
	body, info, err := s.Get(Context(t), key, r)
	if err != nil {
		t.Fatalf("Get(%q, %v): %v", key, r, err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("reading %q, %v: %v", key, r, err)
	}
	return data, info
}

// Keys collects the keys of a listing or fails the test.
func Keys(t testing.TB, s objstore.Store, prefix string, opts objstore.ListOptions) []string {
	t.Helper()
	var keys []string
	for info, err := range s.List(Context(t), prefix, opts) {
		if err != nil {
			t.Fatalf("List(%q, %+v): %v", prefix, opts, err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// Seal writes data in pieces of odd sizes and seals the upload, or fails the test.
func Seal(t testing.TB, s objstore.Store, key string, data []byte) objstore.Pending {
	t.Helper()
	u, err := s.Create(Context(t), key)
	if err != nil {
		t.Fatalf("Create(%q): %v", key, err)
	}
	for piece := range slices.Chunk(data, 333_333) {
		if n, err := u.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("Write(%q): %d of %d bytes, %v", key, n, len(piece), err)
		}
	}
	p, err := u.Seal(Context(t))
	if err != nil {
		t.Fatalf("Seal(%q): %v", key, err)
	}
	return p
}

// WantKind fails the test unless err is an *objstore.Error of the kind that names the key's URL.
func WantKind(t testing.TB, err error, kind objstore.Kind, url string) {
	t.Helper()
	var e *objstore.Error
	switch {
	case err == nil:
		t.Fatalf("no error, want kind %d", kind)
	case !errors.As(err, &e):
		t.Fatalf("%T is no *objstore.Error: %v", err, err)
	case e.Kind != kind:
		t.Fatalf("kind %d, want %d: %v", e.Kind, kind, err)
	case !strings.Contains(err.Error(), url):
		t.Fatalf("the message does not name %s: %v", url, err)
	case e.Op == "" || e.Reason == "":
		t.Fatalf("operation or reason is missing: %+v", e)
	}
}

func (s Suite) putGetHead(t *testing.T) {
	st := s.Open(t)
	for _, size := range []int{0, 1, 1000, 3 << 20} {
		key := fmt.Sprintf("dir/size-%d", size)
		data := Bytes(uint64(size), size)
		before := time.Now().Add(-time.Hour)
		put := Put(t, st, key, data)
		head, err := st.Head(Context(t), key)
		if err != nil {
			t.Fatal(err)
		}
		got, info := Read(t, st, key, objstore.All)
		if !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes read differ from %d written", key, len(got), len(data))
		}
		for what, i := range map[string]objstore.Info{"Put": put, "Head": head, "Get": info} {
			if i.Key != key || i.Size != int64(size) || i.ETag == "" || i.ETag != head.ETag || strings.Contains(i.ETag, `"`) {
				t.Errorf("%s(%s) = %+v; Head: %+v", what, key, i, head)
			}
		}
		if head.ModTime.Before(before) {
			t.Errorf("ModTime of %s is %s", key, head.ModTime)
		}
	}
	first := Put(t, st, "over", []byte("first"))
	second := Put(t, st, "over", []byte("second!"))
	if first.ETag == second.ETag {
		t.Errorf("two versions have the ETag %s", first.ETag)
	}
	if got, _ := Read(t, st, "over", objstore.All); string(got) != "second!" {
		t.Errorf("after overwriting: %q", got)
	}
	if !strings.HasSuffix(st.URL("dir/a b"), "/dir/a b") || st.String() == "" {
		t.Errorf("URL %q, String %q", st.URL("dir/a b"), st.String())
	}
}

func (s Suite) ranges(t *testing.T) {
	st := s.Open(t)
	data := Bytes(1, 10_000)
	Put(t, st, "object", data)
	Put(t, st, "empty", nil)
	for _, c := range []struct{ offset, length, from, to int64 }{
		{0, -1, 0, 10_000}, {0, 10_000, 0, 10_000}, {0, 1, 0, 1}, {9_999, 1, 9_999, 10_000}, {5_000, 100, 5_000, 5_100},
		{5_000, -1, 5_000, 10_000}, {9_990, 100, 9_990, 10_000}, {0, 1 << 40, 0, 10_000}, {100, 0, 100, 100},
		{10_000, 10, 0, 0}, {10_000, -1, 0, 0}, {1 << 40, 10, 0, 0}, {0, 0, 0, 0},
	} {
		r := objstore.Range{Offset: c.offset, Length: c.length}
		got, info := Read(t, st, "object", r)
		if !bytes.Equal(got, data[c.from:c.to]) {
			t.Errorf("range %v: %d bytes, want [%d:%d]", r, len(got), c.from, c.to)
		}
		if info.Size != 10_000 || info.ETag == "" || info.Key != "object" {
			t.Errorf("range %v: info %+v", r, info)
		}
		if got, info := Read(t, st, "empty", r); len(got) != 0 || info.Size != 0 || info.ETag == "" {
			t.Errorf("range %v of the empty object: %d bytes, %+v", r, len(got), info)
		}
	}
	// A reader closed early must not disturb the next one.
	body, _, err := st.Get(Context(t), "object", objstore.All)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
		t.Error(err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if got, _ := Read(t, st, "object", objstore.All); !bytes.Equal(got, data) {
		t.Error("after an early Close the next read differs")
	}
}

// oddNames are legal keys that naive escaping breaks.
var oddNames = []string{
	"a b", "a+b", "a%20b", "100%", "%2F", "ünïcödé/日本語/emoji-😀", "q?x=1&y=2", "hash#tag", "semi;colon", "comma,equals=",
	"quote'\"", "(paren)[bracket]{brace}", "star*", "tilde~", "at@sign", "dollar$", "excl!", "back`tick", "pipe|", "colon:x", "<tag>&amp;",
	"dots...", ".hidden", "-dash", "_under", "UPPER/lower", "a/b/c/d/e/f", "year=2026/month=01/part-0.parquet", "back\\slash",
}

func (s Suite) oddKeys(t *testing.T) {
	st := s.Open(t)
	var want []string
	for _, name := range oddNames {
		if s.SkipKey(name) {
			continue
		}
		Put(t, st, name, []byte("data of "+name))
		want = append(want, name)
	}
	slices.Sort(want)
	if got := Keys(t, st, "", objstore.ListOptions{}); !slices.Equal(got, want) {
		t.Errorf("listed\n%q, want\n%q", got, want)
	}
	for i, name := range want {
		if got, info := Read(t, st, name, objstore.All); string(got) != "data of "+name || info.Key != name {
			t.Errorf("%q holds %q", name, got)
		}
		if got := Keys(t, st, name, objstore.ListOptions{}); len(got) == 0 || got[0] != name {
			t.Errorf("listing the prefix %q gives %q", name, got)
		}
		if got := Keys(t, st, "", objstore.ListOptions{StartAfter: name}); !slices.Equal(got, want[i+1:]) {
			t.Errorf("after %q come %q, want %q", name, got, want[i+1:])
		}
		p := Seal(t, st, name, []byte("new"))
		if _, err := st.Commit(Context(t), p, objstore.Condition{}); err != nil {
			t.Errorf("commit of %q: %v", name, err)
		}
	}
	if err := st.Delete(Context(t), want...); err != nil {
		t.Fatal(err)
	}
	if got := Keys(t, st, "", objstore.ListOptions{}); len(got) != 0 {
		t.Errorf("left after deleting all: %q", got)
	}
}

func (s Suite) notFound(t *testing.T) {
	st := s.Open(t)
	Put(t, st, "dir/there", []byte("x"))
	for _, key := range []string{"missing", "dir/missing", "dir", "no/such/dir/x", "dir/there.not"} {
		_, err := st.Head(Context(t), key)
		WantKind(t, err, objstore.NotFound, st.URL(key))
		_, _, err = st.Get(Context(t), key, objstore.All)
		WantKind(t, err, objstore.NotFound, st.URL(key))
		_, _, err = st.Get(Context(t), key, objstore.Range{Offset: 5, Length: 0})
		WantKind(t, err, objstore.NotFound, st.URL(key))
	}
	if got := Keys(t, st, "no/such/prefix/", objstore.ListOptions{}); len(got) != 0 {
		t.Errorf("below a missing prefix: %q", got)
	}
}

func (s Suite) delete(t *testing.T) {
	st := s.Open(t)
	var all []string
	for i := range 25 {
		key := fmt.Sprintf("d/%02d", i)
		Put(t, st, key, []byte{byte(i)})
		all = append(all, key)
	}
	if err := st.Delete(Context(t)); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
	if err := st.Delete(Context(t), "d/03", "d/missing", "other", "d/04"); err != nil {
		t.Errorf("deleting with missing keys: %v", err)
	}
	want := slices.Delete(slices.Clone(all), 3, 5)
	if got := Keys(t, st, "", objstore.ListOptions{}); !slices.Equal(got, want) {
		t.Errorf("left %q, want %q", got, want)
	}
	if err := st.Delete(Context(t), all...); err != nil {
		t.Error(err)
	}
	if got := Keys(t, st, "", objstore.ListOptions{}); len(got) != 0 {
		t.Errorf("left %q", got)
	}
	_, err := st.Head(Context(t), "d/00")
	WantKind(t, err, objstore.NotFound, st.URL("d/00"))
}

func (s Suite) cancelled(t *testing.T) {
	st := s.Open(t)
	Put(t, st, "key", []byte("data"))
	u, err := st.Create(Context(t), "upload")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ops := map[string]func() error{
		"Head":   func() error { _, err := st.Head(ctx, "key"); return err },
		"Get":    func() error { _, _, err := st.Get(ctx, "key", objstore.All); return err },
		"Put":    func() error { _, err := st.Put(ctx, "key", nil, objstore.Condition{}); return err },
		"Create": func() error { _, err := st.Create(ctx, "key"); return err },
		"Seal":   func() error { _, err := u.Seal(ctx); return err },
		"Commit": func() error { _, err := st.Commit(ctx, objstore.Pending{Key: "key"}, objstore.Condition{}); return err },
		"Delete": func() error { return st.Delete(ctx, "key") },
		"List": func() error {
			for _, err := range st.List(ctx, "", objstore.ListOptions{}) {
				return err
			}
			return nil
		},
	}
	for name, op := range ops {
		err := op()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a cancelled context: %v", name, err)
		}
		var e *objstore.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %T is no *objstore.Error", name, err)
		}
	}
	if err := u.Abort(Context(t)); err != nil {
		t.Errorf("abort after a failed Seal: %v", err)
	}
	if got, _ := Read(t, st, "key", objstore.All); string(got) != "data" {
		t.Errorf("a cancelled operation changed the object: %q", got)
	}
}

func (s Suite) readAhead(t *testing.T) {
	st := s.Open(t)
	data := Bytes(9, 2_500_000)
	Put(t, st, "object", data)
	for _, r := range []objstore.Range{objstore.All, {Offset: 1000, Length: 2_000_001}, {Offset: 2_400_000, Length: -1}, {Offset: 3 << 20, Length: 10}} {
		ra := objstore.NewReadAhead(Context(t), st, "object", r, objstore.ReadAheadOptions{BlockSize: 100_000, RequestSize: 300_000, Parallel: 3})
		var got []byte
		for {
			b, err := ra.Next(Context(t))
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if b.Offset != r.Offset+int64(len(got)) {
				t.Fatalf("block at %d, want %d", b.Offset, r.Offset+int64(len(got)))
			}
			got = append(got, b.Bytes()...)
			ra.Release(b)
		}
		want, _ := Read(t, st, "object", r)
		if !bytes.Equal(got, want) {
			t.Errorf("range %v: %d bytes, want %d", r, len(got), len(want))
		}
		if err := ra.Close(); err != nil {
			t.Error(err)
		}
	}
}
