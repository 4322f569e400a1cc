package fault_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/storetest"
)

// telling is a store that tells of one event again and again.
type telling struct {
	objstore.Store
	open int
}

func (s *telling) Listen(context.Context, string) (event.Stream, error) {
	s.open++
	return &told{s}, nil
}

type told struct{ s *telling }

func (*told) Next(context.Context) ([]event.Event, error) {
	return []event.Event{{Name: "ObjectCreated:Put", Bucket: "b", Key: "k"}}, nil
}
func (*told) Position() []byte                     { return nil }
func (*told) Stored(context.Context, []byte) error { return nil }
func (t *told) Close() error                       { t.s.open--; return nil }

func TestListen(t *testing.T) {
	inner := &telling{Store: mem.New("b")}
	s := fault.New(inner, fault.Plan{Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Listen}, Trigger: fault.Trigger{Times: 1}, Kind: objstore.TimedOut, Lost: true},
		{Ops: []fault.Op{fault.Listen}, Trigger: fault.Trigger{Skip: 1, Times: 1}, Kind: objstore.Unreachable},
	}})
	_, err := s.Listen(t.Context(), "in/")
	storetest.WantKind(t, err, objstore.TimedOut, s.URL("in/"))
	if inner.open != 0 {
		t.Error("a stream whose opening failed is still open")
	}
	stream, err := s.Listen(t.Context(), "in/")
	if err != nil {
		t.Fatal(err)
	}
	list, err := stream.Next(t.Context())
	storetest.WantKind(t, err, objstore.Unreachable, s.URL("in/"))
	if list != nil {
		t.Errorf("a failed call gave %v", list)
	}
	if list, err = stream.Next(t.Context()); err != nil || len(list) != 1 || list[0].Key != "k" {
		t.Errorf("got %v, %v", list, err)
	}
	s.Crash()
	if _, err := stream.Next(t.Context()); !errors.Is(err, fault.ErrCrashed) {
		t.Errorf("after the crash: %v", err)
	}
	if err := stream.Close(); err != nil || inner.open != 0 {
		t.Errorf("close: %v, %d open", err, inner.open)
	}
}

// quiet is a store without Listen.
type quiet struct{ objstore.Store }

func TestListenToNoListener(t *testing.T) {
	s := fault.New(quiet{mem.New("b")}, fault.Plan{})
	_, err := objstore.Listen(t.Context(), s, "in/")
	storetest.WantKind(t, err, objstore.Unsupported, s.URL("in/"))
	if !strings.Contains(err.Error(), "poll") {
		t.Errorf("%v does not say what works", err)
	}
}
