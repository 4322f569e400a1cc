//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// terminal is a shell on an emulated terminal.
type terminal struct {
	t       *testing.T
	cmd     *exec.Cmd
	tty     *os.File
	home    string
	changed chan struct{} // has an element after output

	mu    sync.Mutex
	shown *vt.Emulator
	all   strings.Builder // what was written
}

// startShell starts a shell on a terminal of 80 columns and 24 lines.
func startShell(t *testing.T, home string, env ...string) *terminal {
	t.Helper()
	s := &terminal{t: t, home: home, changed: make(chan struct{}, 1), shown: vt.NewEmulator(80, 24)}
	s.cmd = millstream(t, "sql")
	s.cmd.Env = append(s.cmd.Env, "TERM=xterm-256color", "XDG_STATE_HOME="+home)
	s.cmd.Env = append(s.cmd.Env, env...)
	tty, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 24, Cols: 80})
	must(t, err)
	s.tty = tty
	t.Cleanup(func() {
		s.cmd.Process.Kill() //nolint:errcheck // it may have ended
		tty.Close()
	})
	go func() { // answers to what the program asks the terminal
		buffer := make([]byte, 1024)
		for {
			n, err := s.shown.Read(buffer)
			if err != nil {
				return
			}
			tty.Write(buffer[:n]) //nolint:errcheck // the test sees what is missing
		}
	}()
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := tty.Read(buffer)
			s.mu.Lock()
			s.shown.Write(buffer[:n]) //nolint:errcheck // memory
			s.all.Write(buffer[:n])
			s.mu.Unlock()
			select {
			case s.changed <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	s.ends(prompt)
	return s
}

// keys presses keys: text as it is, other keys by their sequences.
func (s *terminal) keys(text string) {
	s.t.Helper()
	_, err := s.tty.WriteString(text)
	must(s.t, err)
}

func (s *terminal) screen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(screenLines(s.shown), "\n")
}

// see waits until the screen fulfils what is asked for.
func (s *terminal) see(what string, ok func(screen string) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), longest)
	defer cancel()
	for !ok(s.screen()) {
		select {
		case <-s.changed:
		case <-ctx.Done():
			s.t.Fatalf("the screen does not show %s:\n%s", what, s.screen())
		}
	}
}

// ends waits until the screen ends with a text.
func (s *terminal) ends(lines string) {
	s.t.Helper()
	s.see("at its end\n"+lines, func(screen string) bool { return strings.HasSuffix(screen, lines) })
}

// has waits until the screen has a text somewhere.
func (s *terminal) has(text string) {
	s.t.Helper()
	s.see(text, func(screen string) bool { return strings.Contains(screen, text) })
}

// resize gives the terminal another size.
func (s *terminal) resize(columns, rows uint16) {
	s.t.Helper()
	s.mu.Lock()
	s.shown.Resize(int(columns), int(rows))
	s.mu.Unlock()
	must(s.t, pty.Setsize(s.tty, &pty.Winsize{Rows: rows, Cols: columns}))
}

// Sequences of keys.
const (
	enter, tab, escape, backspace = "\r", "\t", "\x1b", "\x7f"
	up, down, right, left         = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	pageDown, end                 = "\x1b[6~", "\x1b[F"
	ctrlC, ctrlD, ctrlR, ctrlA    = "\x03", "\x04", "\x12", "\x01"
)

const prompt = "millstream>"

