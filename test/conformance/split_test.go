package conformance

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// script is a statement's text as it is sent, and the directives in front of it: "--@ word rest".
type script struct {
	text       string
	directives []string
}

var (
	setStart = regexp.MustCompile(`(?i)^(EXECUTE|EXPLAIN|COMPILE)\s([^;]*\s)?STATEMENT\s+SET\b`)
	setEnd   = regexp.MustCompile(`(?i)\bEND$`)
)

// split cuts a text of the corpus at its semicolons. Comments stay in a statement. It is this and not the language's own splitter, since
// the corpus sends texts that are no SQL.
func split(text string) []script {
	var list []script
	var sent, bare strings.Builder // with comments, and without
	var directives []string
	flush := func() {
		if strings.TrimSpace(bare.String()) != "" {
			list = append(list, script{strings.TrimSpace(sent.String()), slices.Clone(directives)})
			directives = directives[:0]
		}
		sent.Reset()
		bare.Reset()
	}
	for i := 0; i < len(text); {
		rest := text[i:]
		end := i + 1
		comment := false
		switch c := text[i]; {
		case strings.HasPrefix(rest, "--"):
			end, comment = i+until(rest, "\n", 0), true
			if directive, ok := strings.CutPrefix(text[i:end], "--@"); ok {
				directives = append(directives, strings.TrimSpace(directive))
				i = end
				continue
			}
		case strings.HasPrefix(rest, "/*"):
			end, comment = i+until(rest, "*/", 2), !strings.HasPrefix(rest, "/*+")
		case strings.IndexByte("'`\"", c) >= 0:
			end = i + 1
			for end < len(text) {
				if text[end] != c {
					end++
				} else if end+1 < len(text) && text[end+1] == c {
					end += 2
				} else {
					break
				}
			}
			end = min(end+1, len(text))
		case c == ';':
			if s := strings.TrimSpace(bare.String()); !setStart.MatchString(s) || setEnd.MatchString(s) {
				flush()
				i = end
				continue
			}
		}
		sent.WriteString(text[i:end])
		if !comment {
			bare.WriteString(text[i:end])
		}
		i = end
	}
	flush()
	return list
}

// until returns how far text goes up to a mark, and plus bytes behind its begin.
func until(text, mark string, plus int) int {
	if n := strings.Index(text[min(plus, len(text)):], mark); n >= 0 {
		return min(plus, len(text)) + n + plus
	}
	return len(text)
}

func TestSplit(t *testing.T) {
	got := split("-- c;\nSELECT ';' /* ; */;\n--@ keep a.*\nSET 'a' = 'b''';\nEXECUTE STATEMENT SET BEGIN a; b; END; -- end\n;")
	want := []script{
		{"-- c;\nSELECT ';' /* ; */", nil}, {"SET 'a' = 'b'''", []string{"keep a.*"}}, {"EXECUTE STATEMENT SET BEGIN a; b; END", nil},
	}
	if !slices.EqualFunc(got, want, func(a, b script) bool { return a.text == b.text && slices.Equal(a.directives, b.directives) }) {
		t.Errorf("%q", got)
	}
}
