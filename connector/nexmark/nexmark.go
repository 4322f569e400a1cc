// Package nexmark makes up the events of an online auction: the connector 'nexmark', with the event model of the Nexmark benchmark.
//
// What enters: a table whose columns are some of event_type, person, auction and bid, and options named as those of the benchmark's edition for
// Apache Flink. What leaves: batches, generated column by column into vectors; fields and columns that the table has not are not made.
//
// Event number n is a person, an auction or a bid by its place in a cycle of the three proportions. What it holds depends on nothing but n, the seed and the
// options: so splits may be read in any order, and a reader that is restarted goes on with the same events. It differs from the original where that would
// not do: the original takes no seed and begins at the present time, and each of its generators has a range of numbers of its own where ours
// deal the same numbers out in turn; it adds the first person's id to a bidder twice, so that no bidder is ever a person.
package nexmark

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/internal/pace"
	"github.com/millstream/millstream/setting"
)

// option declares an option that may also be written as the benchmark's own settings are, with 'nexmark.' before it.
func option(key string, t setting.Type, def, doc string, check func(string) error) *setting.Option {
	return &setting.Option{Key: key, Aliases: []string{"nexmark." + key}, Type: t, Default: def, Doc: doc, Check: check}
}

// ignored declares an option of the original's that has no effect there either.
func ignored(key, doc string) *setting.Option {
	return &setting.Option{Key: key, Aliases: []string{"nexmark." + key}, Doc: doc, Ignored: true}
}

var (
	eventsOption = option("events.num", setting.Int, "0", "How many events there are; 0: no end.", setting.AtLeast(0))
	rateOption   = option("first-event.rate", setting.Int, "10000",
		"Events per second of event time, of all subtasks together: how far apart the events' times are. Also the speed, if that is limited.", setting.AtLeast(1))
	limitedOption = option("rate.limited", setting.Bool, "false", "Events come only when they are due by their rate, instead of as fast as possible.", nil)
	speedOption   = option("max-emit-speed", setting.Bool, "true", "'false' has the same effect as 'rate.limited'.", nil)
	stopOption    = option("stop-at", setting.Int, "-1", "The number of events at which to stop; -1: 'events.num' alone counts.", nil)
	aliveOption   = option("keep-alive", setting.Bool, "false", "The table does not end after its last event; nothing comes any more.", nil)

	personOption  = option("person.proportion", setting.Int, "1", "Persons among as many events as the three proportions make together.", setting.AtLeast(0))
	auctionOption = option("auction.proportion", setting.Int, "3", "Auctions among as many events as the three proportions make together.", setting.AtLeast(0))
	bidOption     = option("bid.proportion", setting.Int, "46", "Bids among as many events as the three proportions make together.", setting.AtLeast(0))

	personSizeOption  = option("person.avg-size", setting.MemorySize, "200b", "Size of a person on average; 'extra' fills it up.", nil)
	auctionSizeOption = option("auction.avg-size", setting.MemorySize, "500b", "Size of an auction on average; 'extra' fills it up.", nil)
	bidSizeOption     = option("bid.avg-size", setting.MemorySize, "100b", "Size of a bid on average, without channel and URL; 'extra' fills it up.", nil)

	hotAuctionsOption = option("bid.hot-ratio.auctions", setting.Int, "2", "All bids but one of so many are on a hot auction, one of a hundred.", setting.AtLeast(1))
	hotBiddersOption  = option("bid.hot-ratio.bidders", setting.Int, "4", "All bids but one of so many are of a hot bidder, one of a hundred.", setting.AtLeast(1))
	hotSellersOption  = option("auction.hot-ratio.sellers", setting.Int, "4", "All auctions but one of so many are of a hot seller, one of a hundred.", setting.AtLeast(1))

	seedOption = option("seed", setting.Int, "0", "Another number makes other events.", nil)
	baseOption = option("base-time", setting.String, "2015-07-15 00:00:00", "Time of the first event.", isTime)
)

var options = []*setting.Option{
	eventsOption, rateOption, limitedOption, speedOption, stopOption, aliveOption, personOption, auctionOption, bidOption,
	personSizeOption, auctionSizeOption, bidSizeOption, hotAuctionsOption, hotBiddersOption, hotSellersOption, seedOption, baseOption,
	ignored("next-event.rate", "Accepted, without effect: the rate stays the first."),
	ignored("rate.shape", "Accepted, without effect: the rate stays the first."),
	ignored("rate.period", "Accepted, without effect: the rate stays the first."),
}

func isTime(text string) error {
	if _, err := time.Parse(time.DateTime, text); err != nil {
		return errors.New("not a time such as '2015-07-15 00:00:00'")
	}
	return nil
}

