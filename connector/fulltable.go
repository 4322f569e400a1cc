package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// The options of a table that can be looked up because all of it is held, with Flink's names.
var (
	lookupCacheOption = &setting.Option{Key: "lookup.cache", Type: setting.Enum, Values: []string{"FULL"}, Default: "FULL",
		Doc: "How the table is held when it is looked up by a join at processing time: FULL reads all of it before the first row."}
	reloadStrategyOption = &setting.Option{Key: "lookup.full-cache.reload-strategy", Type: setting.Enum, Values: []string{"PERIODIC", "TIMED"}, Default: "PERIODIC",
		Doc: "When a table that is held in full is read again: PERIODIC after an interval, TIMED at a time of day."}
	reloadIntervalOption = &setting.Option{Key: "lookup.full-cache.periodic-reload.interval", Type: setting.Duration,
		Doc: "Time after which a table that is held in full is read again. Unset means never."}
	reloadModeOption = &setting.Option{Key: "lookup.full-cache.periodic-reload.schedule-mode", Type: setting.Enum, Values: []string{"FIXED_DELAY", "FIXED_RATE"},
		Default: "FIXED_DELAY", Doc: "What the interval is counted from: the end of the reading before, or its start."}
	reloadTimeOption = &setting.Option{Key: "lookup.full-cache.timed-reload.iso-time", Check: checkTimeOfDay,
		Doc: "Time of day at which a table that is held in full is read again, such as 10:15 or 10:15Z; without an offset it is local time of the machine."}
	reloadDaysOption = &setting.Option{Key: "lookup.full-cache.timed-reload.interval-in-days", Type: setting.Int, Default: "1",
		Doc: "Days between two readings at a time of day."}
)

// FullTableOptions are the options of connectors whose tables can be held in full.
var FullTableOptions = []*setting.Option{lookupCacheOption, reloadStrategyOption, reloadIntervalOption, reloadModeOption, reloadTimeOption, reloadDaysOption}

// timesOfDay are the forms of a time of day.
var timesOfDay = []string{"15:04Z07:00", "15:04:05Z07:00", "15:04", "15:04:05"}

func parseTimeOfDay(text string) (time.Time, error) {
	for i, form := range timesOfDay {
		zone := time.UTC
		if i >= 2 {
			zone = time.Local
		}
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("no time of day: write it as 10:15 or 10:15:00+02:00")
}

func checkTimeOfDay(text string) error {
	_, err := parseTimeOfDay(text)
	return err
}

// fullTable holds a bounded table to be looked up.
type fullTable struct {
	req     LookupRequest
	source  Source
	schema  []column.Field // what is read: req.Project, then keys and the primary key where they are not among it
	width   int            // of req.Project
	keys    []int          // of schema
	primary []int
	reload  func(began, ended time.Time) time.Duration // until the next reading

	mu    sync.Mutex
	table *heldTable
}

// heldTable is one reading of the table.
type heldTable struct {
	groups *state.Groups
	rows   *state.Rows
	ids    []int32
	pairs  [2][]int32
	picks  column.Picks
	taken  []*column.Vector
}

// NewFullTable returns a lookup that holds a bounded table, which open makes a source of. values are the table's options, among which are those
// of [FullTableOptions].
func NewFullTable(req LookupRequest, values setting.Values, open func(SourceRequest) (Source, error)) (FullLookup, error) {
	t := &fullTable{req: req, width: len(req.Project)}
	project := slices.Clone(req.Project)
	place := func(c int) int {
		if i := slices.Index(project, c); i >= 0 {
			return i
		}
		project = append(project, c)
		return len(project) - 1
	}
	for _, k := range req.Keys {
		t.keys = append(t.keys, place(k))
	}
	for _, k := range req.Table.PrimaryKey {
		t.primary = append(t.primary, place(k))
	}
	for _, c := range project {
		if c < len(req.Table.Columns) {
			t.schema = append(t.schema, req.Table.Columns[c])
		} else {
			t.schema = append(t.schema, req.Table.Metadata[c-len(req.Table.Columns)].Field)
		}
	}
	var err error
	if t.source, err = open(SourceRequest{Env: req.Env, Table: req.Table, Project: project, Limit: -1}); err != nil {
		return nil, err
	}
	if !t.source.Bounded() {
		return nil, fmt.Errorf("table %s does not end, so it cannot be held in full to be looked up", req.Table.Name)
	}
	t.reload, err = reloading(values)
	return t, err
}

// reloading says when the table is to be read again.
func reloading(values setting.Values) (func(began, ended time.Time) time.Duration, error) {
	if values.Enum(reloadStrategyOption) == "TIMED" {
		text := values.Text(reloadTimeOption)
		if text == "" {
			return nil, &setting.MissingError{Key: reloadTimeOption.Key}
		}
		at, err := parseTimeOfDay(text)
		if err != nil {
			return nil, err
		}
		days := max(values.Int(reloadDaysOption), 1)
		return func(_, now time.Time) time.Duration {
			here := now.In(at.Location())
			next := time.Date(here.Year(), here.Month(), here.Day(), at.Hour(), at.Minute(), at.Second(), 0, at.Location())
			if !next.After(here) {
				next = next.AddDate(0, 0, days)
			}
			return next.Sub(now)
		}, nil
	}
	interval := values.Duration(reloadIntervalOption)
	if interval > 0 && values.Enum(reloadModeOption) == "FIXED_RATE" {
		return func(began, ended time.Time) time.Duration { return max(interval-ended.Sub(began), time.Millisecond) }, nil
	}
	return func(_, _ time.Time) time.Duration { return interval }, nil
}

func (t *fullTable) Reload(began, ended time.Time) time.Duration { return t.reload(began, ended) }

func (t *fullTable) Close() error { return nil }

func (t *fullTable) Load(ctx context.Context) error {
	types := make([]column.Type, len(t.schema))
	identity := make([]int, len(t.schema))
	for i, f := range t.schema {
		types[i], identity[i] = f.Type, i
	}
	if len(t.primary) > 0 {
		identity = t.primary
	}
	var keys []column.Type
	for _, k := range t.keys {
		keys = append(keys, types[k])
	}
	h := &heldTable{groups: state.NewGroups(keys)}
	h.rows = state.NewRows(h.groups, state.RowsSpec{Types: types, Keys: t.keys, Identity: identity})
	splits, err := t.source.Splits(ctx, 1)
	if err != nil {
		return err
	}
	for _, s := range splits {
		if err := t.read(ctx, s, h); err != nil {
			return err
		}
	}
	t.mu.Lock()
	t.table = h
	t.mu.Unlock()
	return nil
}

// read takes in a split.
func (t *fullTable) read(ctx context.Context, split Split, h *heldTable) (err error) {
	r, err := t.source.Open(ctx, split)
	if err != nil {
		return err
	}
	defer func() {
		if closing := r.Close(); err == nil {
			err = closing
		}
	}()
	for {
		b, status, err := r.Poll()
		if err != nil {
			return err
		}
		if b != nil && b.Rows() > 0 {
			t.take(b, h)
		}
		switch status {
		case Done:
			return nil
		case Wait:
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-r.Ready():
			}
		}
	}
}

