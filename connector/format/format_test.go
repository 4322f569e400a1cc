package format

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExcerpt(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", 80), strings.Repeat("x", 81), strings.Repeat("ü", 80), "x" + strings.Repeat("€", 80), "xx" + strings.Repeat("😀", 80)} {
		got := Excerpt([]byte(text))
		if len(text) <= 80 {
			if got != text {
				t.Errorf("%q became %q", text, got)
			}
			continue
		}
		cut, marked := strings.CutSuffix(got, "…")
		if !marked || !strings.HasPrefix(text, cut) || len(cut) > 80 || len(cut) < 76 || !utf8.ValidString(cut) {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRecordError(t *testing.T) {
	for _, test := range []struct {
		e    RecordError
		want string
	}{
		{RecordError{Reason: "bad"}, "bad"},
		{RecordError{Reason: "bad", Column: "a"}, "bad in column 'a'"},
		{RecordError{Reason: "bad", Text: "x\n"}, `bad: "x\n"`},
		{RecordError{Reason: "bad", Column: "a", Text: "x"}, `bad in column 'a': "x"`},
	} {
		if got := test.e.Error(); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}

func TestRegister(t *testing.T) {
	spec := &Spec{Name: "testing", Doc: "A format of this test."}
	Register(spec)
	defer delete(specs, spec.Name)
	if got, ok := Lookup("testing"); !ok || got != spec || len(Names()) != 1 || Names()[0] != "testing" {
		t.Errorf("%v, %v, %v", got, ok, Names())
	}
	for _, wrong := range []*Spec{spec, {Doc: "no name"}, {Name: "undocumented"}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was registered", wrong.Name)
				}
			}()
			Register(wrong)
		}()
	}
}
