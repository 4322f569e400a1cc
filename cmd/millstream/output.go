package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/session"
)

// outputFormats are the values of -o.
var outputFormats = []string{"table", "vertical", "json", "csv", "changelog-json"}

func checkFormat(format string) error {
	if !slices.Contains(outputFormats, format) {
		return usagef("unknown output format '%s': it is one of %s", format, strings.Join(outputFormats, ", "))
	}
	return nil
}

// printer writes a query's rows. Its methods are called one at a time.
type printer interface {
	batch(*column.Batch) error
	// close writes what waits for the end of the result.
	close() error
	// rows is the number of rows that there are to show by now.
	rows() int64
}

// target is where a result is shown.
type target struct {
	w       io.Writer
	style   style
	width   int // of the terminal, in cells; 0: no limit
	widest  int // most cells of a column; 0: no limit
	changes bool
}

// newPrinter makes the printer of a result. With changes a table shows each change of a query as it comes, and changelog-json does always;
// the other forms show the rows that are left at its end.
func newPrinter(t target, format string, result *session.Result, zone *time.Location) printer {
	var p printer
	switch format {
	case "json":
		p = newJSONPrinter(t.w, result.Columns, zone)
	case "csv":
		p = newCSVPrinter(t.w, result.Columns, zone)
	case "changelog-json":
		changes := newJSONPrinter(t.w, result.Columns, zone)
		changes.changelog = true
		return changes
	default:
		if text, ok := plainText(result); ok {
			return &plainPrinter{w: t.w, text: text}
		}
		if format == "vertical" {
			p = newVerticalPrinter(t.w, t.style, result.Columns, zone)
			break
		}
		table := newTablePrinter(t.w, t.style, t.width, result.Columns, zone)
		table.widest = t.widest
		if t.changes && result.Kind == session.Query {
			table.showChanges()
			return table
		}
		p = table
	}
	if result.Updating {
		return newMaterialiser(p, result.Columns, zone)
	}
	return p
}

// plainText is a result that is one text, such as a plan or a CREATE statement.
func plainText(result *session.Result) (text string, ok bool) {
	if result.Kind != session.Rows || len(result.Columns) != 1 {
		return "", false
	}
	rows := result.Text()
	if len(rows) != 1 {
		return "", false
	}
	text, ok = rows[0][0].(string)
	return strings.TrimSuffix(text, "\n"), ok && strings.Contains(text, "\n")
}

// plainPrinter writes a text as it is.
type plainPrinter struct {
	w    io.Writer
	text string
}

func (p *plainPrinter) batch(*column.Batch) error {
	_, err := fmt.Fprintln(p.w, p.text)
	return err
}
func (p *plainPrinter) close() error { return nil }
func (p *plainPrinter) rows() int64  { return 1 }

// materialiser keeps the rows that a changelog leaves, and prints them at the end in the order in which they first came: an updated row
// (-U, then +U) keeps its place.
type materialiser struct {
	to   printer
	zone *time.Location
	kept *column.Batch
	rank []int32            // by row of kept, its place among the rows; gone if it was taken away
	at   map[string][]int32 // rows of kept by their text, to find the one that a -U or -D takes away
	n    int64              // rows that are left
	next int32              // rank of the next new row
	key  []byte
}

const gone = -1

func newMaterialiser(to printer, columns []column.Field, zone *time.Location) *materialiser {
	return &materialiser{to: to, zone: zone, kept: column.NewBatch(columns, 0), at: map[string][]int32{}}
}

func (m *materialiser) batch(b *column.Batch) error {
	left := int32(gone) // the place of the row that the -U before took away
	for i := range b.Rows() {
		row := b.Row(i)
		m.key = m.key[:0]
		for _, c := range b.Cols {
			if c.IsNull(row) {
				m.key = append(m.key, 0)
				continue
			}
			m.key = append(m.key, 1)
			m.key = append(column.AppendText(m.key, c, row, m.zone), 0)
		}
		kind := b.Kind(row)
		if kind.Adds() {
			if kind != column.UpdateAfter || left == gone {
				left = m.next
				m.next++
			}
			m.at[string(m.key)] = append(m.at[string(m.key)], int32(m.kept.Len))
			m.rank = append(m.rank, left)
			m.kept.AppendRows(b, []int32{int32(row)})
			m.n++
			left = gone
			continue
		}
		rows := m.at[string(m.key)]
		if len(rows) == 0 {
			return fmt.Errorf("the result takes away a row that it never showed: %s", m.text(b, row))
		}
		last := rows[len(rows)-1]
		if left = gone; kind == column.UpdateBefore {
			left = m.rank[last]
		}
		m.rank[last] = gone
		if m.at[string(m.key)] = rows[:len(rows)-1]; len(rows) == 1 {
			delete(m.at, string(m.key))
		}
		m.n--
		if len(m.rank) >= compactFrom && m.n < int64(len(m.rank)/2) {
			m.compact()
		}
	}
	return nil
}

// compactFrom is from how many rows on it pays to forget those that are gone.
const compactFrom = 4096

// live are the rows that are left, in order.
func (m *materialiser) live() []int32 {
	live := make([]int32, 0, m.n)
	for i, rank := range m.rank {
		if rank != gone {
			live = append(live, int32(i))
		}
	}
	slices.SortFunc(live, func(a, b int32) int { return cmp.Compare(m.rank[a], m.rank[b]) })
	return live
}

// compact drops the rows that are gone, so that memory goes with the rows that are left and not with the number of changes.
func (m *materialiser) compact() {
	live := m.live()
	moved, rank := make([]int32, len(m.rank)), make([]int32, len(live))
	for to, from := range live {
		moved[from], rank[to] = int32(to), m.rank[from]
	}
	for _, rows := range m.at {
		for i := range rows {
			rows[i] = moved[rows[i]]
		}
	}
	fields := make([]column.Field, len(m.kept.Cols))
	for i, c := range m.kept.Cols {
		fields[i].Type = c.Type
	}
	kept := column.NewBatch(fields, len(live))
	kept.AppendRows(m.kept, live)
	m.kept, m.rank = kept, rank
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
	m.compact()
	if err := m.to.batch(m.kept); err != nil {
		return err
	}
	return m.to.close()
}

func (m *materialiser) rows() int64 { return m.n }

// appendCell writes a value as CAST(x AS STRING) shows it, but for binary values, which are hexadecimal.
func appendCell(dst []byte, v *column.Vector, i int, zone *time.Location) []byte {
	if v.Type.IsBinary() {
		return hex.AppendEncode(dst, v.BytesAt(i))
	}
	return column.AppendText(dst, v, i, zone)
}
