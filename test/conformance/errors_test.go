package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/millstream/millstream/sql/session"
)

// rejected is a statement of errors.jsonl.
type rejected struct {
	SQL   string
	Mode  string
	Setup []string
	Files map[string]string
	Phase string
	Gist  string `json:"message_gist"`
	Quirk bool
}

func errorEntries(dir string) ([]entry, error) {
	var all []entry
	names := map[string]bool{}
	for _, name := range []string{"errors.jsonl", "errors2.jsonl"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(data)) {
			r := &rejected{Mode: "batch"}
			if err := json.Unmarshal([]byte(line), r); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if id := r.id(); !names[id] {
				names[id] = true
				all = append(all, entry{r.Phase, id, r.check})
			}
		}
	}
	if len(all) == 0 {
		return nil, fs.ErrNotExist
	}
	return all, nil
}

// id is the statement's text, shortened, and a hash of all that the outcome depends on.
func (r *rejected) id() string {
	short := []rune(strings.Join(strings.Fields(r.SQL), " "))
	if len(short) > 90 {
		short = append(short[:90], '…')
	}
	files, _ := json.Marshal(r.Files) // a map of texts can be written
	return string(short) + " #" + hash(r.SQL, r.Mode, strings.Join(r.Setup, "\x00"), string(files))
}

func (r *rejected) check(ctx context.Context, v variant, dir string) ([]verdict, error) {
	out := verdict{id: r.id(), quirk: r.Quirk}
	err := r.run(ctx, v, dir)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var broken setupError
	switch phase := session.Phase(err); {
	case errors.As(err, &broken):
		out.failed, out.why = "accepted", message(err)
	case err == nil:
		out.failed, out.why = "accepted", "Flink says in phase "+r.Phase+": "+shortened(r.Gist)
		if len(r.Setup) > 0 {
			out.why += " | after " + oneLine(r.Setup[len(r.Setup)-1])
		}
	case phase.String() != r.Phase:
		out.failed, out.why = "phase", phase.String()+" want "+r.Phase+": "+message(err)+" | Flink says "+shortened(r.Gist)
	}
	return []verdict{out}, nil
}

// setupError says that what comes before the statement failed.
type setupError struct{ error }

func (r *rejected) run(ctx context.Context, v variant, dir string) error {
	for name, text := range r.Files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)); err != nil {
			return setupError{err}
		}
	}
	s, err := v.open(r.Mode)
	if err != nil {
		return setupError{err}
	}
	for _, sql := range r.Setup {
		if _, err := run(ctx, s, withDir(sql, dir)); err != nil {
			return setupError{fmt.Errorf("setup fails: %s: %w", oneLine(sql), err)}
		}
	}
	_, err = run(ctx, s, withDir(r.SQL, dir))
	return err
}
