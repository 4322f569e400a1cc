package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/objstore"
)

// writers is how many contend for one key.
const writers = 16

func (s Suite) conditions(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	put := func(data string, cond objstore.Condition) (objstore.Info, error) {
		return st.Put(ctx, "key", []byte(data), cond)
	}
	url := st.URL("key")
	_, err := put("x", objstore.Condition{IfMatch: "0123456789abcdef0123456789abcdef"})
	WantKind(t, err, objstore.PreconditionFailed, url)
	first, err := put("first", objstore.Condition{IfAbsent: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("x", objstore.Condition{IfAbsent: true})
	WantKind(t, err, objstore.PreconditionFailed, url)
	second, err := put("second", objstore.Condition{IfMatch: first.ETag})
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("x", objstore.Condition{IfMatch: first.ETag})
	WantKind(t, err, objstore.PreconditionFailed, url)
	if got, info := Read(t, st, "key", objstore.All); string(got) != "second" || info.ETag != second.ETag {
		t.Errorf("holds %q, %+v", got, info)
	}
	if err := st.Delete(ctx, "key"); err != nil {
		t.Fatal(err)
	}
	if _, err = put("third", objstore.Condition{IfAbsent: true}); err != nil {
		t.Errorf("IfAbsent after deletion: %v", err)
	}
}

// race runs f in all writers at once and returns how many succeeded; every failure must be a lost
// precondition. winner is the index of a writer that succeeded.
func race(t *testing.T, url string, f func(i int) error) (won int, winner int) {
	t.Helper()
	var wg sync.WaitGroup
	var count, index atomic.Int64
	errs := make([]error, writers)
	start := make(chan struct{})
	for i := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			if errs[i] = f(i); errs[i] == nil {
				count.Add(1)
				index.Store(int64(i))
			}
		}()
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			WantKind(t, err, objstore.PreconditionFailed, url)
		}
	}
	return int(count.Load()), int(index.Load())
}

func (s Suite) concurrentIfAbsent(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	for round := range 5 {
		key := fmt.Sprintf("race/%d", round)
		won, winner := race(t, st.URL(key), func(i int) error {
			_, err := st.Put(ctx, key, fmt.Appendf(nil, "writer %d", i), objstore.Condition{IfAbsent: true})
			return err
		})
		got, _ := Read(t, st, key, objstore.All)
		if won != 1 || string(got) != fmt.Sprintf("writer %d", winner) {
			t.Fatalf("round %d: %d of %d writers won, the last said to be %d; the object holds %q", round, won, writers, winner, got)
		}
	}
}

func (s Suite) concurrentIfMatch(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	for round := range 5 {
		key := fmt.Sprintf("race/%d", round)
		old := Put(t, st, key, []byte("old"))
		won, winner := race(t, st.URL(key), func(i int) error {
			_, err := st.Put(ctx, key, fmt.Appendf(nil, "writer %d", i), objstore.Condition{IfMatch: old.ETag})
			return err
		})
		got, _ := Read(t, st, key, objstore.All)
		if won != 1 || string(got) != fmt.Sprintf("writer %d", winner) {
			t.Fatalf("round %d: %d of %d writers won, the last said to be %d; the object holds %q", round, won, writers, winner, got)
		}
	}
}

// upload writes objects of several sizes: none, one and several parts, and exactly on part boundaries.
func (s Suite) upload(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	for _, size := range []int{0, 1, 100_000, 5 << 20, 5<<20 + 1, 8 << 20, 17 << 20} {
		key := fmt.Sprintf("up/load-%d", size)
		data := Bytes(uint64(size), size)
		p := Seal(t, st, key, data)
		if p.Key != key || p.Size != int64(size) || p.UploadID == "" {
			t.Errorf("sealed %d bytes: %+v", size, p)
		}
		_, err := st.Head(ctx, key)
		WantKind(t, err, objstore.NotFound, st.URL(key))
		if got := Keys(t, st, key, objstore.ListOptions{}); len(got) != 0 {
			t.Errorf("a sealed upload is listed: %q", got)
		}
		info, err := st.Commit(ctx, p, objstore.Condition{})
		if err != nil {
			t.Fatalf("commit of %d bytes: %v", size, err)
		}
		got, read := Read(t, st, key, objstore.All)
		if !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d", size, len(got))
		}
		if info.Key != key || info.Size != int64(size) || info.ETag != read.ETag {
			t.Errorf("Commit says %+v, Get %+v", info, read)
		}
	}
}

