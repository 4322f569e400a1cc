package main

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
)

// tablePrinter draws a box around the rows. The widths are those of the first rows: it holds back at most maxSized of them, for at most
// holdBack, so that a slow stream shows its rows as they come.
type tablePrinter struct {
	w       io.Writer
	style   style
	columns []column.Field
	zone    *time.Location
	width   int   // of the terminal, in cells; 0: no limit
	widest  int   // most cells of a column; 0: no limit
	changes bool  // the first column is the kind of a change
	floor   []int // least widths of the columns; may be nil

	mu     sync.Mutex // the timer prints as well
	timer  *time.Timer
	err    error       // of a write by the timer
	held   []tableCell // rows that wait for the widths, one cell after the other
	widths []int       // nil until they are known
	n      int64

	text, visible, line []byte
}

type tableCell struct {
	text string
	null bool
}

const (
	maxSized  = 1000
	holdBack  = time.Second
	narrowest = 8 // cells to which a column may be cut where the terminal is too narrow
)

// nullText marks NULL in tables.
const nullText = "NULL"

func newTablePrinter(w io.Writer, s style, width int, columns []column.Field, zone *time.Location) *tablePrinter {
	return &tablePrinter{w: w, style: s, columns: columns, zone: zone, width: width}
}

// showChanges puts a column with the kind of change in front of the others.
func (p *tablePrinter) showChanges() {
	p.columns = append([]column.Field{{Name: "op", Type: column.Str()}}, p.columns...)
	p.changes = true
	// The first rows do not tell how wide counts will become.
	p.floor = make([]int, len(p.columns))
	for i, c := range p.columns {
		p.floor[i] = widestInteger[c.Type.Kind]
	}
}

// widestInteger is how many cells an integer of a type can take.
var widestInteger = map[column.Kind]int{column.TinyInt: 4, column.SmallInt: 6, column.Int: 11, column.BigInt: 20}

func (p *tablePrinter) batch(b *column.Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(holdBack, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.err = p.flush()
		})
	}
	for i := range b.Rows() {
		p.hold(b, b.Row(i))
		if p.n++; p.n == maxSized {
			if err := p.flush(); err != nil {
				return err
			}
		}
	}
	if p.widths != nil {
		return p.flush()
	}
	return nil
}

// hold adds a row's cells to those that are held.
func (p *tablePrinter) hold(b *column.Batch, row int) {
	if p.changes {
		p.held = append(p.held, tableCell{text: b.Kind(row).String()})
	}
	for _, c := range b.Cols {
		if c.IsNull(row) {
			p.held = append(p.held, tableCell{nullText, true})
			continue
		}
		p.text = appendCell(p.text[:0], c, row, p.zone)
		p.visible = appendVisible(p.visible[:0], p.text)
		p.held = append(p.held, tableCell{text: string(p.visible)})
	}
}

// flush writes the held rows, below the head if it is the first time.
func (p *tablePrinter) flush() error {
	p.line = p.line[:0]
	if p.widths == nil {
		p.widths = p.measure()
		p.rule("┌", "┬", "┐")
		for i, c := range p.columns {
			p.cell(i, string(appendVisible(nil, []byte(c.Name))), p.style.bold)
		}
		p.rule("├", "┼", "┤")
	}
	for i, c := range p.held {
		show := plain
		if c.null {
			show = p.style.dim
		}
		p.cell(i%len(p.columns), c.text, show)
	}
	p.held = p.held[:0]
	_, err := p.w.Write(p.line)
	return err
}

// measure chooses widths: what the held rows need, with the widest columns cut where the terminal is too narrow.
func (p *tablePrinter) measure() []int {
	need := make([]int, len(p.columns))
	for i, c := range p.columns {
		need[i] = max(1, cells(c.Name))
		if i < len(p.floor) {
			need[i] = max(need[i], p.floor[i])
		}
	}
	for i, c := range p.held {
		need[i%len(need)] = max(need[i%len(need)], cells(c.text))
	}
	total := 1
	for i, n := range need {
		if p.widest > 0 && !p.columns[i].Type.IsNumeric() {
			need[i] = min(n, max(p.widest, cells(p.columns[i].Name)))
		}
		total += need[i] + 3
	}
	w := slices.Clone(need)
	for p.width > 0 && total > p.width {
		widest, second := 0, narrowest // the widest column, and how wide the next one is
		for i := range w {
			if w[i] > w[widest] || w[i] == w[widest] && need[i] > need[widest] {
				widest = i
			}
		}
		if w[widest] <= narrowest {
			break
		}
		for i := range w {
			if i != widest {
				second = max(second, min(w[i], w[widest]-1))
			}
		}
		less := min(total-p.width, w[widest]-second)
		w[widest] -= less
		total -= less
	}
	return w
}

func (p *tablePrinter) rule(left, middle, right string) {
	for i, w := range p.widths {
		if i == 0 {
			p.line = append(p.line, left...)
		} else {
			p.line = append(p.line, middle...)
		}
		p.line = append(p.line, strings.Repeat("─", w+2)...)
	}
	p.line = append(append(p.line, right...), '\n')
}

func plain(text string) string { return text }

// cell writes a cell of column i, and what is between it and the next.
func (p *tablePrinter) cell(i int, text string, show func(string) string) {
	if p.width > 0 || p.widest > 0 { // a file or a pipe loses nothing
		text = cut(text, p.widths[i])
	}
	blanks := strings.Repeat(" ", max(0, p.widths[i]-cells(text)))
	p.line = append(p.line, "│ "...)
	if p.columns[i].Type.IsNumeric() {
		p.line = append(append(p.line, blanks...), show(text)...)
	} else {
		p.line = append(append(p.line, show(text)...), blanks...)
	}
	p.line = append(p.line, ' ')
	if i == len(p.columns)-1 {
		p.line = append(p.line, "│\n"...)
	}
}

func (p *tablePrinter) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.err != nil {
		return p.err
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.line = p.line[:0]
	p.rule("└", "┴", "┘")
	_, err := p.w.Write(p.line)
	return err
}

func (p *tablePrinter) rows() int64 { return p.n }
