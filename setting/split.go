package setting

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// ParseList reads values separated by ';'. Blanks around a value are dropped, as are empty values. A value
// in single or double quotes may hold anything; the quote itself is written twice. Empty text is an empty list.
func ParseList(text string) ([]string, error) { return splitQuoted(text, ';') }

// FormatList writes values so that [ParseList] reads them back; an empty value is quoted.
func FormatList(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quoteFor(v, ";")
	}
	return strings.Join(quoted, ";")
}

// ParseMap reads key:value pairs separated by ','. A pair, a key or a value may be quoted as in [ParseList];
// a pair whose parts are quoted and hold ',' must be quoted as a whole. Keys must differ.
func ParseMap(text string) (map[string]string, error) {
	pairs, err := splitQuoted(text, ',')
	if err != nil {
		return nil, err
	}
	m := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		parts, err := splitQuoted(pair, ':')
		if err != nil {
			return nil, err
		}
		if len(parts) != 2 {
			return nil, errors.New("not a map: valid are key:value pairs separated by ',', such as 'a:1,b:2'; quote a key or value that holds ':' or ','")
		}
		if _, twice := m[parts[0]]; twice {
			return nil, errors.New("not a map: the key '" + parts[0] + "' is given twice")
		}
		m[parts[0]] = parts[1]
	}
	return m, nil
}

// FormatMap writes pairs in key order so that [ParseMap] reads them back.
func FormatMap(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, quoteFor(quoteFor(k, ":")+":"+quoteFor(m[k], ":"), ","))
	}
	return strings.Join(pairs, ",")
}

// splitQuoted splits text at the delimiter outside quotes. A quote counts only at a value's begin.
func splitQuoted(text string, delimiter byte) ([]string, error) {
	var values []string
	rest := strings.TrimSpace(text)
	for rest != "" {
		if rest[0] != '\'' && rest[0] != '"' {
			value, after, _ := strings.Cut(rest, string(delimiter))
			if value = strings.TrimSpace(value); value != "" {
				values = append(values, value)
			}
			rest = strings.TrimSpace(after)
			continue
		}
		value, after, ok := cutQuoted(rest)
		if !ok {
			return nil, errors.New("a quoted value does not end: write a quote inside quotes twice")
		}
		values = append(values, value)
		rest = strings.TrimSpace(after)
		if rest == "" {
			break
		}
		if rest[0] != delimiter {
			return nil, errors.New("text follows a quoted value: separate values by '" + string(delimiter) + "'")
		}
		rest = strings.TrimSpace(rest[1:])
	}
	return values, nil
}

// cutQuoted reads a quoted value at the begin of text, undoubling quotes.
func cutQuoted(text string) (value, after string, ok bool) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != quote {
			b.WriteByte(text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return b.String(), text[i+1:], true
		}
		b.WriteByte(quote)
		i++
	}
	return "", "", false
}

func quoteFor(value, delimiters string) string {
	if value != "" && !strings.ContainsAny(value, delimiters+`'"`) && strings.TrimSpace(value) == value {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}
