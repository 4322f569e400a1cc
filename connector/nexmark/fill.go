package nexmark

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
)

// events are those of a batch.
type events struct {
	n      int
	of     [kinds][]int64       // their numbers
	rows   [kinds][]int32       // their rows
	is     [kinds]column.Bitmap // rows that are of the kind
	kind   []int32              // of each row
	buffer []byte
}

// number says which events a batch has: first, first+step, …, n in all.
func (e *events) number(m *model, first, step int64, n int) {
	e.n, e.kind = n, slices.Grow(e.kind[:0], n)[:n]
	for k := range kinds {
		e.of[k], e.rows[k] = e.of[k][:0], e.rows[k][:0]
		e.is[k] = e.is[k].Grow(n)
		clear(e.is[k])
	}
	at := first
	for i := range n {
		k := m.kind(at)
		e.kind[i] = int32(k)
		e.of[k], e.rows[k] = append(e.of[k], at), append(e.rows[k], int32(i))
		e.is[k].Set(i)
		at += step
	}
}

// filler writes a batch's values of a column to its vector, which is empty.
type filler func(m *model, e *events, v *column.Vector)

// fieldFiller writes the values of a field, at the rows that are of its kind; the vector has room for all.
type fieldFiller struct {
	t    column.Type
	fill func(m *model, e *events, v *column.Vector)
}

var (
	bigint = column.Of(column.BigInt)
	text   = column.Str()
	when   = column.Sized(column.Timestamp, 3)
)

// rowsOf are the fields of the three rows.
var rowsOf = [kinds]struct {
	name   string
	fields map[string]fieldFiller
}{
	{"person", map[string]fieldFiller{
		"id":           number(person, func(m *model, n int64) int64 { return firstPerson + m.lastPerson(n) }),
		"name":         appended(person, (*model).appendName),
		"emailAddress": appended(person, (*model).appendEmail),
		"creditCard":   appended(person, (*model).appendCard),
		"city":         appended(person, func(m *model, b []byte, n int64) []byte { return append(b, m.city(n)...) }),
		"state":        appended(person, func(m *model, b []byte, n int64) []byte { return append(b, m.state(n)...) }),
		"dateTime":     timed(person, (*model).time),
		"extra":        lent(person, letters, (*model).personExtra),
	}},
	{"auction", map[string]fieldFiller{
		"id":          number(auction, func(m *model, n int64) int64 { return firstAuction + m.lastAuction(n) }),
		"itemName":    lent(auction, words, (*model).itemName),
		"description": lent(auction, words, (*model).description),
		"initialBid":  number(auction, (*model).initialBid),
		"reserve":     number(auction, (*model).reserve),
		"dateTime":    timed(auction, (*model).time),
		"expires":     timed(auction, (*model).expires),
		"seller":      number(auction, (*model).seller),
		"category":    number(auction, func(m *model, n int64) int64 { return firstCategory + below(m.word(n, 'g'), categories) }),
		"extra":       lent(auction, letters, (*model).auctionExtra),
	}},
	{"bid", map[string]fieldFiller{
		"auction":  number(bid, (*model).bidAuction),
		"bidder":   number(bid, (*model).bidder),
		"price":    number(bid, func(m *model, n int64) int64 { return price(m.word(n, 'p')) }),
		"channel":  lent(bid, func(p *pools) []byte { return p.channels }, func(m *model, n int64) piece { return m.pools.name[m.channel(n)] }),
		"url":      lent(bid, func(p *pools) []byte { return p.urls }, func(m *model, n int64) piece { return m.pools.url[m.channel(n)] }),
		"dateTime": timed(bid, (*model).time),
		"extra":    lent(bid, letters, (*model).bidExtra),
	}},
}

func letters(p *pools) []byte { return p.letters }
func words(p *pools) []byte   { return p.words }

// number fills a BIGINT.
func number(kind int, of func(*model, int64) int64) fieldFiller {
	return fieldFiller{bigint, func(m *model, e *events, v *column.Vector) {
		values := column.Values[int64](v)
		for i, row := range e.rows[kind] {
			values[row] = of(m, e.of[kind][i])
		}
	}}
}

