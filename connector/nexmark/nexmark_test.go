package nexmark

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/suite"
)

// everything is a table with all columns and fields.
func everything() []column.Field {
	list := []column.Field{{Name: "event_type", Type: column.Of(column.Int)}}
	for _, names := range []string{
		"person id name emailAddress creditCard city state dateTime extra",
		"auction id itemName description initialBid reserve dateTime expires seller category extra",
		"bid auction bidder price channel url dateTime extra",
	} {
		words := strings.Fields(names)
		row := column.Field{Name: words[0]}
		var fields []column.Field
		for _, r := range rowsOf {
			for _, name := range words[1:] {
				if r.name == words[0] {
					fields = append(fields, column.Field{Name: name, Type: r.fields[name].t})
				}
			}
		}
		row.Type = column.RowOf(fields...)
		list = append(list, row)
	}
	return list
}

func request(columns []column.Field, options ...string) connector.SourceRequest {
	return suite.Request("nexmark", columns, options...)
}

func open(t testing.TB, req connector.SourceRequest) connector.Reader {
	t.Helper()
	s, err := newSource(req, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return suite.Open(t, s, nil)
}

// each calls do with every batch of a bounded table.
func each(t testing.TB, req connector.SourceRequest, do func(*column.Batch)) {
	t.Helper()
	r := open(t, req)
	for status := connector.Ready; status != connector.Done; {
		var b *column.Batch
		var err error
		if b, status, err = r.Poll(); err != nil {
			t.Fatal(err)
		}
		if b != nil {
			do(b)
		}
	}
}

func TestSuite(t *testing.T) {
	spec, ok := connector.Lookup("nexmark")
	if !ok {
		t.Fatal("not registered")
	}
	suite.Run(t, suite.Config{Spec: spec, Input: func(t *testing.T) suite.Input {
		req := request(everything(), "events.num", "10000", "seed", "7", "nexmark.bid.proportion", "6")
		in := suite.Input{Env: req.Env, Table: req.Table}
		each(t, req, func(b *column.Batch) { in.Rows = append(in.Rows, suite.Texts(b)...) })
		return in
	}})
}

// The shares of kinds, hot auctions and the like are what the options say.
func TestDistributions(t *testing.T) {
	const events = 200_000
	var kindsSeen [kinds]int
	var hotAuction, hotBidder, hotSeller, hotChannel, withID, length, sumLog10 float64
	auctionsSeen, categoriesSeen, urls := map[int64]bool{}, map[int64]bool{}, map[string]string{}
	lastTime := int64(0)
	urlForm := regexp.MustCompile(`^https://www\.nexmark\.com/[a-z_]{3,4}/[a-z_]{3,4}/[a-z_]{3,4}/item\.htm\?query=1(&channel_id=\d+)?$`)
	each(t, request(everything(), "events.num", fmt.Sprint(events)), func(b *column.Batch) {
		persons, auctions, bids := b.Cols[1], b.Cols[2], b.Cols[3]
		number := func(v *column.Vector, field, row int) int64 { return column.Values[int64](v.Children[field])[row] }
		for i, kind := range column.Values[int32](b.Cols[0])[:b.Len] {
			kindsSeen[kind]++
			for k, v := range b.Cols[1:] {
				if v.IsNull(i) == (k == int(kind)) {
					t.Fatalf("event of kind %d: column %d is null: %v", kind, k+1, v.IsNull(i))
				}
			}
			var at int64
			switch kind {
			case person:
				at = number(persons, 6, i)
				if id := number(persons, 0, i); id != firstPerson+int64(kindsSeen[person])-1 {
					t.Fatalf("person %d has the id %d", kindsSeen[person], id)
				}
			case auction:
				at = number(auctions, 5, i)
				id, seller := number(auctions, 0, i), number(auctions, 7, i)
				auctionsSeen[id] = true
				categoriesSeen[number(auctions, 8, i)] = true
				if seller%hotEvery == 0 {
					hotSeller++
				}
				if number(auctions, 4, i) <= number(auctions, 3, i) || number(auctions, 6, i) <= at {
					t.Fatalf("auction %d: its reserve is below its first bid, or it ends before it begins", id)
				}
			case bid:
				at = number(bids, 5, i)
				if number(bids, 0, i)%hotEvery == 0 {
					hotAuction++
				}
				if number(bids, 1, i)%hotEvery == 1 {
					hotBidder++
				}
				p := number(bids, 2, i)
				if p < 100 || p > 100_000_000 {
					t.Fatalf("a price of %d", p)
				}
				for ; p >= 1000; p /= 10 {
					sumLog10++
				}
				channel, url := string(bids.Children[3].BytesAt(i)), string(bids.Children[4].BytesAt(i))
				if !strings.HasPrefix(channel, "channel-") {
					hotChannel++
				} else if strings.Contains(url, "channel_id=") {
					withID++
				}
				if before, ok := urls[channel]; ok && before != url || !urlForm.MatchString(url) {
					t.Fatalf("channel %s has the URL %s, before %s", channel, url, before)
				}
				urls[channel] = url
				length += float64(len(bids.Children[6].BytesAt(i)))
			}
			if at < lastTime {
				t.Fatalf("time goes back from %d to %d", lastTime, at)
			}
			lastTime = at
		}
	})
	bids, auctions := float64(kindsSeen[bid]), float64(kindsSeen[auction])
	near := func(what string, got, want, within float64) {
		t.Helper()
		if got < want-within || got > want+within {
			t.Errorf("%s: %v, want %v ± %v", what, got, want, within)
		}
	}
	near("persons", float64(kindsSeen[person]), events/50, 0)
	near("auctions", auctions, 3*events/50, 0)
	near("hot auctions", hotAuction/bids, 0.5, 0.02)
	near("hot bidders", hotBidder/bids, 0.75, 0.02)
	near("hot sellers", hotSeller/auctions, 0.75, 0.02)
	near("hot channels", hotChannel/bids, 0.5, 0.02)
	near("channels with an id", withID/(bids-hotChannel), 0.9, 0.02)
	near("length of extra", length/bids, 68, 1)
	near("magnitude of prices", sumLog10/bids, 2.5, 0.05)
	near("categories", float64(len(categoriesSeen)), categories, 0)
	near("auctions' ids", float64(len(auctionsSeen)), auctions, 0)
	if want := time.Date(2015, 7, 15, 0, 0, 19, 999e6, time.UTC).UnixMilli(); lastTime != want {
		t.Errorf("the last event is at %d, want %d", lastTime, want)
	}
}

// Another seed gives other events, the same one the same.
func TestSeeds(t *testing.T) {
	texts := func(options ...string) string {
		var all []string
		each(t, request(everything(), append(options, "events.num", "100")...), func(b *column.Batch) { all = append(all, suite.Texts(b)...) })
		return strings.Join(all, "\n")
	}
	if texts("seed", "1") != texts("seed", "1", "next-event.rate", "5") {
		t.Error("the same seed gave other events")
	}
	if texts("seed", "1") == texts("seed", "2") {
		t.Error("another seed gave the same events")
	}
	if !strings.Contains(texts("base-time", "2024-01-01 10:00:00", "first-event.rate", "1"), "2024-01-01 10:01:39") {
		t.Error("the time of event 99 is not 99 s behind the base time")
	}
}

// A limited rate gives no more than is due; without a limit there is no waiting, and with 'keep-alive' no end.
func TestRate(t *testing.T) {
	at := time.Now()
	s, err := newSource(request(everything(), "first-event.rate", "1000", "rate.limited", "true"), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	if s.Bounded() {
		t.Error("without a number of events the table has an end")
	}
	splits, err := s.Splits(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	r := suite.Open(t, s, &splits[1])
	given := 0
	for range 10 {
		at = at.Add(100 * time.Millisecond)
		for {
			b, status, err := r.Poll()
			if err != nil {
				t.Fatal(err)
			}
			if status == connector.Wait {
				break
			}
			given += b.Len
		}
	}
	if given != 501 { // one at once, then half of a thousand in a second
		t.Errorf("%d events in a second, want 501", given)
	}
	alive, err := newSource(request(everything(), "events.num", "5", "keep-alive", "true"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	r = suite.Open(t, alive, nil)
	if b, status, err := r.Poll(); err != nil || status != connector.Wait || b.Len != 5 || alive.Bounded() {
		t.Errorf("keep-alive: %v, status %v, bounded %v", err, status, alive.Bounded())
	}
}

func TestRefused(t *testing.T) {
	integer := column.Of(column.BigInt)
	one := func(name string, t column.Type) []column.Field { return []column.Field{{Name: name, Type: t}} }
	for _, c := range []struct {
		columns []column.Field
		options []string
		want    string
	}{
		{one("x", integer), nil, "there is no column 'x'"},
		{one("event_type", integer), nil, "must be INT"},
		{one("bid", integer), nil, "must be a ROW of auction BIGINT"},
		{one("bid", column.RowOf(one("id", integer)...)), nil, "has no field 'id'"},
		{one("bid", column.RowOf(one("url", integer)...)), nil, "it must be STRING"},
		{one("bid", column.RowOf(one("price", integer)...).Required()), nil, "must not be NOT NULL"},
		{everything(), []string{"events.num", "-1"}, "integers from 0"},
		{everything(), []string{"person.proportion", "0", "auction.proportion", "0", "bid.proportion", "0"}, "no events"},
		{everything(), []string{"bid.hot-ratio.bidders", "0"}, "integers from 1"},
		{everything(), []string{"bid.avg-size", "1 gb"}, "too large"},
		{everything(), []string{"base-time", "now"}, "not a time"},
	} {
		if _, err := newSource(request(c.columns, c.options...), time.Now); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: %v, want %q", c.columns[0], c.options, err, c.want)
		}
	}
}

// Degenerate proportions and sizes give events all the same.
func TestEdges(t *testing.T) {
	for _, options := range [][]string{
		{"person.proportion", "0"}, {"auction.proportion", "0"}, {"bid.proportion", "0"}, {"person.proportion", "0", "auction.proportion", "0"},
		{"bid.avg-size", "0b", "person.avg-size", "1b", "auction.avg-size", "1b"}, {"bid.avg-size", "35b"}, {"first-event.rate", "2147483647"}, {"stop-at", "3000"},
	} {
		n := 0
		each(t, request(everything(), append(options, "events.num", "5000")...), func(b *column.Batch) { n += len(suite.Texts(b)) })
		if want := 5000; n != want && options[0] != "stop-at" || options[0] == "stop-at" && n != 3000 {
			t.Errorf("%v: %d events", options, n)
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, c := range []struct {
		name    string
		columns []column.Field
	}{{"all", everything()}, {"bids", everything()[3:]}, {"kinds", everything()[:1]}} {
		b.Run(c.name, func(b *testing.B) {
			r := open(b, request(c.columns))
			b.ResetTimer()
			for n := 0; n < b.N; {
				batch, _, err := r.Poll()
				if err != nil {
					b.Fatal(err)
				}
				n += batch.Len
			}
		})
	}
}
