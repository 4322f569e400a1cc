package storetest

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/millstream/millstream/objstore"
)

// resume goes on with uploads that were saved, once and again, while who began them still writes.
func (s Suite) resume(t *testing.T) {
	st := s.Open(t)
	resumer, ok := st.(objstore.Resumer)
	if !ok {
		t.Fatalf("%s cannot resume uploads", st)
	}
	ctx := Context(t)
	save := func(u objstore.Upload) objstore.Saved {
		t.Helper()
		saved, err := u.(objstore.Saver).Save(ctx)
		if err != nil || saved == nil {
			t.Fatalf("Save: %v, %v", saved, err)
		}
		return *saved
	}
	write := func(u objstore.Upload, data []byte) {
		t.Helper()
		if _, err := u.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for i, size := range []int{0, 1, 100_000, 5 << 20, 6 << 20, 9 << 20, 17<<20 + 5} {
		key := fmt.Sprintf("resumed/%d", size)
		data := Bytes(uint64(i), size+2_000_000)
		first, err := st.Create(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		write(first, data[:size])
		saved := save(first)
		if got := saved.Size + int64(len(saved.Tail)); got != int64(size) {
			t.Fatalf("%d bytes are saved as %d", size, got)
		}
		write(first, Bytes(99, 13<<20)) // the replaced one goes on
		var last objstore.Upload
		named := ""
		for attempt := range 3 { // two of which die
			other := fmt.Sprint(key, "-", attempt)
			u, n, err := s.Peer(t, st).(objstore.Resumer).Resume(ctx, saved, other)
			if err != nil {
				t.Fatalf("Resume after %d bytes: %v", size, err)
			}
			if named = n; named != key && named != other {
				t.Fatalf("what was %s, and might have become %s, is named %s", key, other, named)
			}
			if last = u; attempt < 2 {
				write(u, Bytes(uint64(100+attempt), 12<<20))
				save(u)
			}
		}
		write(last, data[size:size+1_000_000])
		again := save(last)
		write(first, Bytes(98, 6<<20))
		save(first)
		if last, named, err = resumer.Resume(ctx, again, key+"-last"); err != nil {
			t.Fatalf("Resume of what was resumed: %v", err)
		}
		write(last, data[size+1_000_000:])
		p, err := last.Seal(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Commit(ctx, p, objstore.Condition{IfAbsent: true}); err != nil {
			t.Fatal(err)
		}
		if p.Key != named {
			t.Errorf("what is named %s is committed as %s", named, p.Key)
		}
		if got, _ := Read(t, st, named, objstore.All); !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d, or others", len(data), len(got))
		}
	}
	for _, p := range pendings(t, st, "") {
		if err := st.Abort(ctx, objstore.Pending{Key: p.Key, UploadID: p.UploadID}); err != nil {
			t.Error(err)
		}
	}
	u, err := st.Create(ctx, "gone")
	if err != nil {
		t.Fatal(err)
	}
	write(u, []byte("x"))
	saved := save(u)
	if err := u.Abort(ctx); err != nil {
		t.Fatal(err)
	}
	_, _, err = resumer.Resume(ctx, saved, "again")
	WantKind(t, err, objstore.NotFound, st.URL("gone"))
}