// take takes in rows, which may be changes of rows before.
func (t *fullTable) take(b *column.Batch, h *heldTable) {
	n := b.Rows()
	ids, hash := make([]int32, n), make([]uint64, n)
	var keys []*column.Vector
	for _, k := range t.keys {
		keys = append(keys, b.Cols[k])
	}
	h.groups.Lookup(keys, b.Sel, n, ids)
	first := h.rows.Append(b.Cols, b.Sel, n, 0)
	h.rows.Hash(b.Cols, b.Sel, hash)
	for i, g := range ids {
		r := b.Row(i)
		found := h.rows.Find(b.Cols, r, g, hash[i])
		adds := b.Kind(r).Adds()
		if found != state.None && (!adds || len(t.primary) > 0 && b.Kinds != nil) {
			h.rows.Remove(found)
			found = state.None
		}
		if adds {
			h.rows.Link(first+int32(i), g)
			h.rows.Index(first+int32(i), found, hash[i])
		}
	}
}

func (t *fullTable) Rows(_ context.Context, keys, out *column.Batch, from []int32) ([]int32, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.table
	if cap(h.ids) < keys.Len {
		h.ids = make([]int32, keys.Len)
	}
	ids := h.ids[:keys.Len]
	h.groups.Find(keys.Cols, nil, keys.Len, ids)
	for _, v := range keys.Cols {
		for i := 0; v.HasNulls() && i < keys.Len; i++ {
			if v.IsNull(i) {
				ids[i] = state.None
			}
		}
	}
	_, h.pairs[0], h.pairs[1] = h.rows.Pairs(ids, 0, 1<<31-1, h.pairs[0][:0], h.pairs[1][:0])
	if h.taken == nil {
		h.taken = column.NewBatch(t.schema[:t.width], 0).Cols
	}
	h.picks.Rows = append(h.picks.Rows[:0], h.pairs[1]...)
	h.picks.Prepare()
	for _, v := range h.taken {
		v.Reset()
	}
	h.rows.Take(&h.picks, h.taken)
	for i, v := range h.taken {
		out.Cols[i].AppendRows(v, nil)
	}
	out.Len += len(h.pairs[1])
	return append(from, h.pairs[0]...), nil
}
