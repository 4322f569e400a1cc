// Package suite is what every connector must pass: one set of tests over the interfaces of package connector.
//
// What enters: a connector's spec, and how to make a table with known rows or a place to write to. What leaves: test failures. The tests of
// each connector call [Run], over every store and under every fault that applies.
package suite

import (
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Input is a table to read and what is in it.
type Input struct {
	Env   connector.Env
	Table graph.Table
	Rows  []string // as [Texts] writes them, all columns and then all metadata, in the order of one reader
	// Retry is how often reading may fail and go on from the last position: faults are injected.
	Retry int
}

// Output is a table to write.
type Output struct {
	Env     connector.Env
	Table   graph.Table
	Visible func() []string // the rows that a reader sees, in any order
	Pending func() int      // uploads and the like that are under way; nil: the connector has none
	// Retry is how often writing may fail and begin anew.
	Retry int
}

// Config says what to test.
type Config struct {
	Spec  *connector.Spec
	Input func(t *testing.T) Input  // nil: not a source
	Make  func(t *testing.T) Output // nil: not a sink with visible rows
}

// Run tests a connector.
func Run(t *testing.T, c Config) {
	t.Run("spec", func(t *testing.T) { testSpec(t, c.Spec) })
	before := runtime.NumGoroutine()
	if c.Input != nil {
		t.Run("source", func(t *testing.T) { testSource(t, c) })
	}
	if c.Make != nil {
		t.Run("sink", func(t *testing.T) { testSink(t, c) })
	}
	// What was closed has no goroutine left; one may still be on its way out.
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > before; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines are left over:\n%s", runtime.NumGoroutine()-before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}

func testSpec(t *testing.T, s *connector.Spec) {
	if s.Name == "" || s.Doc == "" || s.Guarantee == "" {
		t.Error("name, documentation or guarantee is missing")
	}
	if !strings.HasPrefix(s.Example, "CREATE TABLE ") || !strings.Contains(s.Example, "'connector' = '"+s.Name+"'") {
		t.Errorf("the example is no CREATE TABLE of the connector: %s", s.Example)
	}
	if s.NewSource == nil && s.NewSink == nil {
		t.Error("it neither reads nor writes")
	}
	for _, o := range s.Options {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, m := range s.Metadata {
		if m.Key == "" || m.Field.Type.Kind == column.Null {
			t.Errorf("metadata %+v is incomplete", m)
		}
	}
}

// testOptions tries options with make, which makes a source or sink of a table: those given are right.
func testOptions(t *testing.T, s *connector.Spec, table graph.Table, try func(graph.Table) error) {
	t.Helper()
	with := func(change func(map[string]string)) graph.Table {
		changed := table
		changed.Options = maps.Clone(table.Options)
		change(changed.Options)
		return changed
	}
	if err := try(table); err != nil {
		t.Errorf("right options are refused: %v", err)
	}
	var unknown *setting.UnknownKeyError
	if err := try(with(func(o map[string]string) { o["no-such-option-at-all"] = "1" })); !errors.As(err, &unknown) {
		t.Errorf("an unknown option gives %v", err)
	}
	for _, o := range s.Options {
		if !o.Required {
			continue
		}
		if err := try(with(func(m map[string]string) { delete(m, o.Key) })); err == nil || !strings.Contains(err.Error(), o.Key) {
			t.Errorf("without the required option '%s': %v", o.Key, err)
		}
	}
}

// Texts writes the live rows of a batch, columns separated by '|'.
func Texts(b *column.Batch) []string {
	list := make([]string, 0, b.Rows())
	for i := range b.Rows() {
		row, text := b.Row(i), []byte(nil)
		for c, v := range b.Cols {
			if c > 0 {
				text = append(text, '|')
			}
			text = column.AppendText(text, v, row, nil)
		}
		list = append(list, string(text))
	}
	return list
}

// sameBag compares rows in any order.
func sameBag(t *testing.T, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if slices.Equal(got, want) {
		return
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			at := func(list []string) string {
				if i < len(list) {
					return list[i]
				}
				return "nothing"
			}
			t.Fatalf("%s: %d rows, want %d; sorted, row %d is %.200q, want %.200q", what, len(got), len(want), i, at(got), at(want))
		}
	}
}

// sameList compares rows in order.
func sameList(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: row %d is %.200q, want %.200q", what, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
}
