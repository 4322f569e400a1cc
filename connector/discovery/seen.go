package discovery

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
)

// seen knows which objects were returned. An object is a key with an ETag; what is known of it is kept in the cheapest of three ways:
//
//   - by time: everything that was modified up to the horizon is known, once a listing that began a retention later has ended;
//   - by name: in a directory whose names rise with time, everything up to a mark of key and time is known;
//   - one by one: 8 bytes of a hash, which are forgotten when one of the others knows it.
//
// Where times do not tell when objects appeared, as a file that is moved on a disk keeps its own, only the third is used, and what a listing does not
// show any more is forgotten.
type seen struct {
	steady    bool  // times tell when objects appeared
	retention int64 // milliseconds
	horizon   int64 // milliseconds since 1970: all that was modified up to here is known
	marks     map[string]mark
	set       map[uint64]uint32 // hashes; by minute of modification, or where times are not steady by the number of the listing that must show the object again

	// Of the listing that is under way, or was last.
	listing bool
	begun   int64  // milliseconds
	number  uint32 // counts listings
	since   int64  // when the first one began
	cursor  string // the last key that it has shown
	run     run
}

// mark says that of a directory everything up to a key, and modified up to a time, is known.
type mark struct {
	key  string
	time int64
}

// run is what a listing has shown of a directory so far.
type run struct {
	dir    string
	sorted bool // its names rise with time
	last   int64
	count  int // objects that are settled
}

const (
	// settle is the time after which no object appears that is older than others: marks cover none that is younger, in milliseconds.
	settle = int64(5 * time.Minute / time.Millisecond)
	// markAfter is the number of objects of which a directory's names must rise with time: below that, single hashes are smaller.
	markAfter = 32
	// listingsAhead is how many listings may have begun that were not taken yet: what appears meanwhile need not be in them.
	listingsAhead = 2
	minute        = int64(time.Minute / time.Millisecond)
)

func newSeen(steady bool, retention time.Duration) *seen {
	return &seen{steady: steady, retention: retention.Milliseconds(), horizon: math.MinInt64 / 4, marks: map[string]mark{}, set: map[uint64]uint32{}}
}

// hash stands for an object. Of a million that are known, one among 10^13 that come is taken for one of them.
func hash(o *objstore.Info) uint64 { return hashOf(o.Key, o.ETag) }

func hashOf(parts ...string) uint64 {
	text := make([]byte, 0, 256)
	for i, p := range parts {
		if i > 0 {
			text = append(text, 0)
		}
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return binary.LittleEndian.Uint64(sum[:])
}

// begin begins a listing at a time that was taken before its first request.
func (s *seen) begin(at time.Time) {
	s.listing, s.begun, s.cursor, s.run = true, at.UnixMilli(), "", run{dir: "\x00"}
	if s.number++; s.number == 1 {
		s.since = s.begun
	}
}

// limit is the horizon that will be once the listing has ended.
func (s *seen) limit() int64 { return max(s.horizon, s.begun-s.retention) }

// listed takes an object from the listing, in the order of keys, and reports whether it is new.
func (s *seen) listed(o *objstore.Info) bool {
	h, t := hash(o), o.ModTime.UnixMilli()
	s.cursor = o.Key
	_, known := s.set[h]
	if !s.steady {
		s.set[h] = max(s.set[h], s.number)
		return !known
	}
	dir := o.Key[:strings.LastIndexByte(o.Key, '/')+1]
	if dir != s.run.dir {
		s.run = run{dir: dir, sorted: true, last: math.MinInt64}
	}
	r := &s.run
	r.sorted = r.sorted && t >= r.last
	r.last = t
	m, marked := s.marks[dir]
	covered := t <= s.horizon || marked && m.covers(o.Key, t)
	settled := r.sorted && t <= s.begun-settle
	if settled {
		r.count++
	}
	switch {
	case covered:
		delete(s.set, h)
		return false
	case settled && r.count >= markAfter && (!marked || o.Key > m.key) && t > s.limit():
		s.marks[dir] = mark{o.Key, max(t, m.time)}
		delete(s.set, h)
	case t <= s.limit():
		delete(s.set, h) // the cursor knows it until the listing has ended, and the horizon from then on
	default:
		s.set[h] = expiry(t)
	}
	return !known
}

// told takes an object that something else than a listing has found, and reports whether it is new.
func (s *seen) told(o *objstore.Info) bool {
	h, t := hash(o), o.ModTime.UnixMilli()
	if _, known := s.set[h]; known {
		return false
	}
	if !s.steady {
		s.set[h] = s.number + listingsAhead
		return true
	}
	if t <= s.horizon || s.listing && o.Key <= s.cursor && t <= s.limit() {
		return false
	}
	if m, ok := s.marks[o.Key[:strings.LastIndexByte(o.Key, '/')+1]]; ok && m.covers(o.Key, t) {
		return false
	}
	s.set[h] = expiry(t)
	return true
}

// note takes in anything else by its hash, for the retention from a time on, and reports whether it is new.
func (s *seen) note(h uint64, at time.Time) bool {
	if _, known := s.set[h]; known {
		return false
	}
	s.set[h] = expiry(at.UnixMilli())
	return true
}

func (m mark) covers(key string, t int64) bool { return key <= m.key && t <= m.time }

// expiry is the minute at which a horizon knows an object, also where its time was given in whole seconds.
func expiry(t int64) uint32 { return uint32(max(0, min(t/minute+2, math.MaxUint32))) } //nolint:gosec // bounded

// end ends a listing that was complete, and forgets what need not be known one by one.
func (s *seen) end() {
	if s.steady {
		s.horizon = s.limit()
		for h, m := range s.set {
			if int64(m)*minute <= s.horizon {
				delete(s.set, h)
			}
		}
		for dir, m := range s.marks {
			if m.time <= s.horizon {
				delete(s.marks, dir)
			}
		}
	} else {
		for h, n := range s.set {
			if n < s.number {
				delete(s.set, h)
			}
		}
	}
	s.listing, s.cursor = false, ""
}
