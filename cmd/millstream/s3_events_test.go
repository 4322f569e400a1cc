package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/objstore/storetest"
)

// onText calls a function for what is written.
type onText func(text string)

func (f onText) Write(p []byte) (int, error) { f(string(p)); return len(p), nil }

// TestEvents writes objects once the verb says that it misses nothing.
func TestEvents(t *testing.T) {
	embedded, err := server.Start(t.Context(), server.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer embedded.Close()
	cfg := s3.Config{Endpoint: embedded.Endpoint, AccessKey: embedded.AccessKey, SecretKey: embedded.SecretKey, PathStyle: s3.Path}
	client, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.MakeBucket(t.Context(), "input"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url  string
		poll time.Duration
	}{{"s3://input/in/", 0}, {"s3://input/in/", 5 * time.Millisecond}, {"mem://input/in/", 5 * time.Millisecond}} {
		var out bytes.Buffer
		o := &objectTools{resolver: standard.New(cfg)}
		store, _, err := o.resolver.Open(t.Context(), c.url)
		if err != nil {
			t.Fatal(err)
		}
		storetest.Put(t, store, "in/old", nil)
		o.app = &app{out: &out, err: onText(func(text string) {
			if strings.HasPrefix(text, "waiting for events of ") {
				storetest.Put(t, store, "out/x", []byte("1"))
				storetest.Put(t, store, "in/a b+ü", []byte("123"))
			}
		})}
		w := &watching{o: o, poll: c.poll, limit: 1}
		if err := w.run(t.Context(), c.url); err != nil {
			t.Fatal(err)
		}
		list, err := event.Parse(out.Bytes())
		if err != nil || len(list) != 1 || strings.Count(out.String(), "\n") != 1 || !json.Valid(out.Bytes()) {
			t.Fatalf("%s: %v, %s", c.url, err, out.String())
		}
		if e := list[0]; e.Name != "ObjectCreated:Put" || e.Key != "in/a b+ü" || e.Size != 3 || e.Bucket != "input" && c.url[0] == 's' {
			t.Errorf("%s: %+v", c.url, e)
		}
		if err := store.Delete(t.Context(), "in/a b+ü"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLook(t *testing.T) {
	s, known := mem.New("b"), map[string]objstore.Info(nil)
	step := func(want ...string) {
		t.Helper()
		var got []string
		now, list, err := look(t.Context(), s, "", "b", known)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			got = append(got, e.Name+" "+e.Key)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		known = maps.Clone(now)
	}
	storetest.Put(t, s, "old", nil)
	step()
	step()
	storetest.Put(t, s, "new", nil)
	storetest.Put(t, s, "old", []byte("changed"))
	step("ObjectCreated:Put new", "ObjectCreated:Put old")
	if err := s.Delete(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	step("ObjectRemoved:Delete old")
}
