package connector

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// The options of a table of which rows that were looked up are remembered, with Flink's names.
var (
	partialMaxRowsOption = &setting.Option{Key: "lookup.partial-cache.max-rows", Type: setting.Int,
		Doc: "Most rows that are remembered; those not asked for the longest go first. Unset means no limit."}
	partialWriteOption = &setting.Option{Key: "lookup.partial-cache.expire-after-write", Type: setting.Duration,
		Doc: "Time after which the rows of a key are asked for again. Unset means never."}
	partialAccessOption = &setting.Option{Key: "lookup.partial-cache.expire-after-access", Type: setting.Duration,
		Doc: "Time without a row of the key after which its rows are forgotten. Unset means never."}
	partialMissingOption = &setting.Option{Key: "lookup.partial-cache.cache-missing-key", Type: setting.Bool, Default: "true",
		Doc: "Whether it is remembered, too, that a key has no rows."}
)

// PartialCacheOptions are the options of connectors whose lookups are remembered by [NewPartialCache].
var PartialCacheOptions = []*setting.Option{partialMaxRowsOption, partialWriteOption, partialAccessOption, partialMissingOption}

// partialCache remembers what a lookup found. Keys are in two generations: what is asked for moves to the young one, and when that holds half
// of the rows that may be held it becomes the old one, whose keys that nobody asked for are dropped with it.
type partialCache struct {
	LookupSource
	schema        []column.Field // of rows: the keys, then what is delivered
	keys          []column.Type
	place         []int // of the keys
	limit         int   // rows and keys of a generation; 0: no limit
	write, access int64 // milliseconds; 0: for ever
	missing       bool
	now           func() time.Time

	mu         sync.Mutex
	young, old *generation
}

// generation are keys and their rows. Those of a key never change: a key that was found to be out of date is deleted.
type generation struct {
	groups   *state.Groups
	rows     *state.Rows
	written  []int64 // by group
	accessed []int64
	ids      []int32
}

// NewPartialCache returns a lookup that remembers what source, made for req, finds. values are the table's options, among which are those of
// [PartialCacheOptions].
func NewPartialCache(source LookupSource, req LookupRequest, values setting.Values, now func() time.Time) LookupSource {
	c := &partialCache{LookupSource: source, now: now}
	for i, k := range req.Keys {
		f := req.Table.Columns[k]
		c.schema, c.keys, c.place = append(c.schema, f), append(c.keys, f.Type.Optional()), append(c.place, i)
	}
	for _, p := range req.Project {
		if p < len(req.Table.Columns) {
			c.schema = append(c.schema, req.Table.Columns[p])
		} else {
			c.schema = append(c.schema, req.Table.Metadata[p-len(req.Table.Columns)].Field)
		}
	}
	if n := values.Int(partialMaxRowsOption); n > 0 {
		c.limit = max(n/2, 1)
	}
	c.write, c.access = values.Duration(partialWriteOption).Milliseconds(), values.Duration(partialAccessOption).Milliseconds()
	c.missing = values.Bool(partialMissingOption)
	c.young, c.old = c.generation(), c.generation()
	return c
}

func (c *partialCache) generation() *generation {
	g := &generation{groups: state.NewGroups(c.keys)}
	types := make([]column.Type, len(c.schema))
	for i, f := range c.schema {
		types[i] = f.Type
	}
	g.rows = state.NewRows(g.groups, state.RowsSpec{Types: types, Keys: c.place})
	return g
}

// Rows implements [LookupSource].
func (c *partialCache) Rows(ctx context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	found := column.NewBatch(c.schema[len(c.keys):], 0)
	var of, asked []int32 // by found row its key; keys to ask for
	now := c.now().UnixMilli()
	c.mu.Lock()
	c.young.tidy()
	for k, g := range c.young.find(keys) {
		if c.fresh(c.young, g, now) {
			of = c.young.answer(g, now, int32(k), len(c.keys), found, of)
		} else {
			asked = append(asked, int32(k))
		}
	}
	if left := pickKeys(keys, asked); left.Len > 0 {
		at, old := 0, c.old // put may take another one
		for i, g := range old.find(left) {
			k := asked[i]
			if !c.fresh(old, g, now) {
				asked[at] = k
				at++
				continue
			}
			first := len(of)
			of = old.answer(g, now, k, len(c.keys), found, of)
			old.drop(g)
			c.put(keys, k, found, first, old.written[g], now)
		}
		asked = asked[:at]
	}
	c.mu.Unlock()
	if len(asked) > 0 {
		var err error
		if of, err = c.ask(ctx, keys, asked, found, of, now); err != nil {
			return from, err
		}
	}
	order := make([]int32, len(of))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(of[a], of[b]) })
	if len(order) > 0 {
		out.AppendRows(found, order)
	}
	for _, r := range order {
		from = append(from, of[r])
	}
	return from, nil
}

