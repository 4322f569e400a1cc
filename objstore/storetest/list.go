package storetest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millstream/millstream/objstore"
)

// ReadAll returns a whole object.
func ReadAll(ctx context.Context, st objstore.Store, key string) ([]byte, objstore.Info, error) {
	body, info, err := st.Get(ctx, key, objstore.All)
	if err != nil {
		return nil, info, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return data, info, err
}

func (s Suite) list(t *testing.T) {
	st := s.Open(t)
	all := []string{"a.txt", "a/1", "a/2", "a/b/3", "a0", "b/c/d/e", "b-c", "z"}
	for _, key := range all {
		Put(t, st, key, []byte(key))
	}
	slices.Sort(all)
	for _, c := range []struct {
		prefix string
		opts   objstore.ListOptions
		want   []string
	}{
		{"", objstore.ListOptions{}, all},
		{"a", objstore.ListOptions{}, []string{"a.txt", "a/1", "a/2", "a/b/3", "a0"}},
		{"a/", objstore.ListOptions{}, []string{"a/1", "a/2", "a/b/3"}},
		{"a/b", objstore.ListOptions{}, []string{"a/b/3"}},
		{"a/1", objstore.ListOptions{}, []string{"a/1"}},
		{"a/1/", objstore.ListOptions{}, nil},
		{"x", objstore.ListOptions{}, nil},
		{"", objstore.ListOptions{Delimiter: "/"}, []string{"a.txt", "a/", "a0", "b-c", "b/", "z"}},
		{"a", objstore.ListOptions{Delimiter: "/"}, []string{"a.txt", "a/", "a0"}},
		{"a/", objstore.ListOptions{Delimiter: "/"}, []string{"a/1", "a/2", "a/b/"}},
		{"b/", objstore.ListOptions{Delimiter: "/"}, []string{"b/c/"}},
		{"", objstore.ListOptions{StartAfter: "a/1"}, []string{"a/2", "a/b/3", "a0", "b-c", "b/c/d/e", "z"}},
		{"", objstore.ListOptions{StartAfter: "a/"}, []string{"a/1", "a/2", "a/b/3", "a0", "b-c", "b/c/d/e", "z"}},
		{"", objstore.ListOptions{StartAfter: "a/zzz"}, []string{"a0", "b-c", "b/c/d/e", "z"}},
		{"a/", objstore.ListOptions{StartAfter: "a/1"}, []string{"a/2", "a/b/3"}},
		{"a/", objstore.ListOptions{StartAfter: "A"}, []string{"a/1", "a/2", "a/b/3"}},
		{"a/", objstore.ListOptions{StartAfter: "b"}, nil},
		{"", objstore.ListOptions{StartAfter: "z"}, nil},
		{"", objstore.ListOptions{StartAfter: "a/", Delimiter: "/"}, []string{"a0", "b-c", "b/", "z"}},
		{"", objstore.ListOptions{StartAfter: "a/2", Delimiter: "/"}, []string{"a0", "b-c", "b/", "z"}},
		{"", objstore.ListOptions{StartAfter: "a.txt", Delimiter: "/"}, []string{"a/", "a0", "b-c", "b/", "z"}},
	} {
		if got := Keys(t, st, c.prefix, c.opts); !slices.Equal(got, c.want) {
			t.Errorf("List(%q, %+v) = %q, want %q", c.prefix, c.opts, got, c.want)
		}
	}
	for info, err := range st.List(Context(t), "a", objstore.ListOptions{Delimiter: "/"}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(info.Key, "/") {
			if info.Size != 0 || info.ETag != "" {
				t.Errorf("a rolled-up key has %+v", info)
			}
			continue
		}
		head, err := st.Head(Context(t), info.Key)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size != head.Size || info.ETag != head.ETag || info.ModTime.IsZero() {
			t.Errorf("listed %+v, Head %+v", info, head)
		}
	}
}

// listPaging lists more objects than fit into one page of S3, and stops within one.
func (s Suite) listPaging(t *testing.T) {
	st := s.Open(t)
	ctx := Context(t)
	var want []string
	for i := range s.ListSize {
		want = append(want, fmt.Sprintf("many/%05d", i))
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(want))
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(want); i += 8 {
				if _, err := st.Put(ctx, want[i], nil, objstore.Condition{}); err != nil {
					errs <- err
				}
			}
		}()
	}
	wg.Wait()
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
	Put(t, st, "zz", nil)
	if got := Keys(t, st, "many/", objstore.ListOptions{}); !slices.Equal(got, want) {
		t.Errorf("listed %d of %d keys, sorted: %v", len(got), len(want), slices.IsSorted(got))
	}
	if got := Keys(t, st, "", objstore.ListOptions{Delimiter: "/"}); !slices.Equal(got, []string{"many/", "zz"}) {
		t.Errorf("rolled up: %q", got)
	}
	half := len(want) / 2
	if got := Keys(t, st, "many/", objstore.ListOptions{StartAfter: want[half]}); !slices.Equal(got, want[half+1:]) {
		t.Errorf("after %s: %d keys, want %d", want[half], len(got), len(want)-half-1)
	}
	n := 0
	for _, err := range st.List(ctx, "", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 3 {
			break
		}
	}
	if err := st.Delete(ctx, want...); err != nil {
		t.Fatal(err)
	}
	if got := Keys(t, st, "", objstore.ListOptions{}); !slices.Equal(got, []string{"zz"}) {
		t.Errorf("%d keys left after deleting %d", len(got), len(want))
	}
}

// listModel holds listings of random keys against a filter over a sorted slice.
func (s Suite) listModel(t *testing.T) {
	st := s.Open(t)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	segment := func() string { return []string{"a", "b", "a-", "a0", "ab", "é", "x y"}[r.IntN(7)] }
	var all []string
	for range 60 {
		// The depth is in the name of the last segment, so that no key is another's directory.
		depth := r.IntN(3)
		key := ""
		for range depth {
			key += segment() + "/"
		}
		key += "f" + segment()
		if !slices.Contains(all, key) {
			all = append(all, key)
			Put(t, st, key, []byte(key))
		}
	}
	slices.Sort(all)
	pick := func() string {
		if r.IntN(3) == 0 {
			return ""
		}
		key := all[r.IntN(len(all))]
		cut := r.IntN(len(key) + 1)
		for cut < len(key) && key[cut]&0xC0 == 0x80 { // no half characters
			cut++
		}
		return key[:cut]
	}
	for range 60 {
		prefix, opts := pick(), objstore.ListOptions{StartAfter: pick()}
		if r.IntN(2) == 0 {
			opts.Delimiter = "/"
		}
		var want []string
		for _, key := range all {
			if !strings.HasPrefix(key, prefix) {
				continue
			}
			if i := strings.Index(key[len(prefix):], "/"); opts.Delimiter != "" && i >= 0 {
				key = key[:len(prefix)+i+1]
			}
			if key > opts.StartAfter && !slices.Contains(want, key) {
				want = append(want, key)
			}
		}
		if got := Keys(t, st, prefix, opts); !slices.Equal(got, want) {
			t.Fatalf("seed %d: List(%q, %+v) = %q, want %q; all: %q", seed, prefix, opts, got, want, all)
		}
	}
}
