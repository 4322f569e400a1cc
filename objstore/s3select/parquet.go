package s3select

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// parquetInput is a Parquet file: its columns are the fields of records, and its row groups are the blocks. Values of plain columns are
// fields with a type; those of others (groups, lists, maps) are JSON.
type parquetInput struct {
	file    *parquet.File
	columns []*shape
	used    []int // columns that are read, in ascending order
	where   []int // those of them that WHERE reads
	groups  []int // row groups that start in the range
}

// recovered turns what the library panics with on damaged files into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fail("ParquetParsingError", "the Parquet file is damaged: %v", p)
	}
}

// openParquet reads the file's footer and binds the query to its columns.
func (r *Run) openParquet(scan *types.ScanRange) (err error) {
	defer recovered(&err)
	file, err := parquet.OpenFile(r.object, r.object.Size, parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return fail("ParquetParsingError", "the object is no Parquet file: %v", err)
	}
	p := &parquetInput{file: file}
	for _, field := range file.Root().Columns() {
		p.columns = append(p.columns, newShape(field))
	}
	for i, g := range file.Metadata().RowGroups {
		at := int64(0)
		if len(g.Columns) > 0 {
			m := g.Columns[0].MetaData
			if at = m.DataPageOffset; m.DictionaryPageOffset > 0 {
				at = min(at, m.DictionaryPageOffset)
			}
		}
		if scan == nil || at >= r.from && at < r.to {
			p.groups = append(p.groups, i)
		}
	}
	r.parquet = p
	return r.bindParquet()
}

// bindParquet gives paths their columns. The first name of a path into a nested column becomes that of the file.
func (r *Run) bindParquet() error {
	q, p := r.query, r.parquet
	if len(q.from) > 0 {
		return fail("ParseInvalidPathComponent", "FROM S3Object of Parquet has no path")
	}
	names := &csvInput{header: "USE"}
	for _, c := range p.columns {
		names.names = append(names.names, c.name)
	}
	used := map[int]bool{}
	var failed *Error
	find := func(n *node) {
		if failed != nil {
			return
		}
		if len(n.path) == 0 || n.path[0].kind != stepName {
			failed = failAt("ParseInvalidPathComponent", q.text, n.pos, "a column was expected")
			return
		}
		column, err := names.column(n.path[0])
		if err == nil && column >= len(p.columns) {
			err = fail("InvalidColumnIndex", "the file has %d columns and no %s", len(p.columns), n.path[0].name)
		}
		if err != nil {
			failed = failAt(err.Code, q.text, n.pos, "%s", err.Message)
			return
		}
		used[column] = true
		c := p.columns[column]
		n.path[0] = step{name: c.name, exact: true}
		if c.isPlain() && len(n.path) > 1 {
			failed = failAt("ParseInvalidPathComponent", q.text, n.pos, "the column %s has no parts", c.name)
		} else if c.isPlain() {
			n.slot = column
		}
	}
	if q.where != nil {
		q.where.paths(find)
	}
	for i := range p.columns {
		if used[i] {
			p.where = append(p.where, i)
		}
	}
	for _, it := range q.items {
		it.expr.paths(find)
	}
	if failed != nil {
		return failed
	}
	for i := range p.columns {
		r.slots = append(r.slots, i) // a slot for each column
		if used[i] || q.all {
			p.used = append(p.used, i)
		}
	}
	return nil
}

func (r *Run) produceGroups(put func(*task) bool) error {
	for _, g := range r.parquet.groups {
		if !put(&task{from: int64(g)}) {
			return nil
		}
	}
	return nil
}

// parquetGroup computes a row group.
func (w *worker) parquetGroup(t *task) (err error) {
	defer recovered(&err)
	p := w.run.parquet
	group := p.file.RowGroups()[t.from]
	chunks := group.ColumnChunks()
	leaves := make([]*leafReader, len(chunks))
	defer func() {
		for _, l := range leaves {
			if l != nil {
				l.pages.Close() //nolint:errcheck // it was only read
			}
		}
	}()
	for _, i := range p.used {
		for _, at := range p.columns[i].leaves() {
			leaves[at] = &leafReader{pages: chunks[at].Pages()}
			m := p.file.Metadata().RowGroups[t.from].Columns[at].MetaData
			w.run.scanned.Add(m.TotalCompressedSize)
			w.run.processed.Add(m.TotalUncompressedSize)
		}
	}
	row := parquetRow{w: w, leaves: leaves, read: make([]bool, len(p.columns))}
	for i := range group.NumRows() {
		if w.full {
			return nil
		}
		if i%4096 == 0 && w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		if err := row.next(); err != nil {
			return err
		}
	}
	return nil
}

// parquetRow is the row at which the leaves stand.
type parquetRow struct {
	w      *worker
	leaves []*leafReader
	read   []bool // columns of this row whose values were taken
	text   []byte // an object of the nested columns
}