// timed fills a TIMESTAMP(3).
func timed(kind int, of func(*model, int64) int64) fieldFiller {
	f := number(kind, of)
	f.t = when
	return f
}

// lent fills a text with pieces of a pool.
func lent(kind int, pool func(*pools) []byte, of func(*model, int64) piece) fieldFiller {
	return fieldFiller{text, func(m *model, e *events, v *column.Vector) {
		from := pool(m.pools)
		index, values := v.Lend(from), column.Values[column.View](v)
		for i, row := range e.rows[kind] {
			values[row] = of(m, e.of[kind][i]).view(from, index)
		}
	}}
}

// appended fills a text that is put together for each row.
func appended(kind int, add func(m *model, b []byte, n int64) []byte) fieldFiller {
	return fieldFiller{text, func(m *model, e *events, v *column.Vector) {
		values := column.Values[column.View](v)
		for i, row := range e.rows[kind] {
			e.buffer = add(m, e.buffer[:0], e.of[kind][i])
			values[row] = v.Hold(e.buffer)
		}
	}}
}

// newFiller returns what fills a table's column, which must be one of the model's.
func newFiller(f column.Field) (filler, error) {
	if f.Name == "event_type" {
		if f.Type.Kind != column.Int {
			return nil, fmt.Errorf("column 'event_type' is of type %s: it must be INT", f.Type.Optional())
		}
		return func(_ *model, e *events, v *column.Vector) {
			v.Resize(e.n)
			copy(column.Values[int32](v), e.kind)
		}, nil
	}
	for kind, row := range rowsOf {
		if row.name != f.Name {
			continue
		}
		if f.Type.Kind != column.Row {
			return nil, fmt.Errorf("column '%s' is of type %s: it must be a ROW of %s", f.Name, f.Type.Optional(), valid(row.fields))
		}
		if f.Type.NotNull {
			return nil, fmt.Errorf("column '%s' must not be NOT NULL: it is NULL in events of another kind", f.Name)
		}
		return rowFiller(kind, f)
	}
	return nil, fmt.Errorf("there is no column '%s' among the events' columns 'event_type', 'person', 'auction' and 'bid'", f.Name)
}

// rowFiller returns what fills a ROW with any of the fields that its kind of event has.
func rowFiller(kind int, f column.Field) (filler, error) {
	var fields []fieldFiller
	for _, c := range f.Type.Fields {
		known, ok := rowsOf[kind].fields[c.Name]
		if !ok {
			return nil, fmt.Errorf("column '%s' has no field '%s': there are %s", f.Name, c.Name, valid(rowsOf[kind].fields))
		}
		if !fits(c.Type, known.t) {
			return nil, fmt.Errorf("field '%s' of column '%s' is of type %s: it must be %s", c.Name, f.Name, c.Type.Optional(), known.t)
		}
		fields = append(fields, known)
	}
	return func(m *model, e *events, v *column.Vector) {
		v.Resize(e.n)
		if len(e.rows[kind]) < e.n {
			copy(v.Validity(), e.is[kind])
		}
		for i, field := range fields {
			c := v.Children[i]
			if len(e.rows[kind]) < e.n {
				copy(c.Validity(), e.is[kind])
				if c.Type.Layout() == column.LayoutView {
					clear(column.Values[column.View](c)[:e.n])
				}
			}
			field.fill(m, e, c)
		}
	}, nil
}

// fits says whether a table's type can hold values of the model's.
func fits(t, known column.Type) bool {
	switch known.Kind {
	case column.VarChar:
		return t.Kind == column.VarChar && t.Precision == math.MaxInt32
	case column.Timestamp:
		return (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ) && t.Precision == known.Precision
	}
	return t.Kind == known.Kind
}

// valid lists fields with their types.
func valid(fields map[string]fieldFiller) string {
	var list []string
	for name, f := range fields {
		list = append(list, name+" "+f.t.String())
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}
