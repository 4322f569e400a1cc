package expr

import "testing"

// An escape character is one character, and stands before %, _ or itself.
func TestLikeEscape(t *testing.T) {
	for _, c := range []struct {
		pattern, escape, text string
		want, refused         bool
	}{
		{pattern: "a!%", escape: "!", text: "a%", want: true},
		{pattern: "a!%", escape: "!", text: "ab"},
		{pattern: "aé_", escape: "é", text: "a_", want: true},
		{pattern: "a!!", escape: "!", text: "a!", want: true},
		{pattern: "a!b", escape: "!", refused: true},
		{pattern: "a!", escape: "!", refused: true},
		{pattern: "a!", escape: "!!", refused: true},
		{pattern: "a", escape: "éé", refused: true},
	} {
		p, err := newLikePattern([]byte(c.pattern), []byte(c.escape))
		if (err != nil) != c.refused {
			t.Errorf("LIKE '%s' ESCAPE '%s': %v", c.pattern, c.escape, err)
		} else if err == nil && p.match([]byte(c.text)) != c.want {
			t.Errorf("'%s' LIKE '%s' ESCAPE '%s': got %t", c.text, c.pattern, c.escape, !c.want)
		}
	}
}