// next computes a row: the columns of WHERE at first, the others if it is kept.
func (r *parquetRow) next() error {
	w, run := r.w, r.w.run
	clear(r.read)
	w.ev.memory, r.text = w.ev.memory[:0], r.text[:0]
	if where := run.query.where; where != nil {
		if err := r.load(run.parquet.where); err != nil {
			return err
		}
		t, err := w.ev.test(where)
		if err != nil {
			return err
		}
		if t != isTrue {
			for _, i := range run.parquet.used {
				if r.read[i] {
					continue
				}
				for _, at := range run.parquet.columns[i].leaves() {
					if err := r.leaves[at].skipRow(); err != nil {
						return err
					}
				}
			}
			return nil
		}
	}
	w.ev.memory = w.ev.memory[:0]
	if err := r.load(run.parquet.used); err != nil {
		return err
	}
	switch {
	case len(w.accumulators) > 0:
		return w.aggregate()
	case run.query.all:
		return r.all()
	}
	return w.items()
}

// load takes the values of columns that are not there yet. Nested ones become members of an object, which grows if WHERE read some.
func (r *parquetRow) load(columns []int) error {
	e, p := &r.w.ev, r.w.run.parquet
	grown := false
	for _, i := range columns {
		c := p.columns[i]
		if r.read[i] {
			continue
		}
		r.read[i] = true
		if c.isPlain() {
			v, err := r.leaves[c.leaf].take()
			if err != nil {
				return err
			}
			e.fields[i] = value{kind: kindNull}
			if !v.IsNull() {
				e.fields[i] = c.value(v)
			}
			continue
		}
		switch n := len(r.text); {
		case n == 0:
			r.text = append(r.text, '{')
		case grown:
			r.text = append(r.text, ',')
		default:
			r.text[n-1] = ','
		}
		grown = true
		r.text = append(r.text, c.member...)
		var err error
		if r.text, err = c.append(r.text, r.leaves, 0, 0); err != nil {
			return err
		}
	}
	if !grown {
		return nil
	}
	r.text = append(r.text, '}')
	e.doc, e.record = &r.w.doc, 0
	return e.doc.Parse(r.text)
}

// all writes a row with all its columns.
func (r *parquetRow) all() error {
	w, o := r.w, r.w.run.output
	start := len(w.out)
	if o.json {
		w.out = append(w.out, '{')
	}
	for i, c := range w.run.parquet.columns {
		v := w.ev.fields[i]
		if !c.isPlain() {
			v = value{kind: kindNull}
			if at := w.doc.Member(0, c.name); at >= 0 {
				v = w.ev.node(at)
			}
		}
		if o.json {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.out = appendJSON(append(w.out, c.member...), &v)
			continue
		}
		if i > 0 {
			w.out = append(w.out, o.field...)
		}
		w.scratch = appendValue(w.scratch[:0], &v)
		w.out = o.appendField(w.out, w.scratch)
	}
	return w.endRecord(start)
}

// leafReader walks the values of a leaf column.
type leafReader struct {
	pages  parquet.Pages
	values parquet.ValueReader
	buffer [256]parquet.Value
	at, n  int
}

// peek returns the next value, nil at the end of the row group.
func (l *leafReader) peek() (*parquet.Value, error) {
	for l.at == l.n {
		l.at, l.n = 0, 0
		if l.values == nil {
			page, err := l.pages.ReadPage()
			if isEnd(err) {
				return nil, nil
			}
			if err != nil {
				return nil, fail("ParquetParsingError", "the Parquet file is damaged: %v", err)
			}
			l.values = page.Values()
		}
		n, err := l.values.ReadValues(l.buffer[:])
		if l.n = n; isEnd(err) || n == 0 {
			l.values = nil
		} else if err != nil {
			return nil, fail("ParquetParsingError", "the Parquet file is damaged: %v", err)
		}
	}
	return &l.buffer[l.at], nil
}

func (l *leafReader) take() (*parquet.Value, error) {
	v, err := l.peek()
	if err == nil && v == nil {
		err = fail("ParquetParsingError", "a column of the Parquet file has fewer values than its row group has rows")
	}
	l.at++
	return v, err
}

// skipRow passes all values of a row.
func (l *leafReader) skipRow() error {
	if _, err := l.take(); err != nil {
		return err
	}
	for {
		v, err := l.peek()
		if err != nil || v == nil || v.RepetitionLevel() == 0 {
			return err
		}
		l.at++
	}
}

// logicalOf returns a column's logical type, nil if it has none.
func logicalOf(t parquet.Type) *format.LogicalType {
	if t == nil {
		return nil
	}
	return t.LogicalType()
}

// uuidText writes 16 bytes as a UUID.
func uuidText(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// clockText writes a time of day.
func clockText(nanos int64) string {
	seconds := nanos / 1e9
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if nanos %= 1e9; nanos != 0 {
		text += strings.TrimRight("."+strconv.FormatInt(1e9+nanos, 10)[1:], "0")
	}
	return text
}