func init() {
	connector.Register(&connector.Spec{
		Name: "nexmark",
		Doc: "The events of the Nexmark benchmark: persons who come, auctions that they open, bids on them. A table has any of the columns `event_type` " +
			"(0: person, 1: auction, 2: bid), `person`, `auction` and `bid`, and of these, which are rows, any of their fields; the rows of the other kinds of events are NULL.",
		Example: "CREATE TABLE nexmark (\n  event_type INT,\n" +
			"  person ROW<id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3), extra STRING>,\n" +
			"  auction ROW<id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, `dateTime` TIMESTAMP(3),\n" +
			"    expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING>,\n" +
			"  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>,\n" +
			"  `dateTime` AS CASE WHEN event_type = 0 THEN person.`dateTime` WHEN event_type = 1 THEN auction.`dateTime` ELSE bid.`dateTime` END,\n" +
			"  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND\n) WITH (\n  'connector' = 'nexmark',\n  'events.num' = '1000000'\n)",
		Guarantee: "Exactly once: after a restart the same events follow. Two tables with the same options have the same events.",
		Options:   options,
		NewSource: func(req connector.SourceRequest) (connector.Source, error) { return newSource(req, time.Now) },
	})
}

type source struct {
	req     connector.SourceRequest
	model   *model
	columns []column.Field // projected
	fillers []filler       // of the projected columns
	total   int64          // events; -1: no end
	limited bool
	alive   bool
	now     func() time.Time
}

func newSource(req connector.SourceRequest, now func() time.Time) (*source, error) {
	v, err := setting.Check(options, req.Table.Options)
	if err != nil {
		return nil, err
	}
	base, err := time.Parse(time.DateTime, v.Text(baseOption))
	if err != nil {
		return nil, err
	}
	m := &model{
		seed: uint64(v.Int(seedOption)), base: base.UnixMilli(), rate: int64(v.Int(rateOption)),
		persons: int64(v.Int(personOption)), auctions: int64(v.Int(auctionOption)), bids: int64(v.Int(bidOption)),
		hotAuctions: uint64(v.Int(hotAuctionsOption)), hotBidders: uint64(v.Int(hotBiddersOption)), hotSellers: uint64(v.Int(hotSellersOption)),
	}
	for kind, o := range []*setting.Option{personSizeOption, auctionSizeOption, bidSizeOption} {
		if m.size[kind] = v.Memory(o); m.size[kind] > maxSize {
			return nil, fmt.Errorf("option '%s': %s is too large: valid are sizes up to %s", o.Key, v.Text(o), setting.FormatMemorySize(maxSize))
		}
	}
	if m.persons > maxProportion || m.auctions > maxProportion || m.bids > maxProportion {
		return nil, fmt.Errorf("a proportion is too large: valid are numbers up to %d", maxProportion)
	}
	if m.cycle = m.persons + m.auctions + m.bids; m.cycle == 0 {
		return nil, errors.New("options 'person.proportion', 'auction.proportion' and 'bid.proportion' are all 0: there would be no events")
	}
	s := &source{
		req: req, model: m, total: int64(v.Int(eventsOption)), alive: v.Bool(aliveOption),
		limited: v.Bool(limitedOption) || !v.Bool(speedOption), now: now,
	}
	if s.total == 0 {
		s.total = -1
	}
	if stop := int64(v.Int(stopOption)); stop >= 0 && (s.total < 0 || stop < s.total) {
		s.total = stop
	}
	all := make([]filler, len(req.Table.Columns))
	for i, f := range req.Table.Columns {
		if all[i], err = newFiller(f); err != nil {
			return nil, err
		}
	}
	for _, p := range req.Project {
		s.columns, s.fillers = append(s.columns, req.Table.Columns[p]), append(s.fillers, all[p])
	}
	return s, nil
}

// Bounds that keep products of numbers of events within 64 bits, and texts within a pool.
const (
	maxSize       = poolSize / 4
	maxProportion = 1 << 20
	maxEvents     = math.MaxInt64 / 1000
)

func (s *source) Bounded() bool      { return s.total >= 0 && !s.alive }
func (s *source) FieldsByName() bool { return true }

// position is the state of a split, which has the events Next, Next+Step, … below the number of events.
type position struct {
	Next int64 `json:"next"`
	Step int64 `json:"step"`
}

func (s *source) Splits(_ context.Context, parallelism int) ([]connector.Split, error) {
	rows := int64(-1)
	if s.Bounded() {
		rows = s.total
	}
	return pace.Deal("events", parallelism, rows, func(i, n int64) any { return position{i, n} }), nil
}

func (s *source) PushedDown() string { return pace.PushedDown(s.req.Limit) }

func (s *source) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	r := &reader{source: s, id: split.ID, limit: s.req.Limit}
	if err := json.Unmarshal(split.State, &r.pos); err != nil {
		return nil, fmt.Errorf("split %s: its saved position cannot be read: %w", split.ID, err)
	}
	r.Pacer = pace.New(s.model.rate, r.pos.Step, s.now())
	s.model.prepare()
	r.batch = column.NewBatch(s.columns, pace.BatchRows)
	return r, nil
}
