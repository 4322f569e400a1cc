package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/session"
)

// tableView shows the rows of a query while it runs, and after its end those that do not fit on the screen, until the user goes on. Only the
// event loop touches it; the job's part is the rowStore.
type tableView struct {
	rows   *rowStore
	target target
	zone   *time.Location

	top    int   // the first row on the screen
	left   int   // the first column on the screen
	follow bool  // stay at the newest rows
	floor  []int // widths of the columns until now, so that they do not jump about

	waiting bool          // the query has ended, and the user looks at its rows
	gone    chan struct{} // closed when the user goes on
	all     bool          // and wants all rows on the terminal

	whole   bool     // it has the whole screen
	lines   []string // what was drawn last, …
	stamp   time.Time
	cost    time.Duration // … when, how long that took, …
	columns int           // … and for a screen of which size
	height  int
	forced  bool // draw again in any case
}

// frameRows is how many lines the view has around its rows: three rules' and the head's, and one below.
const frameRows = 5

// lookMsg asks the event loop to let the user look at a view's rows.
type lookMsg struct{ view *tableView }

// showTable runs a query and shows its rows as a table that is kept up to date, or as the list of its changes. It stands in for
// [shell.print] where there is a screen.
func (c *console) showTable(ctx context.Context, result *session.Result, zone *time.Location) (int64, error) {
	t := c.target(result)
	v := &tableView{target: t, zone: zone, gone: make(chan struct{}), follow: t.changes}
	v.rows = newRowStore(result, t.changes, zone, c.session.Settings().Int(setting.MaxTableRows))
	c.program.Send(viewMsg{view: v})
	err := result.Run(ctx, v.rows.batch)
	c.finished = time.Now()
	n := v.rows.count()
	_, height := c.canvas.size()
	long := n-v.rows.first()+frameRows > height
	if err == nil && long {
		c.program.Send(lookMsg{v})
		select {
		case <-v.gone:
		case <-ctx.Done():
		}
	}
	done := make(chan struct{})
	c.program.Send(viewMsg{done: done})
	select {
	case <-done:
	case <-c.context.Done(): // nobody draws any more
	}
	if n == 0 && err != nil {
		return 0, err
	}
	from, to := v.rows.first(), n
	if long && !v.all {
		from, to = v.page(height)
	}
	if printed := v.print(c.out, from, to); err == nil {
		err = printed
	}
	if to-from < n {
		c.say(rowsOf(from, to, n))
	}
	return int64(n), err
}

func rowsOf(from, to, n int) string {
	return fmt.Sprintf("rows %s–%s of %s", thousands(int64(from+1)), thousands(int64(to)), thousands(int64(n)))
}

// page returns which rows are on a screen of some height.
func (v *tableView) page(height int) (from, to int) {
	n, room := v.rows.count(), max(1, height-frameRows)
	if v.follow {
		v.top = n - room
	}
	v.top = max(v.rows.first(), min(v.top, n-room))
	return v.top, min(n, v.top+room)
}

// draw shows the rows. They have the whole screen once they need it, and until the user goes on.
func (v *tableView) draw(c *console, took time.Duration) (lines []string, whole bool) {
	v.whole = v.whole || v.rows.count()-v.rows.first()+frameRows > c.height
	if v.forced || v.columns != c.width || v.height != c.height || time.Since(v.stamp) > 10*v.cost {
		start := time.Now()
		from, to := v.page(c.height)
		v.lines = append(v.render(from, to, c.width), c.footer(v, from, to, took))
		v.stamp, v.cost, v.forced, v.columns, v.height = start, time.Since(start), false, c.width, c.height
	}
	return v.lines, v.whole
}

// footer says below the table what is seen of it and what the keys do.
func (c *console) footer(v *tableView, from, to int, took time.Duration) string {
	n := v.rows.count()
	parts := []string{count(int64(n), "row")}
	if to-from < n {
		parts[0] = rowsOf(from, to, n)
	}
	switch {
	case v.waiting:
		parts = append(parts, "q goes on", "p prints all")
	case c.stopped:
		parts = append(parts, "stopping …")
	default:
		parts = append(parts, took.Round(time.Second).String(), "Ctrl-C stops")
	}
	if v.whole {
		parts = append(parts, "↑↓ PgUp PgDn Home End ←→")
	}
	return c.style.dim(cut(" "+strings.Join(parts, " · "), max(1, c.width-1)))
}

// render draws the rows [from, to) with a frame.
func (v *tableView) render(from, to, width int) []string {
	var out bytes.Buffer
	p := v.printer(&out, width)
	p.widths = nil
	v.rows.each(from, to, func(b *column.Batch, row int) { p.hold(v.shift(b), row) })
	if len(p.floor) != len(p.columns) {
		p.floor = make([]int, len(p.columns))
	}
	p.flush() //nolint:errcheck // to memory
	v.floor = p.widths
	p.line = p.line[:0]
	p.rule("└", "┴", "┘")
	out.Write(p.line)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, l := range lines {
		lines[i] = ansi.Truncate(l, width, "")
	}
	return lines
}

// printer returns a printer of the columns that are on the screen.
func (v *tableView) printer(w io.Writer, width int) *tablePrinter {
	p := newTablePrinter(w, v.target.style, width, v.rows.columns[v.left:], v.zone)
	p.widest = v.target.widest
	if v.target.changes {
		p.showChanges()
	}
	p.floor = v.floor // the widths that rows had, not those that they might have
	return p
}

// shift returns a batch without the columns left of the screen.
func (v *tableView) shift(b *column.Batch) *column.Batch {
	if v.left == 0 {
		return b
	}
	return &column.Batch{Len: b.Len, Cols: b.Cols[v.left:], Kinds: b.Kinds}
}

// print writes the rows [from, to) so that they stay, all columns of them.
func (v *tableView) print(w io.Writer, from, to int) error {
	v.left, v.floor = 0, nil
	p := v.printer(w, v.target.width)
	const step = 1000
	for ; from < to || p.widths == nil; from += step {
		v.rows.each(from, min(from+step, to), func(b *column.Batch, row int) { p.hold(b, row) })
		if err := p.flush(); err != nil {
			return err
		}
	}
	return p.close()
}

// key handles a key. It reports false for one that means nothing here.
func (v *tableView) key(name string, height int) bool {
	room := max(1, height-frameRows)
	v.forced = true
	move := func(by int) {
		v.follow = false
		v.top = max(0, v.top+by)
		if by > 0 && v.top >= v.rows.count()-room {
			v.follow = v.target.changes
		}
	}
	switch name {
	case "up", "k":
		move(-1)
	case "down", "j", "enter":
		move(1)
	case "pgup", "b", "ctrl+b":
		move(-room)
	case "pgdown", "space", "f", "ctrl+f":
		move(room)
	case "home", "g":
		move(-v.rows.count())
	case "end", "G", "shift+g":
		move(v.rows.count())
	case "left", "h":
		v.turn(-1)
	case "right", "l":
		v.turn(1)
	case "p":
		if v.waiting {
			v.all = true
			v.goOn()
		}
	case "q", "esc", "ctrl+d":
		return v.goOn()
	default:
		return false
	}
	return true
}

// turn moves the view by columns.
func (v *tableView) turn(by int) {
	v.left = max(0, min(v.left+by, len(v.rows.columns)-1))
	v.floor = nil
}

// goOn ends the look at rows whose query has ended. It reports false while it runs.
func (v *tableView) goOn() bool {
	if !v.waiting {
		return false
	}
	select {
	case <-v.gone:
	default:
		close(v.gone)
	}
	return true
}
