package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"github.com/millstream/millstream/cmd/millstream/edit"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/setting"
)

// interact runs the shell for a person.
func (a *app) interact(ctx context.Context, settings setting.Values, format string) (err error) {
	s := a.newShell(settings, format)
	defer func() { err = errors.Join(err, s.close()) }()
	if !a.outTerminal || os.Getenv("TERM") == "dumb" {
		return s.plain(ctx)
	}
	history, err := edit.Load(historyFile())
	c := newConsole(s, history)
	if err != nil {
		fmt.Fprintln(a.err, err)
	}
	return c.run(ctx)
}

// console is the shell on a terminal: a line editor that becomes a view of the running query. It is the model of a Bubble Tea program, whose
// event loop calls Update and View; a statement runs in a goroutine of its own and talks to the loop by messages.
type console struct {
	*shell
	program *tea.Program
	canvas  *canvas

	buffer  edit.Buffer
	history *edit.History
	menu    menu
	search  *search
	width   int // of the screen
	height  int

	context context.Context
	busy    bool      // a statement runs
	since   time.Time // since when
	cancel  context.CancelFunc
	ended   chan struct{} // closed when it has ended
	stopped bool          // it was told to end
	ahead   []tea.Msg     // keys pressed while it ran
	state   progressState
	view    *tableView // the rows of the query that runs, or of one whose rows are looked at
	leaving bool
}

// Messages to the event loop.
type (
	endedMsg   struct{ err error }    // what was entered has been executed
	refreshMsg struct{ of time.Time } // time to draw what was begun then again
	sizeMsg    struct{}               // the terminal may have another size
	viewMsg    struct {               // a query shows its rows in the view; nil: no more, and done is closed once they are gone
		view *tableView
		done chan struct{}
	}
)

const (
	refreshEvery = 100 * time.Millisecond
	// quickView is how long a query may take without showing anything: most are over by then.
	quickView = 300 * time.Millisecond
)

func newConsole(s *shell, history *edit.History) *console {
	c := &console{shell: s, canvas: newCanvas(s.stdout), history: history, width: 80, height: 24}
	s.keys = keyHelp
	s.table = c.showTable
	s.progress = func() (func(job.Progress), func()) { return c.state.show, c.state.clear }
	s.clear = c.canvas.clear
	return c
}

// run shows the shell until the user leaves it. What still runs then is cancelled and waited for.
func (c *console) run(ctx context.Context) (err error) {
	c.context = ctx
	before, err := term.MakeRaw(int(c.stdin.Fd()))
	if err != nil {
		return fmt.Errorf("prepare the terminal: %w", err)
	}
	defer func() { err = errors.Join(err, term.Restore(int(c.stdin.Fd()), before)) }()
	out, errOut := c.out, c.err
	c.out, c.err = c.canvas, c.canvas
	c.canvas.open()
	defer func() {
		c.canvas.close()
		c.out, c.err = out, errOut
	}()
	c.measure()
	if !c.quiet {
		fmt.Fprintln(c.out, c.style.bold("Millstream SQL")+c.style.dim(`  statements end with ;  \? for help  Ctrl-D to leave`)+"\n")
	}
	c.redraw()
	c.program = tea.NewProgram(c, tea.WithContext(ctx), tea.WithInput(c.stdin), tea.WithOutput(c.stdout), tea.WithoutSignalHandler(), tea.WithoutRenderer())
	defer watchSize(c.program)()
	_, err = c.program.Run()
	if c.busy {
		c.cancel()
		<-c.ended
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Init is part of [tea.Model].
func (c *console) Init() tea.Cmd { return nil }

// View is part of [tea.Model]. What there is to see is drawn after each Update, on the canvas.
func (c *console) View() tea.View { return tea.View{} }

// measure asks the terminal how large it is.
func (c *console) measure() {
	if width, height, err := term.GetSize(int(c.stdout.Fd())); err == nil && width > 0 && height > 0 {
		c.width, c.height = width, height
		c.canvas.resize(width, height)
	}
}

// Update is part of [tea.Model].
func (c *console) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := c.handle(msg)
	c.redraw()
	return c, cmd
}

func (c *console) handle(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case sizeMsg:
		c.measure()
	case tea.KeyPressMsg, tea.PasteMsg:
		return c.input(msg)
	case viewMsg:
		c.view = msg.view
		if msg.done != nil {
			c.redraw()
			close(msg.done)
		}
	case lookMsg:
		msg.view.waiting, msg.view.forced = true, true
	case refreshMsg:
		if c.busy && msg.of == c.since {
			return c.refresh()
		}
	case endedMsg:
		return c.statementsEnded(msg.err)
	}
	return nil
}

// input handles a key or a paste. While a statement runs most wait until it has ended.
func (c *console) input(msg tea.Msg) tea.Cmd {
	if !c.busy {
		if paste, ok := msg.(tea.PasteMsg); ok {
			c.closeMenu()
			c.buffer.Insert(paste.Content)
			return nil
		}
		return c.key(msg.(tea.KeyPressMsg))
	}
	k, ok := msg.(tea.KeyPressMsg)
	switch {
	case ok && (k.String() == "ctrl+c" || k.String() == "q" && c.viewing() && !c.view.waiting):
		c.stop()
	case ok && c.viewing() && c.view.key(k.String(), c.height):
	default:
		const most = 10_000
		if len(c.ahead) < most {
			c.ahead = append(c.ahead, msg)
		}
	}
	return nil
}

// viewing tells whether the rows of a query have the whole screen.
func (c *console) viewing() bool { return c.view != nil && c.view.whole }

// stop tells what runs to end.
func (c *console) stop() {
	if c.view != nil && c.view.goOn() {
		return
	}
	c.stopped = true
	c.cancel()
}

// refresh draws again in a while.
func (c *console) refresh() tea.Cmd {
	of := c.since
	return tea.Tick(refreshEvery, func(time.Time) tea.Msg { return refreshMsg{of} })
}

// start executes a text.
func (c *console) start(text string) tea.Cmd {
	ctx, cancel := context.WithCancel(c.context)
	c.busy, c.stopped, c.since, c.cancel, c.ended = true, false, time.Now(), cancel, make(chan struct{})
	ended := c.ended
	return tea.Batch(c.refresh(), func() tea.Msg {
		defer close(ended)
		defer cancel()
		items, err := parseItems("", text)
		if err == nil {
			err = c.shell.run(ctx, items)
		}
		return endedMsg{err}
	})
}

// statementsEnded goes back to the editor, or leaves.
func (c *console) statementsEnded(err error) tea.Cmd {
	c.busy = false
	c.state.clear()
	switch {
	case errors.Is(err, errLeave):
		return c.leave()
	case c.stopped && err != nil:
		c.say("stopped")
	case err != nil:
		fmt.Fprintln(c.err, styleError(c.style, err))
	}
	var cmds []tea.Cmd
	ahead := c.ahead
	c.ahead = nil
	for _, msg := range ahead {
		cmds = append(cmds, c.input(msg)) // a statement among them makes the rest wait again
	}
	return tea.Batch(cmds...)
}

// leave ends the program.
func (c *console) leave() tea.Cmd {
	c.leaving = true
	return tea.Quit
}

// say shows a remark.
func (c *console) say(text string) { fmt.Fprintln(c.err, c.style.dim(text)) }
