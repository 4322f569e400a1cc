package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// keyedRows is what operators share that hold rows by key and emit some of them again: the table, its time to live, and the making of batches.
type keyedRows struct {
	keyLookup
	in    []column.Field
	find  []int // columns by which a row is found again; nil: none
	marks bool  // rows have a number for the owner's use
	// unlisted: rows of a group are only counted, since the owner has lists of them.
	unlisted bool
	rows     *state.Rows
	ttl      int64 // milliseconds; 0: for ever
	most     int   // keys; 0: all
	number   int   // key groups
	clock    func() time.Time
	evicted  func(keys int)

	setTimer func(time.Time)
	armed    bool
	list     []int32
	expired  []int32
	moved    func(to []int32) // tells the owner of the new numbers of rows
	out      rowOutput
}

func newKeyedRows(in []column.Field, keys, identity []int) keyedRows {
	k := keyedRows{keyLookup: keyLookup{keys: keys}, in: in, find: identity}
	k.out.init(in)
	return k
}

// open makes the table; keep is what hints say.
func (k *keyedRows) open(c *Context, keep graph.Keep) error {
	k.ttl, k.most = timeToLive(c, keep.TTL), maxKeys(c, keep.MaxKeys)
	k.number, k.clock, k.setTimer, k.evicted = c.MaxParallelism, c.Now, c.SetTimer, c.evicted
	k.makeGroups(k.in)
	k.rows = state.NewRows(k.groups, state.RowsSpec{
		Types: types(k.in), Keys: k.keys, Identity: k.find, Marks: k.marks, Timed: k.timed(), Ordered: k.most > 0, Unlisted: k.unlisted && k.most == 0,
	})
	if err := k.rows.Restore(c.Restore, "rows"); err != nil {
		return err
	}
	k.arm()
	return nil
}

// timed reports whether rows have the time of their coming.
func (k *keyedRows) timed() bool { return k.ttl > 0 || k.most > 0 }

// newest is the row of group g that came last, state.None if it has none.
func (k *keyedRows) newest(g int32) int32 {
	if k.rows.Count(g) == 0 {
		return state.None
	}
	k.list = k.rows.AppendGroup(g, k.list[:0])
	return k.list[len(k.list)-1]
}

// tidy expires so many rows and drops what is dead if it is much; it returns the time. Between two batches it is called first.
func (k *keyedRows) tidy(limit int) int64 {
	var now int64
	if k.timed() {
		now = k.clock().UnixMilli()
	}
	if k.ttl > 0 {
		k.expired = k.rows.Expire(now-k.ttl+1, limit, k.expired[:0])
		for _, g := range k.expired {
			k.forget(g)
		}
	}
	k.rows.Settle()
	if k.rows.Wasteful() && !k.behind(now) {
		to := k.rows.Compact()
		if k.moved != nil {
			k.moved(to)
		}
	}
	return now
}

// meet lets go what is over of the groups of a batch, where the table has not come so far yet.
func (k *keyedRows) meet(ids []int32, now int64) {
	k.expired = k.expired[:0]
	if before := now - k.ttl + 1; k.ttl > 0 && k.rows.Behind(before) {
		k.expired = k.rows.ExpireGroups(before, ids, k.expired)
	}
}

// evict forgets the keys that are too many: their groups, in k.expired, have no rows any more.
func (k *keyedRows) evict() {
	k.expired = k.expired[:0]
	if k.most == 0 || k.rows.Keys() <= k.most {
		return
	}
	k.expired = k.rows.Evict(k.most, k.expired)
	for _, g := range k.expired {
		k.forget(g)
	}
	k.evicted(len(k.expired))
}

// behind reports whether rows are left that are over: what is worth its time now has less to move when they are gone.
func (k *keyedRows) behind(now int64) bool { return k.ttl > 0 && k.rows.Behind(now-k.ttl+1) }

// forget deletes group g if it has no rows.
func (k *keyedRows) forget(g int32) {
	if k.rows.Count(g) == 0 && k.groups.Alive(int(g)) {
		k.groups.Delete(int(g))
	}
}

// sparse reports whether most groups are gone, so that it is time to regroup.
func (k *keyedRows) sparse(now int64) bool {
	return k.groups.Len() > 2*k.groups.Live()+ChunkRows && !k.rows.Busy() && !k.behind(now)
}

// regroup drops deleted groups and dead rows, which gives those that are left new numbers.
func (k *keyedRows) regroup() { state.Regroup(k.groups, k.rows) }

// arm sets a timer for the next row that expires, so that memory is let go without input, too.
func (k *keyedRows) arm() {
	if k.ttl == 0 || k.armed || k.setTimer == nil {
		return
	}
	if since, ok := k.rows.Oldest(); ok {
		k.armed = true
		k.setTimer(soon(k.clock(), since+k.ttl))
	}
}

// expire is called when the timer is due.
func (k *keyedRows) expire() {
	k.armed = false
	k.tidy(sweepStep)
	k.arm()
}

// rowOutput gathers changes of rows that stand in a table and emits them in their order.
type rowOutput struct {
	picks column.Picks
	kinds []column.RowKind
	cols  []*column.Vector
	batch column.Batch
	plain bool // all are inserts
}

func (c *rowOutput) init(fields []column.Field) {
	for _, f := range fields {
		c.cols = append(c.cols, column.NewVector(f.Type, 0))
	}
	c.plain = true
}

func (c *rowOutput) add(row int32, kind column.RowKind) {
	c.picks.Rows = append(c.picks.Rows, row)
	c.kinds = append(c.kinds, kind)
	c.plain = c.plain && kind == column.Insert
}

// emit passes the changes on, with more columns behind the rows', in batches of bounded size, and forgets them.
func (c *rowOutput) emit(rows *state.Rows, out Output, more ...*column.Vector) error {
	all, kinds := c.picks.Rows, c.kinds
	defer func() { c.picks.Rows, c.kinds, c.plain = all[:0], kinds[:0], true }()
	for from := 0; from < len(all); from += ChunkRows {
		to := min(from+ChunkRows, len(all))
		c.picks.Rows = all[from:to]
		c.picks.Prepare()
		for _, v := range c.cols {
			v.Reset()
		}
		rows.Take(&c.picks, c.cols)
		c.batch = column.Batch{Len: to - from, Cols: append(c.batch.Cols[:0], c.cols...)}
		if !c.plain {
			c.batch.Kinds = kinds[from:to]
		}
		for _, v := range more {
			if from > 0 || to < len(all) {
				part := column.NewVector(v.Type, to-from)
				part.AppendRows(v, first(nil, to)[from:])
				v = part
			}
			c.batch.Cols = append(c.batch.Cols, v)
		}
		if err := out.Emit(&c.batch); err != nil {
			return err
		}
	}
	return nil
}

// sizeBytes is the memory held, in bytes.
func (k *keyedRows) sizeBytes() int {
	n := 0
	if k.groups != nil {
		n += k.groups.SizeBytes()
	}
	if k.rows != nil {
		n += k.rows.SizeBytes()
	}
	return n
}
