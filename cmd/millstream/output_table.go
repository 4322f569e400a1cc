package main

import (
	"bufio"
	"io"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// tablePrinter writes a box around the rows. The widths are those of the first maxSized rows; it holds no more than these.
type tablePrinter struct {
	w       io.Writer
	columns []column.Field
	zone    *time.Location
	width   int // of the terminal, in cells; 0: no limit

	held   [][]string // rows that wait for the widths
	widths []int      // nil until they are known
	n      int64
}

// maxSized is how many rows are looked at for the widths.
const maxSized = 1000

// nullText marks NULL in tables.
const nullText = "NULL"

func (p *tablePrinter) batch(b *column.Batch) error {
	var text []byte
	for i := range b.Rows() {
		row := b.Row(i)
		cells := make([]string, len(b.Cols))
		for j, c := range b.Cols {
			cells[j] = nullText
			if !c.IsNull(row) {
				text = column.AppendText(text[:0], c, row, p.zone)
				cells[j] = strings.NewReplacer("\n", "⏎", "\r", "", "\t", " ").Replace(string(text))
			}
		}
		p.held = append(p.held, cells)
		p.n++
	}
	if p.widths != nil || len(p.held) >= maxSized {
		return p.flush()
	}
	return nil
}

// flush writes the held rows, below the head if it is the first time.
func (p *tablePrinter) flush() error {
	out := bufio.NewWriter(p.w)
	if p.widths == nil {
		p.widths = p.measure()
		names := make([]string, len(p.columns))
		for i, c := range p.columns {
			names[i] = c.Name
		}
		p.rule(out, "┌", "┬", "┐")
		p.line(out, names)
		p.rule(out, "├", "┼", "┤")
	}
	for _, cells := range p.held {
		p.line(out, cells)
	}
	p.held = p.held[:0]
	return out.Flush()
}

// measure chooses widths: what the held rows need, with the widest columns cut where the terminal is too narrow.
func (p *tablePrinter) measure() []int {
	w := make([]int, len(p.columns))
	total := 1
	for i, c := range p.columns {
		w[i] = max(1, cells(c.Name))
		for _, row := range p.held {
			w[i] = max(w[i], cells(row[i]))
		}
		total += w[i] + 3
	}
	const narrowest = 8
	for p.width > 0 && total > p.width {
		widest := 0
		for i := range w {
			if w[i] > w[widest] {
				widest = i
			}
		}
		if w[widest] <= narrowest {
			break
		}
		w[widest]--
		total--
	}
	return w
}

func (p *tablePrinter) rule(out *bufio.Writer, left, middle, right string) {
	for i, w := range p.widths {
		if i == 0 {
			out.WriteString(left) //nolint:errcheck // Flush reports it
		} else {
			out.WriteString(middle) //nolint:errcheck // Flush reports it
		}
		out.WriteString(strings.Repeat("─", w+2)) //nolint:errcheck // Flush reports it
	}
	out.WriteString(right + "\n") //nolint:errcheck // Flush reports it
}

func (p *tablePrinter) line(out *bufio.Writer, texts []string) {
	for i, text := range texts {
		right := p.columns[i].Type.IsNumeric()
		n := p.widths[i]
		if p.width == 0 {
			n = max(n, cells(text)) // a file or a pipe loses nothing
		}
		out.WriteString("│ " + fit(text, n, right) + " ") //nolint:errcheck // Flush reports it
	}
	out.WriteString("│\n") //nolint:errcheck // Flush reports it
}

func (p *tablePrinter) close() error {
	if err := p.flush(); err != nil {
		return err
	}
	out := bufio.NewWriter(p.w)
	p.rule(out, "└", "┴", "┘")
	return out.Flush()
}

func (p *tablePrinter) rows() int64 { return p.n }
