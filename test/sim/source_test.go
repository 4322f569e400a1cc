package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

func TestMain(m *testing.M) {
	option := func(key, def string) *setting.Option {
		return &setting.Option{Key: key, Type: setting.Int, Default: def, Doc: "of the rows"}
	}
	connector.Register(&connector.Spec{
		Name: "made", Doc: "Rows made up.", Guarantee: "Exactly once.",
		Options: []*setting.Option{option("seed", "1"), option("rows", "120"), option("splits", "1"), option("keys", "5"), option("values", "10"),
			{Key: "changes", Type: setting.Enum, Values: []string{"none", "upsert"}, Default: "none", Doc: "what the rows are"}},
		NewSource: newMade, NewLookup: newMadeLookup,
	})
	connector.Register(&connector.Spec{Name: "kept", Doc: "Rows by their key.", Guarantee: "Exactly once.", Updates: true, NewSink: newKept,
		Options: []*setting.Option{connector.SinkParallelismOption}})
	m.Run()
}

// made is a source of the columns k STRING, v BIGINT, ts TIMESTAMP(3) and id BIGINT. Within a split times come a second apart, not quite in order.
// As upserts, the rows replace each other by k, which no two splits have in common, and one of four takes its key away.
type made struct {
	req                              connector.SourceRequest
	seed, rows, splits, keys, values int64
	upserts                          bool
}

func newMade(req connector.SourceRequest) (connector.Source, error) {
	s := &made{req: req, seed: 1, rows: 120, splits: 1, keys: 5, values: 10, upserts: req.Table.Options["changes"] == "upsert"}
	for key, to := range map[string]*int64{"seed": &s.seed, "rows": &s.rows, "splits": &s.splits, "keys": &s.keys, "values": &s.values} {
		if text, ok := req.Table.Options[key]; ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			*to = n
		}
	}
	return s, nil
}

// position says which row of a split comes next.
type position struct{ Split, Next int64 }

func (p position) split() connector.Split {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // two numbers
	}
	return connector.Split{ID: fmt.Sprint(p.Split), State: data, Size: 1}
}

// Changes implements [connector.ChangelogSource].
func (s *made) Changes() graph.Changes {
	if s.upserts {
		return graph.Upsert
	}
	return graph.InsertOnly
}

func (s *made) Bounded() bool      { return true }
func (s *made) PushedDown() string { return "" }

func (s *made) Splits(context.Context, int) (list []connector.Split, err error) {
	for i := range s.splits {
		list = append(list, position{i, 0}.split())
	}
	return list, nil
}

func (s *made) Open(_ context.Context, split connector.Split) (connector.Reader, error) {
	var fields []column.Field
	for _, p := range s.req.Project {
		fields = append(fields, s.req.Table.Columns[p])
	}
	r := &madeReader{source: s, ready: make(chan struct{}, 1), batch: column.NewBatch(fields, 0)}
	if err := json.Unmarshal(split.State, &r.at); err != nil {
		return nil, err
	}
	r.random = rand.New(rand.NewPCG(uint64(s.seed), uint64(r.at.Split<<20+r.at.Next)))
	return r, nil
}

type madeReader struct {
	source *made
	at     position
	random *rand.Rand
	ready  chan struct{}
	timer  *time.Timer
	batch  *column.Batch
}

func (r *madeReader) Poll() (*column.Batch, connector.Status, error) {
	s := r.source
	if r.random.IntN(6) == 0 { // nothing for a while
		r.timer = time.AfterFunc(time.Duration(1+r.random.IntN(8))*time.Millisecond, func() { r.ready <- struct{}{} })
		return nil, connector.Wait, nil
	}
	per := s.rows / s.splits
	n := min(per-r.at.Next, 1+r.random.Int64N(10))
	r.batch.Reset()
	for i := range n {
		number := (r.at.Next + i) ^ 3
		id := r.at.Split*per + number
		drawn := s.drawn(id)
		key := fmt.Sprint("k", drawn%s.keys)
		if s.upserts {
			key += fmt.Sprint(" of ", r.at.Split)
		}
		for c, p := range s.req.Project {
			switch s.req.Table.Columns[p].Name {
			case "k":
				r.batch.Cols[c].AppendString(key)
			case "v":
				column.Append(r.batch.Cols[c], drawn/s.keys%s.values)
			case "ts":
				column.Append(r.batch.Cols[c], start+number*1000)
			case "id":
				column.Append(r.batch.Cols[c], id)
			}
		}
		r.batch.Len++
	}
	if s.upserts {
		kinds := r.batch.AddKinds(int(n))
		for i := range n {
			if kinds[i] = column.UpdateAfter; s.drawn(r.at.Split*per+(r.at.Next+i)^3)/64%4 == 0 {
				kinds[i] = column.Delete
			}
		}
	}
	r.at.Next += n
	if r.at.Next == per {
		return r.batch, connector.Done, nil
	}
	return r.batch, connector.Ready, nil
}

// drawn is the number that a row is made of.
func (s *made) drawn(id int64) int64 {
	h := fnv.New64a()
	fmt.Fprint(h, s.seed, " ", id)
	return int64(h.Sum64() >> 8 & 0xffffff)
}

// start is 2024-01-01T00:00:00 in milliseconds.
const start = 1704067200000

func (r *madeReader) Ready() <-chan struct{}    { return r.ready }
func (r *madeReader) Position() connector.Split { return r.at.split() }
func (r *madeReader) BytesRead() int64          { return r.at.Next }

func (r *madeReader) Close() error {
	if r.timer != nil {
		r.timer.Stop()
	}
	return nil
}