func (s Suite) uploadAbort(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	for _, size := range []int{0, 1000, 11 << 20} {
		u, err := st.Create(ctx, "aborted")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.Write(Bytes(1, size)); err != nil {
			t.Fatal(err)
		}
		if err := u.Abort(ctx); err != nil {
			t.Errorf("abort after %d bytes: %v", size, err)
		}
		if _, err := u.Write([]byte("x")); err == nil {
			t.Error("Write after Abort succeeds")
		}
		if _, err := u.Seal(ctx); err == nil {
			t.Error("Seal after Abort succeeds")
		}
	}
	p := Seal(t, st, "sealed", []byte("x"))
	for range 2 {
		if err := st.Abort(ctx, p); err != nil {
			t.Errorf("abort of a sealed upload: %v", err)
		}
	}
	if _, err := st.Commit(ctx, p, objstore.Condition{}); err == nil {
		t.Error("an aborted upload could be committed")
	}
	if got := Keys(t, st, "", objstore.ListOptions{}); len(got) != 0 {
		t.Errorf("aborted uploads left %q", got)
	}
	if got := pendings(t, st, ""); len(got) != 0 {
		t.Errorf("uploads left: %+v", got)
	}
}

func pendings(t testing.TB, st objstore.Store, prefix string) []objstore.PendingInfo {
	t.Helper()
	var all []objstore.PendingInfo
	for p, err := range st.Uploads(Context(t), prefix) {
		if err != nil {
			t.Fatalf("Uploads(%q): %v", prefix, err)
		}
		all = append(all, p)
	}
	return all
}

