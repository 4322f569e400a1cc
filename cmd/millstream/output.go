package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/session"
)

// outputFormats are the values of -o.
var outputFormats = []string{"table", "json", "csv", "changelog-json"}

func checkFormat(format string) error {
	if !slices.Contains(outputFormats, format) {
		return usagef("unknown output format '%s': it is one of %s", format, strings.Join(outputFormats, ", "))
	}
	return nil
}

// printer writes a query's rows.
type printer interface {
	batch(*column.Batch) error
	// close writes what waits for the end of the result.
	close() error
	// rows is the number of rows written.
	rows() int64
}

// discard takes the "OK" of a statement that has no rows to show.
func discard(*column.Batch) error { return nil }

// newPrinter makes the printer of a result. Only changelog-json shows the changes of an updating query as they come; the other
// forms show the rows that are left at its end.
func newPrinter(format string, w io.Writer, result *session.Result, zone *time.Location) printer {
	var p printer
	switch format {
	case "json":
		p = &jsonPrinter{w: w, columns: result.Columns, zone: zone}
	case "csv":
		p = &csvPrinter{w: w, columns: result.Columns, zone: zone}
	case "changelog-json":
		return &jsonPrinter{w: w, columns: result.Columns, zone: zone, changelog: true}
	default:
		p = &tablePrinter{w: w, columns: result.Columns, zone: zone, width: terminalWidth(w)}
	}
	if result.Updating {
		return newMaterialiser(p, result.Columns, zone)
	}
	return p
}

// materialiser keeps the rows that a changelog leaves, and prints them at the end.
type materialiser struct {
	to   printer
	zone *time.Location
	kept *column.Batch
	at   map[string][]int32 // rows of kept by their text, to find the one that a -U or -D takes away
	dead []bool
	key  []byte
}

func newMaterialiser(to printer, columns []column.Field, zone *time.Location) *materialiser {
	return &materialiser{to: to, zone: zone, kept: column.NewBatch(columns, 0), at: map[string][]int32{}}
}

func (m *materialiser) batch(b *column.Batch) error {
	for i := range b.Rows() {
		row := b.Row(i)
		m.key = m.key[:0]
		for _, c := range b.Cols {
			m.key = append(m.key, '\x01')
			if !c.IsNull(row) {
				m.key = append(column.AppendText(append(m.key, '\x02'), c, row, m.zone), 0)
			}
		}
		if b.Kind(row).Adds() {
			m.at[string(m.key)] = append(m.at[string(m.key)], int32(m.kept.Len))
			m.dead = append(m.dead, false)
			for j, c := range m.kept.Cols {
				c.AppendRows(b.Cols[j], []int32{int32(row)})
			}
			m.kept.Len++
			continue
		}
		rows := m.at[string(m.key)]
		if len(rows) == 0 {
			return fmt.Errorf("the result takes away a row that it never showed: %s", m.text(b, row))
		}
		m.dead[rows[len(rows)-1]] = true
		if m.at[string(m.key)] = rows[:len(rows)-1]; len(rows) == 1 {
			delete(m.at, string(m.key))
		}
	}
	return nil
}

func (m *materialiser) text(b *column.Batch, row int) string {
	var text []byte
	for j, c := range b.Cols {
		if j > 0 {
			text = append(text, ", "...)
		}
		text = column.AppendText(text, c, row, m.zone)
	}
	return string(text)
}

func (m *materialiser) close() error {
	m.kept.Sel = []int32{}
	for i, dead := range m.dead {
		if !dead {
			m.kept.Sel = append(m.kept.Sel, int32(i))
		}
	}
	if err := m.to.batch(m.kept); err != nil {
		return err
	}
	return m.to.close()
}

func (m *materialiser) rows() int64 { return m.to.rows() }
