package operator

import (
	mathbits "math/bits" // bits is a table of the package

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// latestRows is what operators share that hold one row for each key, which a later one replaces: the table, its time to live, and the making of batches. A row that is
// over does not count, whether or not it is still there.
type latestRows struct {
	keyLookup
	in      []column.Field
	rows    *state.Latest
	number  int // key groups
	sweep   sweep
	most    int // keys; 0: all
	evicted func(keys int)
	now     int64 // the time of the batch, and from when on rows count
	from    int64
	heads   batchHeads
	out     replacements
}

func newLatestRows(in []column.Field, keys []int) latestRows {
	return latestRows{keyLookup: keyLookup{keys: keys}, in: in}
}

func (k *latestRows) open(c *Context) error {
	k.sweep = sweep{ttl: timeToLive(c, 0), clock: c.Now, setTimer: c.SetTimer}
	k.most, k.evicted, k.number = maxKeys(c, 0), c.evicted, c.MaxParallelism
	k.out.init(k.in)
	k.makeGroups(k.in)
	k.rows = state.NewLatest(k.groups, types(k.in), k.keys, k.timed())
	if k.most > 0 {
		k.rows.Order()
	}
	if err := k.rows.Restore(c.Restore, "rows"); err != nil {
		return err
	}
	k.evict()
	if k.rows.Len() > 0 {
		k.sweep.arm()
	}
	return nil
}

// timed reports whether rows have the time of their coming.
func (k *latestRows) timed() bool { return k.sweep.ttl > 0 || k.most > 0 }

// evict forgets the keys that are too many. It ends a batch.
func (k *latestRows) evict() {
	if k.most > 0 {
		k.evicted(k.rows.Evict(k.most))
	}
}

// begin is called before a batch: it lets some rows go that are over.
func (k *latestRows) begin(b *column.Batch) {
	if k.timed() {
		k.tick()
	}
	if k.sweep.ttl > 0 {
		k.rows.Expire(k.from, b.Rows())
		k.sweep.arm()
	}
	k.tidy()
}

func (k *latestRows) tick() {
	k.now = k.sweep.clock().UnixMilli()
	if k.sweep.ttl > 0 {
		k.from = k.now - k.sweep.ttl + 1
	}
}

// tidy drops groups that are gone once they are most.
func (k *latestRows) tidy() {
	if k.groups.Len() > 2*k.groups.Live()+ChunkRows && !k.rows.Busy() && !k.sweep.underWay() {
		k.rows.Compact()
	}
}

// holds reports whether group g has a row of an earlier batch that counts.
func (k *latestRows) holds(g int32) bool { return int(g) < k.rows.Len() && !k.rows.Over(g, k.from) }

// expire is called when the timer is due.
func (k *latestRows) expire() {
	k.sweep.fire(k.rows.Len(), func(limit int) int {
		k.tick()
		return k.rows.Expire(k.from, limit)
	}, k.groups.Live)
	k.tidy()
}

// sizeBytes is the memory held, in bytes.
func (k *latestRows) sizeBytes() int {
	if k.rows == nil {
		return 0
	}
	return k.groups.SizeBytes() + k.rows.SizeBytes() + k.heads.sizeBytes() + k.out.sizeBytes()
}

// batchHeads finds the newest row of each group within a batch: open addressing by the number of the group.
type batchHeads struct {
	slots []batchHead
	list  []int32 // slots in use, in the order of their groups' first rows
	shift int     // of a product's bits, to those that number slots
}

type batchHead struct{ group, row int32 } // group is one more: zero means free

// begin makes room for n rows and forgets what there was.
func (h *batchHeads) begin(n int) {
	for _, s := range h.list {
		h.slots[s] = batchHead{}
	}
	h.list = h.list[:0]
	if len(h.slots) < 2*n {
		width := mathbits.Len(uint(2*n - 1))
		h.shift, h.slots = 32-width, make([]batchHead, 1<<width)
	}
}

// of returns the entry of a group, whose row is state.None if the batch has had none.
func (h *batchHeads) of(g int32) *batchHead {
	mask := uint32(len(h.slots) - 1)
	for s := uint32(g) * 0x9E3779B1 >> h.shift; ; s = (s + 1) & mask {
		switch e := &h.slots[s]; e.group {
		case g + 1:
			return e
		case 0:
			*e = batchHead{g + 1, state.None}
			h.list = append(h.list, int32(s))
			return e
		}
	}
}

// rows adds the groups of which the batch has a row, and that row, to two lists, in the order in which they first came.
func (h *batchHeads) rows(groups, rows []int32) (g, r []int32) {
	for _, s := range h.list {
		if e := h.slots[s]; e.row >= 0 {
			groups, rows = append(groups, e.group-1), append(rows, e.row)
		}
	}
	return groups, rows
}

func (h *batchHeads) sizeBytes() int { return cap(h.slots)*8 + cap(h.list)*4 }
