package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"pgregory.net/rapid"
)

// screenLines is what an emulated terminal shows, without blanks at the ends of lines and without the empty lines at its end.
func screenLines(e *vt.Emulator) []string {
	lines := strings.Split(ansi.Strip(e.String()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// TestCanvas writes and draws in any order: the screen shows the end of all that was written, and the view below it.
func TestCanvas(t *testing.T) {
	const width, height = 20, 8
	rapid.Check(t, func(t *rapid.T) {
		e := vt.NewEmulator(width, height)
		c := newCanvas(e)
		c.width, c.height = width, height
		var written, view []string
		var whole bool
		x, y := -1, 0
		gone := 0 // lines that have scrolled off the screen: they never come back
		for i := range rapid.IntRange(1, 25).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				var text strings.Builder
				for j := range rapid.IntRange(1, 12).Draw(t, "lines") {
					line := fmt.Sprintf("%d.%d %s", i, j, rapid.SampledFrom([]string{"", "é日", "\x1b[31mred\x1b[0m"}).Draw(t, "line"))
					text.WriteString(line + "\n")
					written = append(written, strings.TrimRight(ansi.Strip(line), " "))
				}
				for part := range slices.Chunk([]byte(text.String()), 7) {
					if _, err := c.Write(part); err != nil {
						t.Fatal(err)
					}
				}
			default:
				view = nil
				for j := range rapid.IntRange(0, height).Draw(t, "view") {
					view = append(view, fmt.Sprintf("view %d.%d", i, j))
				}
				x, y = -1, 0
				if whole = len(view) > 0 && rapid.Bool().Draw(t, "whole"); !whole && len(view) > 0 && rapid.Bool().Draw(t, "cursor") {
					x, y = rapid.IntRange(0, 10).Draw(t, "x"), rapid.IntRange(0, len(view)-1).Draw(t, "y")
				}
				c.draw(slices.Clone(view), x, y, whole)
			}
			want := slices.Clone(view)
			if !whole {
				total := len(written) + max(1, len(view)) // without a view the cursor stands in a line of its own
				gone = max(gone, total-height)
				want = append(slices.Clone(written), view...)[min(gone, total-1):]
			}
			for len(want) > 0 && want[len(want)-1] == "" {
				want = want[:len(want)-1]
			}
			got := screenLines(e)
			if !slices.Equal(got, want) {
				t.Fatalf("the screen shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if x >= 0 {
				if at := e.CursorPosition(); at.X != x || at.Y != len(written)-gone+y {
					t.Fatalf("the cursor is at %v, want column %d of line %d of the view", at, x, y)
				}
			}
		}
	})
}
