package s3select

import (
	"bytes"
	"slices"
)

// batchRecords is how many records are filtered together: their fields stay in the nearest caches.
const batchRecords = 512

// csvBatch is the memory of a worker that reads CSV.
type csvBatch struct {
	lines  [][]byte
	rows   [][]byte // the fields that WHERE reads, record by record
	found  [][]byte // the other fields of one record
	all    [][]byte // all fields of one record
	sel    []int32
	memory []byte // of fields that were unescaped
}

// csvBlock computes the whole records of b.
func (w *worker) csvBlock(b []byte) error {
	c := w.run.csv
	for len(b) > 0 && !w.full {
		t := &w.csv
		t.lines, t.memory = t.lines[:0], t.memory[:0]
		for len(b) > 0 && len(t.lines) < batchRecords {
			end, next := c.recordEnd(b)
			if next < 0 {
				end, next = len(b), len(b)
			}
			if end > maxRecord {
				return fail("OverMaxRecordSize", "a record of the object has more than %d bytes", maxRecord)
			}
			if line, ok := c.isRecord(b[:end:end]); ok {
				t.lines = append(t.lines, line)
			}
			b = b[next:]
		}
		if err := w.csvRecords(); err != nil {
			return err
		}
	}
	return nil
}

// csvRecords computes the records of the batch.
func (w *worker) csvRecords() error {
	t, run := &w.csv, w.run
	t.sel = t.sel[:0]
	for i := range t.lines {
		t.sel = append(t.sel, int32(i))
	}
	sel := t.sel
	if len(run.filters) > 0 {
		width := len(run.whereWants)
		t.rows = slices.Grow(t.rows[:0], width*len(t.lines))[:width*len(t.lines)]
		for i, line := range t.lines {
			t.memory = run.csv.split(line, run.whereWants, t.rows[i*width:(i+1)*width], t.memory)
		}
		for i := range run.filters {
			var err error
			if sel, err = w.narrow(&run.filters[i], t.rows, width, sel); err != nil {
				return err
			}
		}
	}
	if run.countOnly {
		for i := range w.accumulators {
			w.accumulators[i].count += int64(len(sel))
		}
		return nil
	}
	for _, i := range sel {
		if err := w.csvRecord(t.lines[i]); err != nil || w.full {
			return err
		}
	}
	return nil
}

// csvRecord writes a record that fulfils WHERE, or adds it to the aggregates.
func (w *worker) csvRecord(line []byte) error {
	t, run := &w.csv, w.run
	if run.query.all {
		return w.csvAll(line)
	}
	w.ev.memory, t.memory = w.ev.memory[:0], t.memory[:0]
	t.found = slices.Grow(t.found[:0], len(run.itemWants))[:len(run.itemWants)]
	t.memory = run.csv.split(line, run.itemWants, t.found, t.memory)
	for k := range run.itemWants {
		w.setField(run.itemWants[k].slot, t.found[k])
	}
	if len(w.accumulators) > 0 {
		return w.aggregate()
	}
	return w.items()
}

func (w *worker) setField(slot int, field []byte) {
	if field == nil {
		w.ev.fields[slot] = value{}
		return
	}
	f := &w.ev.fields[slot]
	f.kind, f.text = kindRaw, field
}

// csvAll writes a record with all its fields.
func (w *worker) csvAll(line []byte) error {
	t, run := &w.csv, w.run
	o := run.output
	start := len(w.out)
	if run.sameCSV && bytes.IndexByte(line, run.csv.quote) < 0 && bytes.IndexByte(line, '\r') < 0 {
		w.out = append(w.out, line...)
		return w.endRecord(start)
	}
	t.all, t.memory = run.csv.fields(line, t.all[:0], t.memory[:0])
	if o.json {
		w.out = append(w.out, '{')
	}
	for i, field := range t.all {
		if !o.json {
			if i > 0 {
				w.out = append(w.out, o.field...)
			}
			w.out = o.appendField(w.out, field)
			continue
		}
		if i > 0 {
			w.out = append(w.out, ',')
		}
		v := rawValue(field)
		w.out = appendJSON(append(w.out, w.name(i)...), &v)
	}
	return w.endRecord(start)
}

// name returns a column's name as it stands before a member of JSON.
func (w *worker) name(column int) []byte {
	for i := len(w.names); i <= column; i++ {
		if i < len(w.run.csv.names) {
			w.names = append(w.names, jsonName(w.run.csv.names[i]))
		} else {
			w.names = append(w.names, jsonName(position(i)))
		}
	}
	return w.names[column]
}