func TestShell(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys("SELECT 1 AS a," + enter + "'ü日' AS b;" + enter)
	s.has("millstream> SELECT 1 AS a,\n        ... 'ü日' AS b;\n┌───┬─────┐\n│ a │ b   │\n├───┼─────┤\n│ 1 │ ü日 │\n└───┴─────┘\n1 row in ")
	s.ends(prompt)
	s.keys("SELECT * FORM t;" + enter)
	s.has("error: 1:10: unexpected word FORM: did you mean FROM?\n  SELECT * FORM t;\n           ^^^^\n")
	s.keys(up + up)
	s.ends("millstream> SELECT 1 AS a,\n        ... 'ü日' AS b;")
	s.keys(ctrlC)
	s.has("'ü日' AS b;^C\n" + prompt)
	s.keys("\\q" + enter)
	if code := waitExit(t, s.cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestShellCompletes(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys("CREATE TABLE orders (id INT, item STRING, itinerary STRING) WITH ('conn" + tab)
	s.ends("WITH ('c\nonnector'") // at the last column
	s.keys(" = 'datagen');" + enter)
	s.ends("OK\n" + prompt)
	s.keys("sel" + tab)
	s.ends("> select")
	s.keys("it FROM ord" + tab)
	s.ends("select it FROM orders")
	s.keys(ctrlA + strings.Repeat(right, len("select it")) + tab)
	s.has("item       column    STRING\n                    itinerary  column    STRING")
	s.keys("i" + tab + enter) // of the one that is left, it is clear
	s.ends("select itinerary FROM orders")
	s.keys(ctrlC + "\\d ord" + tab + enter)
	s.has("│ itinerary │ STRING │")
	s.keys("qu" + tab + enter)
	if code := waitExit(t, s.cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

// TestShellUpdatesInPlace watches a query without an end, and stops it, and not the shell.
func TestShellUpdatesInPlace(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys(strings.TrimSpace(endless) + enter)
	s.ends("OK\n" + prompt)
	s.keys("SELECT COUNT(*) AS many FROM numbers;" + enter)
	s.has("1 row · 1s · Ctrl-C stops")
	if text := s.screen(); strings.Count(text, "│ many │") > 1 {
		t.Errorf("the table does not stay in its place:\n%s", text)
	}
	s.keys(ctrlC)
	s.ends("stopped\n" + prompt)
	s.keys("SET 'sql-client.execution.result-mode' = 'changelog';" + enter)
	s.ends("OK\n" + prompt)
	s.keys("SELECT COUNT(*) AS many FROM numbers;" + enter)
	s.see("changes", func(screen string) bool {
		return strings.Contains(screen, "│ -U │") && strings.Contains(screen, "│ +U │")
	})
	s.resize(60, 10)
	s.see("ten lines", func(screen string) bool {
		return strings.Count(screen, "\n") == 9 && strings.Contains(screen, "Ctrl-C stops")
	})
	s.keys("q")
	s.ends("stopped\n" + prompt)
	s.keys("SET 'sql-client.execution.result-mode' = 'tableau';" + enter)
	s.ends("OK\n" + prompt)
	s.keys("SELECT COUNT(*) AS many FROM numbers;" + enter)
	s.see("changes", func(screen string) bool {
		return strings.Contains(screen, "│ -U │") && strings.Contains(screen, "│ +U │")
	})
	s.keys("SELECT 'ahead' AS typed;" + enter + ctrlC) // while the query runs
	s.has("stopped\nmillstream> SELECT 'ahead' AS typed;")
	s.has("│ ahead │")
	s.keys(ctrlD)
	if code := waitExit(t, s.cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func TestShellPagesThroughRows(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys("CREATE TABLE n (i BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '100', 'fields.i.kind' = 'sequence', 'fields.i.start' = '1', 'fields.i.end' = '100');" + enter)
	s.ends("OK\n" + prompt)
	s.keys("SET 'parallelism.default' = '1';" + enter + "SELECT i FROM n;" + enter)
	s.has("rows 1–19 of 100 · q goes on")
	s.has("│  1 │")
	s.keys(pageDown)
	s.has("rows 20–38 of 100")
	s.has("│ 20 │")
	s.keys(end)
	s.has("rows 82–100 of 100")
	s.has("│ 100 │")
	s.keys("q")
	s.has("rows 82–100 of 100\n100 rows in ")
	s.ends(prompt)
	s.keys(up + enter)
	s.has("rows 1–19 of 100 · q goes on")
	s.keys("p")
	s.has("│  99 │\n│ 100 │\n└─────┘\n100 rows in ")
	s.ends(prompt)
}

func TestShellKeepsHistory(t *testing.T) {
	home := t.TempDir()
	s := startShell(t, home)
	s.keys("SELECT 'first' AS a;" + enter)
	s.has("│ first │")
	s.keys("SET 's3.secret-key' = 'hush';" + enter)
	s.ends("OK\n" + prompt)
	s.keys(up) // in this shell it can be had again
	s.has("'hush';\n")
	s.keys(ctrlC + ctrlD)
	waitExit(t, s.cmd)
	file := filepath.Join(home, "millstream", "history")
	data, err := os.ReadFile(file)
	if want := "SELECT 'first' AS a;\n"; err != nil || string(data) != want {
		t.Errorf("the history is %q, error %v, want %q", data, err, want)
	}

	s = startShell(t, home)
	s.keys(ctrlR + "FIR")
	s.ends("millstream> SELECT 'first' AS a;\nsearch: FIR")
	s.keys(enter)
	s.has("│ first │")
}

// TestShellPastes checks that a paste is not executed line by line, and that its tabs complete nothing.
func TestShellPastes(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys("\x1b[200~SELECT 1 AS\n\tpasted;\x1b[201~")
	s.ends("millstream> SELECT 1 AS\n        ...   pasted;")
	s.keys(enter)
	s.has("│ pasted │")
}

// TestShellLeavesTheTerminal checks that the terminal is as before once the shell is told to end.
func TestShellLeavesTheTerminal(t *testing.T) {
	s := startShell(t, t.TempDir())
	s.keys(strings.TrimSpace(endless) + enter)
	s.ends("OK\n" + prompt)
	s.keys("SELECT n FROM numbers;" + enter)
	s.has("Ctrl-C stops")
	must(t, s.cmd.Process.Signal(os.Interrupt))
	if code := waitExit(t, s.cmd); code != exitInterrupted {
		t.Errorf("exit code %d", code)
	}
	s.has("interrupted")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown.CursorHidden() || s.shown.IsAltScreen() || !strings.Contains(s.all.String(), noMarks) {
		t.Errorf("the terminal is not as it was: cursor hidden %t, alternate screen %t", s.shown.CursorHidden(), s.shown.IsAltScreen())
	}
}

// TestPlainShell runs the shell where lines cannot be edited.
func TestPlainShell(t *testing.T) {
	s := startShell(t, t.TempDir(), "TERM=dumb")
	s.keys("SELECT 1 AS a," + enter)
	s.has("\n        ...")
	s.keys("2 AS b;" + enter)
	s.has("│ 1 │ 2 │")
	s.keys("SELECT x;" + enter)
	s.has("error: 1:8: column 'x' not found")
	s.keys(strings.TrimSpace(endless) + enter + "SELECT n FROM numbers;" + enter)
	s.see("rows", func(screen string) bool { return strings.Count(screen, "│") > 6 })
	s.keys(ctrlC)
	s.has("stopped")
	s.keys("quit" + enter)
	if code := waitExit(t, s.cmd); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(s.all.String(), "\x1b[") {
		t.Errorf("a dumb terminal gets sequences: %q", s.all.String())
	}
}

func TestShellWithoutColours(t *testing.T) {
	s := startShell(t, t.TempDir(), "NO_COLOR=1")
	s.keys("SELECT 'a' AS x;" + enter)
	s.has("│ a │")
	s.keys("SELECT FORM;" + enter)
	s.has("error:")
	s.keys(ctrlD)
	waitExit(t, s.cmd)
	for _, code := range []string{"\x1b[0m", "\x1b[1m", "\x1b[31m", "\x1b[1;34m", "\x1b[2m"} {
		if strings.Contains(s.all.String(), code) {
			t.Errorf("a colour is written: %q", code)
		}
	}
}
