package conformance

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// archive is a text of the corpus: a comment with its header, and files.
type archive struct {
	header map[string]string
	files  []file
}

type file struct{ name, text string }

var (
	marker = regexp.MustCompile(`^-- (.+?) --\s*$`)
	meta   = regexp.MustCompile(`(?m)^#?[ \t]*([a-z]+):[ \t]*(.*)$`)
)

func readArchive(path string) (*archive, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := &archive{header: map[string]string{}}
	comment := ""
	for line := range strings.Lines(string(data)) {
		if m := marker.FindStringSubmatch(line); m != nil {
			a.files = append(a.files, file{name: m[1]})
		} else if n := len(a.files); n > 0 {
			a.files[n-1].text += line
		} else {
			comment += line
		}
	}
	for _, m := range meta.FindAllStringSubmatch(comment, -1) {
		a.header[m[1]] = strings.TrimSpace(m[2])
	}
	return a, nil
}

// section returns a file's text, and whether it is there.
func (a *archive) section(name string) (string, bool) {
	for _, f := range a.files {
		if f.name == name {
			return f.text, true
		}
	}
	return "", false
}

// sectionsOf are the names of the files that belong to the test rather than to its data.
var sectionsOf = map[string]bool{"setup.sql": true, "query.sql": true, "script.sql": true, "want": true, "want.ordered": true, "want.changelog": true}

// unpack writes the data files into a folder; one named *.b64 holds the content of a binary file.
func (a *archive) unpack(dir string) error {
	for _, f := range a.files {
		if sectionsOf[f.name] {
			continue
		}
		name, data := f.name, []byte(f.text)
		if binary, ok := strings.CutSuffix(name, ".b64"); ok {
			decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(f.text), ""))
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			name, data = binary, decoded
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), data); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// lines returns the lines of a text that are not empty.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}
