package expr

import (
	"math"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// dateWriter writes times by a constant pattern. Times that follow each other are mostly alike, so it remembers what each part of the pattern gave, and how
// long that stays true: a text of days is written once a day.
type dateWriter struct {
	parts   []datePart
	zone    *time.Location
	zoned   bool  // values are instants, shown in the zone
	unit    int64 // of values, how many make a second
	grain   int64 // the result is the same within such spans of local time, in the values' unit
	offsets bool  // the result depends on the zone's offset too

	offset int64 // seconds, of instants in [since, until)
	since  int64
	until  int64
	from   int64 // local time for which view holds, in the values' unit
	span   uint64
	ahead  int64 // the offset for which it holds
	view   column.View
}

// datePart is a run of fields that change together.
type datePart struct {
	fields datePattern
	grain  int64 // seconds; 0: with each value
	slot   int64
	ahead  int64
	known  bool
	text   []byte
}

// grainOf says within which spans of local time, in seconds that begin with 1970, a field stays the same; 0: none. zone says that it depends on the zone too.
func (f patternField) grainOf() (grain int64, zone bool) {
	switch {
	case f.letter == 0:
		return math.MaxInt64, false
	case strings.IndexByte("yuYGMLdDwWFfQqEecig", f.letter) >= 0:
		return 86400, false
	case strings.IndexByte("HhkKa", f.letter) >= 0:
		return 3600, false
	case f.letter == 'm' || f.letter == 'B':
		return 60, false
	case f.letter == 's':
		return 1, false
	case strings.IndexByte("xXZO", f.letter) >= 0:
		return 86400, true
	case f.letter == 'V':
		return math.MaxInt64, false
	}
	return 0, true
}

func newDateWriter(p datePattern, t column.Type, zone *time.Location) *dateWriter {
	w := &dateWriter{zone: time.UTC, unit: 1, grain: 86400}
	if t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ {
		w.unit = t.TimeUnit()
	}
	if t.Kind != column.Timestamp {
		w.zone, w.zoned = zone, true
	}
	for _, f := range p {
		grain, zone := f.grainOf()
		w.grain, w.offsets = min(w.grain, grain), w.offsets || zone
		n := len(w.parts)
		if n > 0 && (grain == math.MaxInt64 || w.parts[n-1].grain == grain) {
			w.parts[n-1].fields = append(w.parts[n-1].fields, f)
			continue
		}
		w.parts = append(w.parts, datePart{fields: datePattern{f}, grain: min(grain, 86400)})
	}
	if w.grain *= w.unit; w.grain == 0 {
		w.grain = 1
	}
	return w
}

// kernel writes a vector of numbers as text.
func (w *dateWriter) kernel(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
	out.Resize(n)
	views := column.Values[column.View](out)[:n]
	clear(views)
	if valid := args[0].Valid; valid != nil {
		copy(out.Validity()[:(n+63)>>6], valid)
	}
	values, valid := column.Values[int64](args[0])[:n], args[0].Valid
	w.span = 0 // a long text is remembered in the vector that has it
	each := func(r int) {
		if valid != nil && !valid.Get(r) {
			return
		}
		x, ahead := values[r], int64(0)
		if w.zoned {
			ahead = w.offsetAt(floorDiv(x, w.unit))
			x += ahead * w.unit
		}
		if uint64(x-w.from) >= w.span || w.offsets && ahead != w.ahead {
			w.write(x, ahead, out)
		}
		views[r] = w.view
	}
	if sel == nil {
		for r := range n {
			each(r)
		}
		return nil
	}
	for _, r := range sel {
		each(int(r))
	}
	return nil
}

// offsetAt is [column.OffsetAt] of the zone, which looks it up once for each time that it holds.
func (w *dateWriter) offsetAt(instant int64) int64 {
	if w.zone == time.UTC {
		return 0
	}
	if instant < w.since || instant >= w.until {
		at := time.Unix(instant, 0).In(w.zone)
		start, end := at.ZoneBounds()
		w.since, w.until = math.MinInt64, math.MaxInt64
		if !start.IsZero() {
			w.since = start.Unix()
		}
		if !end.IsZero() {
			w.until = end.Unix()
		}
		_, offset := at.Zone()
		w.offset = int64(offset)
	}
	return w.offset
}

// write makes the text of a local time the current one.
func (w *dateWriter) write(x, ahead int64, out *column.Vector) {
	w.from, w.span, w.ahead = floorDiv(x, w.grain)*w.grain, uint64(w.grain), ahead
	sec := floorDiv(x, w.unit)
	nanos := (x - sec*w.unit) * (1e9 / w.unit)
	dst := out.Tail()
	for i := range w.parts {
		p := &w.parts[i]
		if p.grain == 0 {
			dst = p.fields.format(dst, sec, nanos, w.zone, ahead)
			continue
		}
		if slot := floorDiv(sec, p.grain); !p.known || slot != p.slot || ahead != p.ahead {
			p.text = p.fields.format(p.text[:0], sec, nanos, w.zone, ahead)
			p.known, p.slot, p.ahead = true, slot, ahead
		}
		dst = append(dst, p.text...)
	}
	w.view = out.HoldTail(dst)
}
