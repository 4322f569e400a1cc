package setting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// given is one key with its text as some place gives it, unchecked.
type given struct {
	key, text string
	origin    string
}

// legacyName is the file name that means Flink's format from before 2.0, which looks like YAML and is not.
const legacyName = "flink-conf.yaml"

// readFile reads a configuration file: the legacy format if it is named flink-conf.yaml, else YAML, nested
// ("s3:" and below it "endpoint: …"), flat ("s3.endpoint: …") or mixed. Origins are path:line.
func readFile(path string, known *Registry) ([]given, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		var cause *os.PathError
		reason := err.Error()
		if errors.As(err, &cause) {
			reason = cause.Err.Error()
		}
		return nil, &PlaceError{Place: path, Reason: "cannot read the configuration file: " + reason, Err: err}
	}
	if filepath.Base(path) == legacyName {
		return parseLegacy(data, path, known)
	}
	return parseYAML(data, path, known)
}

// parseLegacy reads flink-conf.yaml as Flink 1.x does: a line is "key: value" split at the first ": ", the
// value may hold ':' and quotes as they are, and '#' at the begin of a line or behind a blank starts a
// comment. A later line overrides an earlier one, since images append to the file.
func parseLegacy(data []byte, path string, known *Registry) ([]given, error) {
	var all []given
	var wrong []error
	for i, line := range strings.Split(string(data), "\n") {
		line = strings.TrimSpace(cutComment(line))
		if i == 0 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if line == "" || line == "---" {
			continue
		}
		origin := path + ":" + strconv.Itoa(i+1)
		key, text, found := strings.Cut(line, ": ")
		key, text = strings.TrimSpace(key), strings.TrimSpace(text)
		switch {
		case !found && strings.HasSuffix(line, ":") && known.ignores(strings.TrimSuffix(line, ":")):
		case !found && strings.HasSuffix(line, ":"):
			wrong = append(wrong, &PlaceError{Place: origin, Reason: "'" + strings.TrimSuffix(line, ":") + "' has no value; " + legacyName +
				" is not nested: write one whole key a line, such as 's3.endpoint: http://127.0.0.1:9000', or use config.yaml"})
		case !found || key == "" || strings.ContainsAny(key, " \t"):
			wrong = append(wrong, &PlaceError{Place: origin, Reason: "not a setting: valid are lines such as 'key: value', with a blank behind the ':'"})
		default:
			all = append(all, given{key: key, text: text, origin: origin})
		}
	}
	return all, errors.Join(wrong...)
}

func cutComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

// maxDepth bounds the nesting of a configuration file; Flink's deepest key has seven words.
const maxDepth = 32

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// parseYAML flattens a YAML document of mappings to dotted keys. A sequence becomes a List's text and a
// mapping under a Map option that option's text.
func parseYAML(data []byte, path string, known *Registry) ([]given, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, yamlError(err, path)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, &PlaceError{Place: path + ":" + strconv.Itoa(second.Line), Reason: "a second document starts; a configuration file has one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlError(err, path)
	}
	f := flattener{path: path, known: known, at: map[string]string{}}
	if root := document.Content[0]; root.Kind != yaml.ScalarNode || root.Tag != "!!null" {
		f.node("", root, 0)
	}
	return f.all, errors.Join(f.wrong...)
}

func yamlError(err error, path string) error {
	text := err.Error()
	place, reason := path, yamlLine.ReplaceAllString(text, "")
	if m := yamlLine.FindStringSubmatch(text); m != nil && m[1] != "" {
		place += ":" + m[1]
	}
	return &PlaceError{Place: place, Reason: "not valid YAML: " + reason + "; a value that holds ': ', ' #' or begins with a special character needs quotes", Err: err}
}

type flattener struct {
	path  string
	known *Registry
	all   []given
	wrong []error
	at    map[string]string // key → place, to find keys given twice in two notations
}

// ignores reports whether key, or a key below it, is accepted without having an effect.
func (r *Registry) ignores(key string) bool {
	for _, k := range []string{key, key + ".any"} {
		if o, _, ok := r.Lookup(k); ok && o.Ignored {
			return true
		}
	}
	return false
}

func (f *flattener) fail(n *yaml.Node, format string, args ...any) {
	f.wrong = append(f.wrong, &PlaceError{Place: f.place(n), Reason: fmt.Sprintf(format, args...)})
}

func (f *flattener) place(n *yaml.Node) string { return f.path + ":" + strconv.Itoa(n.Line) }

// node adds what stands under key, which is empty at the root.
func (f *flattener) node(key string, n *yaml.Node, depth int) {
	plain := n.Kind == yaml.ScalarNode && n.Tag != "!!null"
	switch {
	case !plain && n.Kind != yaml.MappingNode && f.known.ignores(key):
	case depth > maxDepth:
		f.fail(n, "'%s' is nested deeper than %d levels", key, maxDepth)
	case n.Kind == yaml.AliasNode:
		if n.Alias.Kind != yaml.ScalarNode {
			f.fail(n, "'%s' refers to an anchor of more than one value, which configuration files here cannot: write it out", key)
			return
		}
		f.add(key, n.Alias.Value, n)
	case n.Kind == yaml.MappingNode:
		if o, _, ok := f.known.Lookup(key); ok && o.Type == Map {
			f.mapOption(key, n)
			return
		}
		if len(n.Content) == 0 && key != "" && !f.known.ignores(key) {
			f.fail(n, "'%s' has no value", key)
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, below := n.Content[i], n.Content[i+1]
			if name.Kind != yaml.ScalarNode || name.Value == "" {
				f.fail(name, "not a setting's name: valid are words such as 's3' or keys such as 's3.endpoint'")
				continue
			}
			whole := name.Value
			if key != "" {
				whole = key + "." + name.Value
			}
			f.node(whole, below, depth+1)
		}
	case key == "":
		f.fail(n, "not a configuration: valid are lines such as 's3.endpoint: http://127.0.0.1:9000', with a blank behind the ':'")
	case n.Kind == yaml.SequenceNode:
		f.list(key, n)
	case n.Tag == "!!null":
		f.fail(n, "'%s' has no value", key)
	default:
		f.add(key, n.Value, n)
	}
}

func (f *flattener) add(key, text string, n *yaml.Node) {
	if first, twice := f.at[key]; twice {
		f.fail(n, "'%s' is given twice, first at %s", key, first)
		return
	}
	f.at[key] = f.place(n)
	f.all = append(f.all, given{key: key, text: text, origin: f.place(n)})
}

func (f *flattener) list(key string, n *yaml.Node) {
	values := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			f.fail(item, "'%s' is a list of more than plain values", key)
			return
		}
		values = append(values, item.Value)
	}
	f.add(key, FormatList(values), n)
}

func (f *flattener) mapOption(key string, n *yaml.Node) {
	m := make(map[string]string, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode || value.Kind != yaml.ScalarNode {
			f.fail(value, "'%s' is a map of more than plain values", key)
			return
		}
		if _, twice := m[name.Value]; twice {
			f.fail(name, "'%s' has the key '%s' twice", key, name.Value)
			return
		}
		m[name.Value] = value.Value
	}
	f.add(key, FormatMap(m), n)
}
