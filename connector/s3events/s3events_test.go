package s3events

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/suite"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/objstore/event/kafka"
	"github.com/millstream/millstream/objstore/event/webhook"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
)

// telling is a bucket in memory that tells of what it is told to.
type telling struct {
	*mem.Store
	events chan []event.Event
}

func (s telling) Listen(context.Context, string) (event.Stream, error) { return stream(s), nil }

type stream telling

func (s stream) Next(ctx context.Context) ([]event.Event, error) {
	select {
	case list := <-s.events:
		return list, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (stream) Position() []byte                     { return nil }
func (stream) Stored(context.Context, []byte) error { return nil }
func (stream) Close() error                         { return nil }

// request asks for columns of a table of all columns.
func request(store objstore.Store, columns []string, options ...string) connector.SourceRequest {
	req := connector.SourceRequest{Limit: -1, Env: connector.Env{
		Settings: setting.New(setting.Engine),
		Objects: &objstore.Resolver{Openers: map[string]objstore.Opener{
			"mem": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
				return store, loc.Path, nil
			},
		}},
	}}
	req.Table = graph.Table{Name: "e", Connector: "s3-events", Options: map[string]string{"path": "mem://t/in/", "scan.poll-interval": "1 ms"}}
	for i := 0; i < len(options); i += 2 {
		req.Table.Options[options[i]] = options[i+1]
	}
	for _, f := range fields {
		req.Table.Columns = append(req.Table.Columns, column.Field{Name: f.name, Type: f.t})
	}
	for _, name := range columns {
		req.Project = append(req.Project, slices.IndexFunc(fields, func(f field) bool { return f.name == name }))
	}
	return req
}

// reading reads so many rows.
func reading(t *testing.T, r connector.Reader, n int) (rows []string) {
	t.Helper()
	for deadline := time.After(20 * time.Second); len(rows) < n; {
		b, status, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if b != nil {
			rows = append(rows, suite.Texts(b)...)
		}
		if status == connector.Wait && len(rows) < n {
			select {
			case <-r.Ready():
			case <-deadline:
				t.Fatalf("%d rows came, not %d", len(rows), n)
			}
		}
	}
	return rows
}

func open(t *testing.T, req connector.SourceRequest, at connector.Split) connector.Reader {
	t.Helper()
	s, err := newSource(req)
	if err != nil {
		t.Fatal(err)
	}
	if s.Bounded() {
		t.Error("events have an end")
	}
	if at.ID == "" {
		list, err := s.Splits(t.Context(), 4)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		at = list[0]
	}
	r, err := s.Open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestPoll makes events of listings, and goes on behind a position.
func TestPoll(t *testing.T) {
	store := mem.New("t")
	put := func(key string) {
		t.Helper()
		if _, err := store.Put(t.Context(), key, []byte(key), objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"in/a b+%.csv", "in/ü.csv", "in/b.txt", "out.csv"} {
		put(key)
	}
	req := request(store, []string{"size", "key", "event_name", "bucket", "user_metadata"}, "scan.mode", "poll", "scan.existing-objects", "true", "scan.suffix", ".csv")
	r := open(t, req, connector.Split{})
	got := reading(t, r, 2)
	if want := []string{"12|in/a b+%.csv|ObjectCreated:Put|t|NULL", "9|in/ü.csv|ObjectCreated:Put|t|NULL"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	at := r.Position()
	put("in/c.csv")
	for range 2 { // twice from the same position
		r = open(t, req, at)
		if got := reading(t, r, 1); !strings.HasPrefix(got[0], "8|in/c.csv|") {
			t.Errorf("got %q", got)
		}
	}
	put("in/ü.csv")
	if got := reading(t, r, 1); !strings.HasPrefix(got[0], "9|in/ü.csv|") {
		t.Errorf("got %q", got)
	}
}

// TestListen reads notifications with all that they have, each once, and of the asked names alone.
func TestListen(t *testing.T) {
	store := telling{mem.New("t"), make(chan []event.Event, 10)}
	at := time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	e := event.Event{Name: "ObjectCreated:Put", Time: at, Bucket: "t", Key: "in/k", Size: 5, ETag: "e", VersionID: "v", Sequencer: "1", ContentType: "text/csv",
		UserData: map[string]string{"b": "2", "a": "1"}, Region: "r", Principal: "p", SourceIP: "1.2.3.4", RequestID: "q"}
	elsewhere, other, gone, copied := e, e, e, e
	elsewhere.Bucket = "another"
	other.Key = "out/k"
	gone.Name, gone.Sequencer, gone.Size, gone.ETag, gone.UserData = "ObjectRemoved:Delete", "2", 0, "", nil
	copied.Name, copied.Sequencer, copied.ETag = "ObjectCreated:Copy", "3", "f"
	var all []string
	for _, f := range fields {
		all = append(all, f.name)
	}
	store.events <- []event.Event{e, e, elsewhere, other, gone}
	store.events <- []event.Event{gone, e, copied}
	r := open(t, request(store, all), connector.Split{})
	got := reading(t, r, 3)
	if err := r.Close(); err != nil { // so that it does not take the next ones
		t.Fatal(err)
	}
	created := "ObjectCreated:Put|2026-03-04 05:06:07.089|t|in/k|5|e|v|1|text/csv|{a=1, b=2}|1.2.3.4|p|r|q"
	want := []string{created, "ObjectRemoved:Delete|2026-03-04 05:06:07.089|t|in/k|NULL|NULL|v|2|text/csv|NULL|1.2.3.4|p|r|q",
		strings.NewReplacer("Put", "Copy", "|e|v|1|", "|f|v|3|").Replace(created)}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for asked, want := range map[string]string{"s3:ObjectCreated:*": "[1 3]", "ObjectRemoved:*; s3:ObjectCreated:Copy": "[2 3]", "*": "[1 2 3]"} {
		store.events <- []event.Event{e, gone, copied}
		r := open(t, request(store, []string{"sequencer"}, "scan.events", asked), connector.Split{})
		if got := fmt.Sprint(reading(t, r, len(want)/2)); got != want {
			t.Errorf("%s: got %s, want %s", asked, got, want)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	req := request(store, []string{"sequencer"})
	req.Limit = 2
	store.events <- []event.Event{e, gone, copied}
	r = open(t, req, connector.Split{})
	if got := fmt.Sprint(reading(t, r, 2)); got != "[1 2]" {
		t.Errorf("limited: got %s", got)
	}
	if _, status, err := r.Poll(); status != connector.Done || err != nil {
		t.Errorf("behind the limit: %v, %v", status, err)
	}
}

// TestWebhook receives what a store sends.
func TestWebhook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := open(t, request(mem.New("t"), []string{"key", "sequencer"}, "scan.mode", "webhook", "webhook.listen", at, "webhook.token", "s3cret"), connector.Split{})
	sender, err := webhook.NewSender("http://"+at+"/events", "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	list := []event.Event{{Name: "ObjectCreated:Put", Bucket: "t", Key: "in/ü +%", ETag: "e", Sequencer: "1"}, {Name: "ObjectRemoved:Delete", Bucket: "t", Key: "in/ü +%", Sequencer: "2"}}
	for range 2 {
		for deadline := time.Now().Add(20 * time.Second); ; { // until it listens
			if err = sender.Send(t.Context(), list); err == nil || time.Now().After(deadline) {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(reading(t, r, 2)); got != "[in/ü +%|1 in/ü +%|2]" {
		t.Errorf("got %s", got)
	}
}

// TestKafka reads what a store writes to a topic, and goes on behind a position with what was written meanwhile.
func TestKafka(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	servers := strings.Join(c.ListenAddrs(), ",")
	sender, err := kafka.NewSender(servers + "/events")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sender.Close() })
	testStream(t, sender, "scan.mode", "kafka", "kafka.bootstrap.servers", servers, "kafka.topic", "events", "kafka.scan.startup.mode", "earliest-offset")
}

// testStream reads what is sent to a stream, and goes on behind a position with what is sent meanwhile; what is known comes once.
func testStream(t *testing.T, sender event.Sender, options ...string) {
	t.Helper()
	send := func(numbers ...string) {
		t.Helper()
		for _, n := range numbers {
			if err := sender.Send(t.Context(), []event.Event{{Name: "ObjectRemoved:Delete", Bucket: "t", Key: "in/k" + n, Sequencer: n}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	req := request(mem.New("t"), []string{"sequencer"}, options...)
	send("1", "2", "2")
	r := open(t, req, connector.Split{})
	if got := slices.Sorted(slices.Values(reading(t, r, 2))); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("got %q", got)
	}
	at := r.Position()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	send("2", "3")
	for range 2 {
		r = open(t, req, at)
		if got := reading(t, r, 1); got[0] != "3" {
			t.Errorf("got %q", got)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefused(t *testing.T) {
	store := mem.New("t")
	for _, c := range []struct {
		change func(*connector.SourceRequest)
		want   string
	}{
		{func(r *connector.SourceRequest) { r.Table.Columns[0].Name = "eventName" }, "events have no column 'eventName'; there are event_name STRING, event_time TIMESTAMP_LTZ(3), bucket STRING"},
		{func(r *connector.SourceRequest) { r.Table.Columns[1].Type = column.Sized(column.Timestamp, 3) }, "the column 'event_time' of events is TIMESTAMP_LTZ(3) and not TIMESTAMP(3)"},
		{func(r *connector.SourceRequest) { r.Table.Columns[4].Type = r.Table.Columns[4].Type.Required() }, "the column 'size' may be NULL"},
		{func(r *connector.SourceRequest) { r.Table.Metadata = []graph.Metadata{{Key: "x"}} }, "no metadata columns"},
		{func(r *connector.SourceRequest) { r.Table.Options["scan.mode"] = "guess" }, "is not one of the valid values 'poll'"},
		{func(r *connector.SourceRequest) { r.Table.Options["scan.events"] = "s3:ObjectMade:*" }, "'s3:ObjectMade:*' begins with none of 's3:ObjectCreated:'"},
		{func(r *connector.SourceRequest) { r.Table.Options["scan.poll-interval"] = "0 s" }, "not more than 0"},
		{func(r *connector.SourceRequest) { delete(r.Table.Options, "path") }, "'path' is missing"},
		{func(r *connector.SourceRequest) { r.Table.Options["path"] = "s4://x" }, "s4://"},
	} {
		req := request(store, nil)
		c.change(&req)
		if _, err := newSource(req); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	// A store that cannot tell says so, and what would work.
	r := open(t, request(store, []string{"key"}), connector.Split{})
	<-r.Ready()
	if _, _, err := r.Poll(); objstore.KindOf(err) != objstore.Unsupported || !strings.Contains(err.Error(), "poll") {
		t.Errorf("got %v", err)
	}
}
