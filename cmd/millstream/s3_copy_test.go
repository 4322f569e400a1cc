package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/objstore/storetest"
)

// TestCopySizes copies objects on both sides of where writing in parts begins.
func TestCopySizes(t *testing.T) {
	a := &app{err: io.Discard, quiet: true}
	from, to := mem.New("from"), mem.New("to")
	p := &copying{o: &objectTools{app: a}}
	var list []transfer
	for i, n := range []int{0, 1, wholeUpTo - 1, wholeUpTo, wholeUpTo + 1, 2*wholeUpTo + 7} {
		key := string(rune('a' + i))
		storetest.Put(t, from, key, bytes.Repeat([]byte("wörds "), n/7+1)[:n])
		info, err := from.Head(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, transfer{source{from, info, key}, to, "copy/" + key})
	}
	if err := p.all(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	for _, tr := range list {
		want, _ := storetest.Read(t, from, tr.from.info.Key, objstore.All)
		got, _ := storetest.Read(t, to, tr.key, objstore.All)
		if !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes became %d, or others", tr.from.info.Key, len(want), len(got))
		}
	}
	if got := p.bar.summary(); !strings.HasPrefix(got, "copied 6 objects, 21.0 MB in ") {
		t.Error(got)
	}
}

// TestNamesLeaveNoDirectory refuses keys that as paths would be outside of the target.
func TestNamesLeaveNoDirectory(t *testing.T) {
	o := &objectTools{app: &app{err: io.Discard}, resolver: standard.New(s3.Config{})}
	store, _, err := o.resolver.Open(t.Context(), "mem://m/")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Put(t, store, "a/../../../x", []byte("bad"))
	dir := t.TempDir()
	var usage usageError
	if err := (&copying{o: o, recursive: true}).run(t.Context(), []string{"mem://m/"}, dir+"/in/deep"); !errors.As(err, &usage) {
		t.Errorf("got %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("there are %v, %v", files, err)
	}
}

// TestBrokenInput writes nothing, and leaves no upload behind.
func TestBrokenInput(t *testing.T) {
	to := mem.New("to")
	broken := errors.New("broken pipe")
	in := io.MultiReader(bytes.NewReader(make([]byte, wholeUpTo+1)), iotest.ErrReader(broken))
	if err := writeParts(t.Context(), to, "x", in); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if keys := storetest.Keys(t, to, "", objstore.ListOptions{}); len(keys) > 0 {
		t.Errorf("there is %q", keys)
	}
	for u, err := range to.Uploads(t.Context(), "") {
		t.Errorf("there is an upload %v, %v", u, err)
	}
}

func TestCopyLine(t *testing.T) {
	for _, c := range []struct {
		objects, total int64
		want           string
	}{
		{1, 200, "━━━━━━━━━━━━────────────  50 % · 100 B · 50 B/s · 2s"},
		{3, 200, "━━━━━━━━━━━━────────────  50 % · 1/3 · 100 B · 50 B/s · 2s"},
		{1, 0, "100 B · 50 B/s · 2s"},
	} {
		if got := copyLine(style{}, 80, 2*time.Second, 1, c.objects, 100, c.total); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