// ask looks keys up and remembers their rows, which it adds to found.
func (c *partialCache) ask(ctx context.Context, keys *column.Batch, asked []int32, found *column.Batch, of []int32, now int64) ([]int32, error) {
	got := column.NewBatch(c.schema[len(c.keys):], 0)
	list, err := c.LookupSource.Rows(ctx, pickKeys(keys, asked), got, nil)
	if err != nil {
		return of, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := 0
	for i, k := range asked {
		first, begin := len(of), at
		for ; at < len(list) && int(list[at]) == i; at++ {
			of = append(of, k)
		}
		if at > begin {
			rows := make([]int32, 0, at-begin)
			for r := begin; r < at; r++ {
				rows = append(rows, int32(r))
			}
			found.AppendRows(got, rows)
		}
		if at > begin || c.missing {
			c.put(keys, k, found, first, now, now)
		}
	}
	return of, nil
}

// pickKeys returns some rows of keys.
func pickKeys(keys *column.Batch, rows []int32) *column.Batch {
	b := &column.Batch{Len: len(rows)}
	for _, v := range keys.Cols {
		part := column.NewVector(v.Type, len(rows))
		if len(rows) > 0 {
			part.AppendRows(v, rows)
		}
		b.Cols = append(b.Cols, part)
	}
	return b
}

// fresh reports whether a group is there and not out of date; one that is goes.
func (c *partialCache) fresh(in *generation, g int32, now int64) bool {
	if g == state.None {
		return false
	}
	if c.write > 0 && in.written[g]+c.write <= now || c.access > 0 && in.accessed[g]+c.access <= now {
		in.drop(g)
		return false
	}
	return true
}

// put remembers the rows of key k, those of found from first on.
func (c *partialCache) put(keys *column.Batch, k int32, found *column.Batch, first int, written, now int64) {
	if c.limit > 0 && found.Len-first > c.limit {
		return // more than may be held
	}
	if c.limit > 0 && (c.young.rows.Live()+found.Len-first > c.limit || c.young.groups.Live() >= c.limit) {
		c.old, c.young = c.young, c.generation()
	}
	y := c.young
	id := []int32{0}
	y.groups.Lookup(keys.Cols, []int32{k}, 1, id)
	g := id[0]
	for int(g) >= len(y.written) {
		y.written, y.accessed = append(y.written, 0), append(y.accessed, 0)
	}
	if y.rows.Count(g) > 0 { // another request was faster
		return
	}
	y.written[g], y.accessed[g] = written, now
	n := found.Len - first
	if n == 0 {
		return
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(first + i)
	}
	cols := append(make([]*column.Vector, len(c.keys)), found.Cols...)
	base := y.rows.Append(cols, rows, n, 0)
	for i := range rows {
		y.rows.Link(base+int32(i), g)
	}
}

// find returns the groups of keys.
func (g *generation) find(keys *column.Batch) []int32 {
	if cap(g.ids) < keys.Len {
		g.ids = make([]int32, keys.Len)
	}
	g.groups.Find(keys.Cols, nil, keys.Len, g.ids[:keys.Len])
	return g.ids[:keys.Len]
}

// answer adds the rows of a group to found, and for each of them its key to of.
func (g *generation) answer(id int32, now int64, key int32, width int, found *column.Batch, of []int32) []int32 {
	g.accessed[id] = now
	rows := g.rows.AppendGroup(id, nil)
	if len(rows) == 0 {
		return of
	}
	for i, v := range found.Cols {
		c, _ := g.rows.Column(width + i) // no key: those stand before
		v.AppendRows(c, rows)
	}
	found.Len += len(rows)
	for range rows {
		of = append(of, key)
	}
	return of
}

// drop forgets a group.
func (g *generation) drop(id int32) {
	for _, r := range g.rows.AppendGroup(id, nil) {
		g.rows.Remove(r)
	}
	g.groups.Delete(int(id))
}

// tidy lets go of what was dropped, if it is much.
func (g *generation) tidy() {
	few := g.groups.Len() <= 2*g.groups.Live()+1<<12
	if few && !g.rows.Wasteful() {
		return
	}
	if few {
		g.rows.Compact()
		return
	}
	_, groups := state.Regroup(g.groups, g.rows)
	for old, to := range groups {
		if to != state.None {
			g.written[to], g.accessed[to] = g.written[old], g.accessed[old]
		}
	}
	g.written, g.accessed = g.written[:g.groups.Len()], g.accessed[:g.groups.Len()]
}
