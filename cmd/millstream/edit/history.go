package edit

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// History is what was entered before, and a place in it that Older and Newer move. Each entry is a line of a file, with \n for a line feed
// and \\ for a backslash; the file is appended to, so that several shells can share it.
type History struct {
	file    string // "": nothing is kept
	entries []string
	at      int    // the entry that is shown; len(entries): the draft
	draft   string // what was being typed when Older was called first
}

// maxEntries is how many entries are kept.
const maxEntries = 2000

// Load reads a history; a file that does not exist is made at the first Add. With an error the history works, but is not kept.
func Load(file string) (*History, error) {
	h := &History{file: file}
	if file == "" {
		return h, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		h.file = ""
		return h, fmt.Errorf("the history is not kept: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	total := 0
	for lines.Scan() {
		total++
		if entry := clean(unescape(lines.Text())); strings.TrimSpace(entry) != "" {
			h.entries = append(h.entries, entry)
		}
	}
	if err := lines.Err(); err != nil {
		h.file = ""
		return h, fmt.Errorf("the history is not kept: read %s: %w", file, err)
	}
	h.entries = h.entries[max(0, len(h.entries)-maxEntries):]
	h.at = len(h.entries)
	if total > 2*maxEntries {
		return h, h.rewrite()
	}
	return h, nil
}

// rewrite makes the file hold the newest entries only.
func (h *History) rewrite() error {
	var b strings.Builder
	for _, e := range h.entries {
		b.WriteString(escape(e) + "\n")
	}
	temp := h.file + ".new"
	if err := os.WriteFile(temp, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("shorten the history: %w", err)
	}
	if err := os.Rename(temp, h.file); err != nil {
		return fmt.Errorf("shorten the history: %w", err)
	}
	return nil
}

// Add takes in an entry as the newest one and goes behind it. With keep it is written to the file, which only the user can read.
func (h *History) Add(entry string, keep bool) error {
	entry = strings.TrimSpace(entry)
	if n := len(h.entries); entry == "" || n > 0 && h.entries[n-1] == entry {
		h.Reset()
		return nil
	}
	h.entries = append(h.entries, entry)
	h.Reset()
	if !keep || h.file == "" {
		return nil
	}
	err := h.write(escape(entry) + "\n")
	if err != nil {
		h.file = ""
		return fmt.Errorf("the history is not kept: %w", err)
	}
	return nil
}

func (h *History) write(line string) (err error) {
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Chmod(0o600); err != nil { // also of one that was there before
		return err
	}
	_, err = f.WriteString(line)
	return err
}

// Reset goes behind the newest entry.
func (h *History) Reset() { h.at, h.draft = len(h.entries), "" }

// Older returns the entry before; draft is what is being typed, to come back to. It reports false if there is none.
func (h *History) Older(draft string) (string, bool) {
	if h.at == 0 {
		return "", false
	}
	if h.at == len(h.entries) {
		h.draft = draft
	}
	h.at--
	return h.entries[h.at], true
}

// Newer returns the entry behind, at last what was being typed. It reports false if that is shown already.
func (h *History) Newer() (string, bool) {
	if h.at >= len(h.entries) {
		return "", false
	}
	h.at++
	if h.at == len(h.entries) {
		return h.draft, true
	}
	return h.entries[h.at], true
}

// Find returns the newest entry that contains text, in any case, of those older than the first newer ones; newer is how many of the
// matches to pass over.
func (h *History) Find(text string, newer int) (string, bool) {
	text = strings.ToLower(text)
	seen := map[string]bool{}
	for _, e := range slices.Backward(h.entries) {
		if seen[e] || !strings.Contains(strings.ToLower(e), text) {
			continue
		}
		seen[e] = true
		if newer == 0 {
			return e, true
		}
		newer--
	}
	return "", false
}

var escaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`)

func escape(entry string) string { return escaper.Replace(entry) }

func unescape(line string) string {
	if !strings.Contains(line, `\`) {
		return line
	}
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' && i+1 < len(line) {
			i++
			if line[i] == 'n' {
				b.WriteByte('\n')
				continue
			}
		}
		b.WriteByte(line[i])
	}
	return b.String()
}