func (s Suite) commitByAnother(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	data := Bytes(3, 6<<20)
	p := Seal(t, st, "shared/key", data)
	empty := Seal(t, st, "shared/empty", nil)
	gone := Seal(t, st, "shared/gone", []byte("x"))
	peer := s.Peer(t, st)
	first, err := peer.Commit(ctx, p, objstore.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	// Committing again, by either side, conditional or not, finds it done.
	for _, again := range []objstore.Store{st, peer} {
		for _, cond := range []objstore.Condition{{}, {IfAbsent: true}} {
			info, err := again.Commit(ctx, p, cond)
			if err != nil || info.ETag != first.ETag || info.Size != first.Size {
				t.Errorf("second commit with %+v: %+v, %v; the first: %+v", cond, info, err, first)
			}
		}
	}
	if _, err := peer.Commit(ctx, empty, objstore.Condition{IfAbsent: true}); err != nil {
		t.Errorf("commit of an empty upload: %v", err)
	}
	if _, err := peer.Commit(ctx, empty, objstore.Condition{IfAbsent: true}); err != nil {
		t.Errorf("second commit of an empty upload: %v", err)
	}
	if err := peer.Abort(ctx, gone); err != nil {
		t.Error(err)
	}
	if got, _ := Read(t, st, "shared/key", objstore.All); !bytes.Equal(got, data) {
		t.Error("the committed object differs")
	}
	if got := Keys(t, st, "", objstore.ListOptions{}); !slices.Equal(got, []string{"shared/empty", "shared/key"}) {
		t.Errorf("listed %q", got)
	}
	// Aborting what was committed must not touch the object.
	if err := st.Abort(ctx, p); err != nil {
		t.Errorf("abort after commit: %v", err)
	}
	if _, err := st.Head(ctx, "shared/key"); err != nil {
		t.Error(err)
	}
}

func (s Suite) commitConditions(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	url := st.URL("key")
	a, b := Seal(t, st, "key", []byte("aaa")), Seal(t, st, "key", []byte("bbb"))
	first, err := st.Commit(ctx, a, objstore.Condition{IfAbsent: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Commit(ctx, b, objstore.Condition{IfAbsent: true})
	WantKind(t, err, objstore.PreconditionFailed, url)
	_, err = st.Commit(ctx, b, objstore.Condition{IfMatch: "0123456789abcdef0123456789abcdef-1"})
	WantKind(t, err, objstore.PreconditionFailed, url)
	if got, _ := Read(t, st, "key", objstore.All); string(got) != "aaa" {
		t.Errorf("a failed commit left %q", got)
	}
	// The loser is still pending and may be committed otherwise.
	if _, err := st.Commit(ctx, b, objstore.Condition{IfMatch: first.ETag}); err != nil {
		t.Fatal(err)
	}
	if got, _ := Read(t, st, "key", objstore.All); string(got) != "bbb" {
		t.Errorf("after IfMatch: %q", got)
	}
	// A third with the same size and bytes as the winner must lose all the same.
	c := Seal(t, st, "key", []byte("bbb"))
	_, err = st.Commit(ctx, c, objstore.Condition{IfAbsent: true})
	WantKind(t, err, objstore.PreconditionFailed, url)
	if err := st.Abort(ctx, c); err != nil {
		t.Error(err)
	}
	if got := pendings(t, st, ""); len(got) != 0 {
		t.Errorf("uploads left: %+v", got)
	}
}

func (s Suite) concurrentCommit(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	for round := range 3 {
		key := fmt.Sprintf("race/%d", round)
		var ps [writers]objstore.Pending
		for i := range ps {
			ps[i] = Seal(t, st, key, fmt.Appendf(nil, "writer %02d", i))
		}
		won, winner := race(t, st.URL(key), func(i int) error {
			_, err := st.Commit(ctx, ps[i], objstore.Condition{IfAbsent: true})
			return err
		})
		got, _ := Read(t, st, key, objstore.All)
		if won != 1 || string(got) != fmt.Sprintf("writer %02d", winner) {
			t.Fatalf("round %d: %d of %d commits won, the last said to be %d; the object holds %q", round, won, writers, winner, got)
		}
		for i := range ps {
			if err := st.Abort(ctx, ps[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got, _ := Read(t, st, key, objstore.All); string(got) != fmt.Sprintf("writer %02d", winner) {
			t.Fatalf("aborting the losers changed the object: %q", got)
		}
	}
}

func (s Suite) uploads(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	a := Seal(t, st, "out/a", []byte("a"))
	b := Seal(t, st, "out/b", nil)
	c := Seal(t, st, "out/sub/c", []byte("c"))
	other := Seal(t, st, "other", []byte("x"))
	ids := func(prefix string) map[string]string {
		m := map[string]string{}
		for _, p := range pendings(t, s.Peer(t, st), prefix) {
			m[p.UploadID] = p.Key
			if p.Initiated.IsZero() {
				t.Errorf("no time of initiation: %+v", p)
			}
		}
		return m
	}
	want := map[string]string{a.UploadID: "out/a", b.UploadID: "out/b", c.UploadID: "out/sub/c"}
	if got := ids("out/"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("below out/: %v, want %v", got, want)
	}
	if got := ids(""); len(got) != 4 || got[other.UploadID] != "other" {
		t.Errorf("all: %v", got)
	}
	if got := ids("none/"); len(got) != 0 {
		t.Errorf("below none/: %v", got)
	}
	// What a restarted job does: abort every leftover that its checkpoint does not know.
	for id, key := range ids("out/") {
		if id == a.UploadID {
			continue
		}
		if err := st.Abort(ctx, objstore.Pending{Key: key, UploadID: id}); err != nil {
			t.Error(err)
		}
	}
	if got := ids("out/"); len(got) != 1 || got[a.UploadID] == "" {
		t.Errorf("after aborting the others: %v", got)
	}
	if _, err := st.Commit(ctx, a, objstore.Condition{}); err != nil {
		t.Error(err)
	}
	if got := ids("out/"); len(got) != 0 {
		t.Errorf("after the commit: %v", got)
	}
}

// atomicOverwrite reads an object while it is overwritten: a reader must see one version whole, or be
// told that the object changed.
func (s Suite) atomicOverwrite(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	version := func(v byte) []byte { return bytes.Repeat([]byte{v}, 300_000+int(v)) }
	Put(t, st, "key", version(0))
	done := make(chan error, 1)
	go func() {
		for v := byte(1); v <= 20; v++ {
			if _, err := st.Put(ctx, "key", version(v), objstore.Condition{}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		data, _, err := ReadAll(ctx, st, "key")
		switch {
		case objstore.KindOf(err) == objstore.Changed:
		case err != nil:
			t.Fatal(err)
		case !bytes.Equal(data, version(data[0])):
			t.Fatalf("a mixture of versions, or a part: %d bytes that begin with %d", len(data), data[0])
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}
