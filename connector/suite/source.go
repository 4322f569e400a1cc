package suite

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
)

// patience is how long a reader may let wait before the test gives up.
const patience = 30 * time.Second

func testSource(t *testing.T, c Config) {
	in := c.Input(t)
	req := connector.SourceRequest{Env: in.Env, Table: in.Table, Limit: -1}
	for i := range len(in.Table.Columns) + len(in.Table.Metadata) {
		req.Project = append(req.Project, i)
	}
	t.Run("options", func(t *testing.T) {
		testOptions(t, c.Spec, in.Table, func(table graph.Table) error {
			r := req
			r.Table, r.Env.Objects = table, nil // nothing outside is needed to check options
			_, err := c.Spec.NewSource(r)
			return err
		})
	})
	open := func(t *testing.T, change func(*connector.SourceRequest)) connector.Source {
		t.Helper()
		r := req
		change(&r)
		s, err := c.Spec.NewSource(r)
		if err != nil {
			t.Fatal(err)
		}
		if !s.Bounded() {
			t.Fatal("the input has no end")
		}
		return s
	}
	same := func(*connector.SourceRequest) {}
	t.Run("in order", func(t *testing.T) {
		got, _ := read(t, open(t, same), in, 1, plain)
		sameList(t, "one reader", got, in.Rows)
		again, _ := read(t, open(t, same), in, 1, plain)
		sameList(t, "a second time", again, in.Rows)
	})
	t.Run("parallel", func(t *testing.T) {
		for _, parallelism := range []int{2, 3, 16} {
			got, _ := read(t, open(t, same), in, parallelism, plain)
			sameBag(t, "all splits", got, in.Rows)
		}
	})
	t.Run("positions", func(t *testing.T) {
		got, _ := read(t, open(t, same), in, 2, restarting)
		sameBag(t, "restarted after each batch", got, in.Rows)
		testReplay(t, open(t, same), in)
	})
	t.Run("projection", func(t *testing.T) {
		for i := range req.Project {
			got, _ := read(t, open(t, func(r *connector.SourceRequest) { r.Project = []int{i} }), in, 1, plain)
			want := make([]string, len(in.Rows))
			for k, row := range in.Rows {
				want[k] = strings.Split(row, "|")[i]
			}
			sameList(t, "one column", got, want)
		}
		backwards := slices.Clone(req.Project)
		slices.Reverse(backwards)
		got, _ := read(t, open(t, func(r *connector.SourceRequest) { r.Project = backwards }), in, 1, plain)
		want := make([]string, len(in.Rows))
		for k, row := range in.Rows {
			cells := strings.Split(row, "|")
			slices.Reverse(cells)
			want[k] = strings.Join(cells, "|")
		}
		sameList(t, "all columns backwards", got, want)
		_, n := read(t, open(t, func(r *connector.SourceRequest) { r.Project = []int{} }), in, 3, plain)
		if n != len(in.Rows) {
			t.Errorf("without columns: %d rows, want %d", n, len(in.Rows))
		}
	})
	t.Run("limit", func(t *testing.T) {
		for _, limit := range []int{0, 1, len(in.Rows) / 2, len(in.Rows) + 1} {
			s := open(t, func(r *connector.SourceRequest) { r.Limit = int64(limit) })
			got, _ := read(t, s, in, 1, plain)
			// Each reader may stop after so many; the first rows must be there.
			sameList(t, "limited", got[:min(len(got), limit)], in.Rows[:min(limit, len(in.Rows))])
		}
	})
	t.Run("kept", func(t *testing.T) { testKept(t, open(t, func(r *connector.SourceRequest) { r.Keep = true }), in) })
	t.Run("closed early", func(t *testing.T) {
		s := open(t, same)
		for _, split := range splits(t, s, in, 4) {
			r, err := s.Open(t.Context(), split)
			if err != nil {
				continue // a fault
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if r, err = s.Open(t.Context(), split); err != nil {
				continue
			}
			if _, _, err := r.Poll(); err != nil && in.Retry == 0 {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		s := open(t, same)
		list := splits(t, s, in, 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Splits(ctx, 1); err == nil && len(list) > 0 && in.Env.Objects != nil {
			t.Error("Splits goes on though its context has ended")
		}
		for _, split := range list {
			r, err := s.Open(ctx, split)
			if err != nil {
				continue
			}
			// It ends or fails, soon.
			for deadline := time.Now().Add(patience); ; {
				_, status, err := r.Poll()
				if err != nil || status == connector.Done {
					break
				}
				if status == connector.Wait {
					select {
					case <-r.Ready():
					case <-time.After(time.Until(deadline)):
						t.Fatal("the reader waits for ever though its context has ended")
					}
				}
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// mode says what happens between batches.
type mode uint8

const (
	plain      mode = iota
	restarting      // the reader is closed and another one opened at its position
)

// splits asks for splits, again if a fault comes between.
func splits(t *testing.T, s connector.Source, in Input, parallelism int) []connector.Split {
	t.Helper()
	for tries := 0; ; tries++ {
		list, err := s.Splits(t.Context(), parallelism)
		if err == nil {
			ids := map[string]bool{}
			for _, split := range list {
				if split.ID == "" || ids[split.ID] {
					t.Fatalf("the split id %q is empty or there twice", split.ID)
				}
				ids[split.ID] = true
			}
			return list
		}
		if tries >= in.Retry {
			t.Fatal(err)
		}
	}
}

// read returns the rows of all splits, one split after another, and their number.
func read(t *testing.T, s connector.Source, in Input, parallelism int, m mode) (rows []string, n int) {
	t.Helper()
	tries := 0
	for _, split := range splits(t, s, in, parallelism) {
		at := split
		for ended := false; !ended; {
			r, err := s.Open(t.Context(), at)
			for err == nil && !ended {
				var b *column.Batch
				var status connector.Status
				if b, status, err = r.Poll(); err != nil {
					break
				}
				ended = status == connector.Done
				if b != nil && b.Rows() > 0 {
					n += b.Rows()
					rows = append(rows, Texts(b)...)
					at = r.Position()
					if at.ID != split.ID {
						t.Fatalf("the position of split %s has the id %s", split.ID, at.ID)
					}
					if m == restarting {
						break
					}
				}
				if status == connector.Wait {
					select {
					case <-r.Ready():
					case <-time.After(patience):
						t.Fatal("the reader said Wait and was never ready")
					}
				}
			}
			if r != nil {
				if closing := r.Close(); closing != nil {
					t.Fatal(closing)
				}
			}
			if err != nil {
				if tries++; tries > in.Retry {
					t.Fatal(err)
				}
				ended = false
			}
		}
	}
	return rows, n
}

// testReplay holds what follows a position against what followed when it was taken.
func testReplay(t *testing.T, s connector.Source, in Input) {
	t.Helper()
	if in.Retry > 0 {
		return // read has done so, wherever a fault came
	}
	for _, split := range splits(t, s, in, 2) {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		var at []connector.Split
		var behind []int // rows before each position
		var all []string
		for status := connector.Ready; status != connector.Done; {
			at, behind = append(at, r.Position()), append(behind, len(all))
			var b *column.Batch
			if b, status, err = r.Poll(); err != nil {
				t.Fatal(err)
			}
			if b != nil {
				all = append(all, Texts(b)...)
			}
			if status == connector.Wait {
				<-r.Ready()
			}
		}
		at, behind = append(at, r.Position()), append(behind, len(all))
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(at); i += 1 + len(at)/20 {
			sameList(t, "behind a position", readSplit(t, s, at[i]), all[behind[i]:])
		}
		last := len(at) - 1
		sameList(t, "behind the end", readSplit(t, s, at[last]), all[behind[last]:])
	}
}

func readSplit(t *testing.T, s connector.Source, split connector.Split) (rows []string) {
	t.Helper()
	r, err := s.Open(t.Context(), split)
	if err != nil {
		t.Fatal(err)
	}
	for status := connector.Ready; status != connector.Done; {
		var b *column.Batch
		if b, status, err = r.Poll(); err != nil {
			t.Fatal(err)
		}
		if b != nil {
			rows = append(rows, Texts(b)...)
		}
		if status == connector.Wait {
			<-r.Ready()
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// testKept reads with Keep and looks at all batches only at the end.
func testKept(t *testing.T, s connector.Source, in Input) {
	t.Helper()
	if in.Retry > 0 {
		return
	}
	var batches []*column.Batch
	for _, split := range splits(t, s, in, 1) {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		for status := connector.Ready; status != connector.Done; {
			var b *column.Batch
			if b, status, err = r.Poll(); err != nil {
				t.Fatal(err)
			}
			if b != nil {
				batches = append(batches, b)
			}
			if status == connector.Wait {
				<-r.Ready()
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, b := range batches {
		got = append(got, Texts(b)...)
	}
	sameList(t, "kept batches", got, in.Rows)
}
